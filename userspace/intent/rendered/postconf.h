/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Postfix is configured to open, out of what postconf prints. Pure.
 *
 * postconf reads the files, not the running master, which takes up a new inet_interfaces or
 * inet_protocols only when it is restarted. */
#ifndef POSTCONF_H
#define POSTCONF_H

#include "intent/rendered/rendering.h"

struct postconf_text {	     /* each ends with a NUL; RENDERING_TEXT_MAX is the most of each */
	const char *master;  /* postconf -M */
	const char *options; /* postconf -P -x: the -o of each service */
	const char *main;    /* postconf -x */
	const char *hosts; /* /etc/hosts as Postfix sees it; NULL: only addresses are understood */
	const char
		*services; /* /etc/services as Postfix sees it; NULL: only numbers are understood */
	const char *
		master_cf; /* the file itself, where -o lines may be orphans; NULL: not to be had */
};

/* As rendering.h says of readers. */
int postconf_parse(const struct postconf_text *text, const char *path, struct rendering *ret,
		   struct complaints *complaints);

#endif
