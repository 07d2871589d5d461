/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Postfix demands of its settings, and says only when it starts, or when the first client
 * comes: postconf prints all that is written, and "postfix check" makes folders and never looks at
 * a value. Pure. */
#ifndef POSTFIX_DEMANDS_H
#define POSTFIX_DEMANDS_H

#include "intent/rendered/postconf_text.h"

/* Complains of each setting of main.cf, and each -o of a service of mail, that is not what its
 * default is (a number, a time, yes or no), is empty and must not be, is none of its words, or
 * with which anybody could relay. @parsing has the services; @text is untouched. Returns 0 or
 * -ENOMEM. */
int postfix_demands_check(const struct postconf *parsing, const struct postconf_text *text);

#endif
