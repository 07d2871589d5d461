/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mail ports Mailu's front container opens for a given mailu.env. Pure.
 *
 * As core/nginx/config.py and the templates decide it (see the table in the .c), not as the manual
 * says:
 *  - TLS_FLAVOR is mandatory: cert, letsencrypt, notls; mail and mail-letsencrypt are still taken;
 *  - 25 and 4190 listen always, 443, 465, 993 and 995 whenever TLS is on, whatever PORTS says;
 *  - 587, 143 and 110 listen when PORTS has them, and then in every flavour: in notls without TLS;
 *  - PORTS replaces the default, is split at commas and not trimmed; empty is not unset;
 *  - TLS (undocumented) restricts 443, 465, 993 and 995 to those it has;
 *  - SUBNET6 makes it listen on :: too;
 *  - PROXY_PROTOCOL makes ports want a PROXY header, from the networks in REAL_IP_FROM alone.
 * Older versions open other ports: 2.0 opens 587, 143 and 110 without being asked, and 2024.06.0 to
 * .4 the last two; which one it is stands in docker-compose.yml, not here. Port 80 is no mail port,
 * and the internal ports are not mailu.env's to say: both are left out. Whether the certificate
 * files are there is not known here. */
#ifndef MAILU_H
#define MAILU_H

#include <stdbool.h>

#include "base/complaints.h"
#include "intent/declared/envfile.h"
#include "model/service.h"

#define MAILU_PORTS_SIZE    256
#define MAILU_DEFAULT_PORTS "25,80,443,465,993,995,4190"

enum mailu_version {
	MAILU_CURRENT,	     /* 2024.06.5 and later; also when nothing is known */
	MAILU_2024_06_EARLY, /* 2024.06.0 to 2024.06.4 */
	MAILU_2_0,	     /* and before */
	MAILU_VERSION_COUNT,
};

/* "2024.06.3", as an image is tagged; what says nothing ("latest", "2024.06", "master") is the
 * current one. */
enum mailu_version mailu_version_parse(const char *tag);

struct mailu {
	struct service_set services; /* expected, sources SOURCE_MAILU */
	bool tls_on;
	bool serves_submission;
	bool serves_imap;
	bool serves_pop3;
	char ports[MAILU_PORTS_SIZE]; /* PORTS as it counts: the one said, or the default */
};

/* What comes of a mailu.env, or of the environment of a container; @path is for the complaints.
 * Returns 0, -EINVAL with errors in @complaints (Mailu itself would not start), or -ENOMEM; *@ret
 * is untouched on failure. The caller releases it with mailu_clear(). */
int mailu_decide(const struct envfile *file, const char *path, enum mailu_version version,
		 struct mailu *ret, struct complaints *complaints);

/* The same out of a file's @text of @size bytes, for the current version. */
int mailu_parse(const char *text, size_t size, const char *path, struct mailu *ret,
		struct complaints *complaints);
void mailu_clear(struct mailu *mailu);

#endif
