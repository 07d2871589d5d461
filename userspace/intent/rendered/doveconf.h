/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Dovecot is configured to open, out of what doveconf prints. Pure.
 *
 * A listener whose block is left out is opened all the same (imap 143, imaps 993, ...; 2.4 also
 * submissions 465). 2.3 prints those with -a. 2.4 prints them only when it is asked by name, and
 * then leaves out what stands in filters (protocol, local_name), which -n has. Both also print what
 * is not opened: a listener counts when its service's protocol is in "protocols", its port is not
 * 0, and it is not an ssl one while ssl = no. -P, because the name of the key's file is hidden
 * otherwise. */
#ifndef DOVECONF_H
#define DOVECONF_H

#include <stddef.h>

#include "intent/rendered/dovecot_demands.h"
#include "intent/rendered/rendering.h"

struct doveconf_text {	   /* each ends with a NUL */
	const char *main;  /* 2.3: -a -P; 2.4: -P and DOVECONF_NAMES */
	const char *set;   /* 2.4: -n -P, of which the filters count; NULL: there is none */
	const char *hosts; /* /etc/hosts; NULL: only addresses are understood */
};

/* What 2.4 is asked for. */
#define DOVECONF_NAMES \
	"listen", "protocols", "hostname", "ssl", "auth_allow_cleartext", "service", "ssl_server"

/* As rendering.h says of readers. @demands (may be NULL): what has to be there. */
int doveconf_parse(const struct doveconf_text *text, const char *path, struct rendering *ret,
		   struct dovecot_demands *demands, struct complaints *complaints);

/* Whether @text, which doveconf printed, is of 2.4 or later. */
bool doveconf_is_24(const char *text);

#endif
