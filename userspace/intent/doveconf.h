/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Dovecot 2.3 is configured to open, out of what "doveconf -a" prints. Pure.
 *
 * -a, because a listener whose block is left out is opened all the same (imap 143, imaps 993, ...), and
 * only -a prints those. It also prints what is not opened: a listener counts when its service's protocol
 * is in "protocols", its port is not 0, and it is not an ssl one while ssl = no. */
#ifndef DOVECONF_H
#define DOVECONF_H

#include <stdbool.h>

#include "complaints.h"
#include "service.h"

#define DOVECONF_OUTPUT_MAX	(4 * 1024 * 1024)
#define DOVECONF_LISTENERS_MAX 512

struct doveconf {
	struct service_set services; /* expected, RENDERED_YES, sources SOURCE_DOVECOT; mail protocols only */
	bool tls_on;
	bool has_submission; /* among "protocols", with or without a listener */
};

/* Reads @text; @path is for the complaints. Returns 0, -EINVAL with an error in @complaints (this is not
 * doveconf's output, or more of it than we take), or -ENOMEM; *@ret is untouched on failure. The caller
 * releases it with doveconf_clear(). */
int doveconf_parse(const char *text, const char *path, struct doveconf *ret, struct complaints *complaints);
void doveconf_clear(struct doveconf *doveconf);

/* The service block that has listeners for @protocol: "submission-login"; NULL when Dovecot has none. */
const char *doveconf_service_name(enum protocol protocol);

#endif
