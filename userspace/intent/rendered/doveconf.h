/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Dovecot 2.3 or 2.4 is configured to open, out of what "doveconf -a -P" prints. Pure.
 *
 * -a, because a listener whose block is left out is opened all the same (imap 143, imaps 993,
 * ...; 2.4 also submissions 465), and only -a prints those. It also prints what is not opened: a
 * listener counts when its service's protocol is in "protocols", its port is not 0, and it is not
 * an ssl one while ssl = no. -P, because 2.3 hides the name of the key's file otherwise. */
#ifndef DOVECONF_H
#define DOVECONF_H

#include <stddef.h>

#include "intent/rendered/rendering.h"

int doveconf_parse(const char *text, size_t size, const char *path, struct rendering *ret,
		   struct complaints *complaints); /* see rendering.h */

/* The service block that has listeners for @protocol: "submission-login"; NULL when Dovecot has
 * none. */
const char *doveconf_service_name(enum protocol protocol);

#endif
