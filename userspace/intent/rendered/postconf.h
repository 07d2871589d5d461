/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Postfix is configured to open, out of what postconf prints. Pure.
 *
 * postconf reads the files, not the running master, which takes up a new inet_interfaces or
 * inet_protocols only when it is restarted. */
#ifndef POSTCONF_H
#define POSTCONF_H

#include "intent/rendered/postconf_text.h"
#include "intent/rendered/rendering.h"

/* As rendering.h says of readers. */
int postconf_parse(const struct postconf_text *text, const char *path, struct rendering *ret,
		   struct complaints *complaints);

#endif
