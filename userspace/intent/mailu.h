/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mail ports Mailu's front container opens for a given mailu.env. Pure.
 *
 * As core/nginx/config.py and the templates decide it (see the table in the .c), not as the manual says:
 *  - TLS_FLAVOR is mandatory: cert, letsencrypt, notls; mail and mail-letsencrypt are still taken;
 *  - 25 and 4190 listen always, 443, 465, 993 and 995 whenever TLS is on, whatever PORTS says;
 *  - 587, 143 and 110 listen when PORTS has them, and then in every flavour: in notls without TLS;
 *  - PORTS replaces the default, is split at commas and not trimmed; empty is not unset;
 *  - TLS (undocumented) restricts 443, 465, 993 and 995 to those it has;
 *  - SUBNET6 makes it listen on :: too.
 * Port 80 is no mail port, and the internal ports are not mailu.env's to say: both are left out. Whether
 * the certificate files are there is not known here. */
#ifndef MAILU_H
#define MAILU_H

#include <stdbool.h>

#include "complaints.h"
#include "service.h"

#define MAILU_PATH	   "/mailu/mailu.env"
#define MAILU_PORTS_SIZE   256
#define MAILU_DEFAULT_PORTS "25,80,443,465,993,995,4190"

struct mailu {
	struct service_set services; /* expected, sources SOURCE_MAILU */
	bool tls_on;
	bool serves_submission;
	bool serves_imap;
	bool serves_pop3;
	char ports[MAILU_PORTS_SIZE]; /* PORTS as it counts: the one said, or the default */
};

/* Reads the @text of a mailu.env; @path is for the complaints. Returns 0, -EINVAL with errors in
 * @complaints (Mailu itself would not start), or -ENOMEM; *@ret is untouched on failure. The caller
 * releases it with mailu_clear(). */
int mailu_parse(const char *text, const char *path, struct mailu *ret, struct complaints *complaints);
void mailu_clear(struct mailu *mailu);

#endif
