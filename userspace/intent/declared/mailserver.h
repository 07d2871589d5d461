/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ports docker-mailserver's container opens for a given mailserver.env. Pure.
 *
 * As its start scripts decide it:
 *  - Postfix opens 25, 465 and 587, always;
 *  - Dovecot opens 143 and 993 unless ENABLE_IMAP=0, 110 and 995 with ENABLE_POP3=1, 4190 with
 *    ENABLE_MANAGESIEVE=1, and nothing at all with SMTP_ONLY=1; only 1 means on, and an empty value
 * is the default;
 *  - SSL_TYPE empty or unset: 465 and 587 listen all the same, in plain text, and 993 and 995 do
 * not;
 *  - POSTFIX_INET_PROTOCOLS and DOVECOT_INET_PROTOCOLS choose the address families of each.
 * Files below config/ can change all of it, and are not read. Whether the certificate files are
 * there is not known here. */
#ifndef MAILSERVER_H
#define MAILSERVER_H

#include <stdbool.h>

#include "base/complaints.h"
#include "intent/declared/envfile.h"
#include "model/service.h"

struct mailserver {
	struct service_set services; /* expected, sources SOURCE_DOCKER_MAILSERVER */
	bool tls_on;
	bool serves_imap;
	bool serves_pop3;
};

/* What comes of a mailserver.env, or of the environment of a container; @path is for the
 * complaints. Returns 0, -EINVAL with errors in @complaints (the container would not start), or
 * -ENOMEM; *@ret is untouched on failure. The caller releases it with mailserver_clear(). */
int mailserver_decide(const struct envfile *file, const char *path, struct mailserver *ret,
		      struct complaints *complaints);

/* The same out of a file's @text of @size bytes. */
int mailserver_parse(const char *text, size_t size, const char *path, struct mailserver *ret,
		     struct complaints *complaints);
void mailserver_clear(struct mailserver *mailserver);

#endif
