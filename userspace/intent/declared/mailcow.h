/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ports mailcow publishes on the host for a given mailcow.conf. Pure.
 *
 * Its containers always listen on the standard ports; the file only says where on the host these
 * are reached:
 *  - SMTP_PORT, SMTPS_PORT, SUBMISSION_PORT, IMAP_PORT, IMAPS_PORT, POP_PORT, POPS_PORT and
 * SIEVE_PORT are PORT, IP:PORT or [IPv6]:PORT; unset and empty both mean the standard port, since
 * docker-compose.yml says ":-";
 *  - HTTPS_PORT is a port alone, and HTTPS_BIND its address;
 *  - the file is read by compose, by its rules (envfile.h), and sourced by bash: a line that the
 * two understand differently is a warning. TLS and protocol are those of the port inside. mailcow
 * has TLS on, always. */
#ifndef MAILCOW_H
#define MAILCOW_H

#include "base/complaints.h"
#include "intent/declared/envfile.h"
#include "model/service.h"

struct mailcow {
	struct service_set services; /* expected, sources SOURCE_MAILCOW */
};

/* A value that makes no sense is an error in @complaints, and its port is left out. Returns 0,
 * -EINVAL with an error (this is no mailcow.conf), or -ENOMEM; *@ret is untouched on failure. The
 * caller releases it with mailcow_clear(). */
int mailcow_decide(const struct envfile *file, const char *path, struct mailcow *ret,
		   struct complaints *complaints);

/* The same out of a file's @text of @size bytes. */
int mailcow_parse(const char *text, size_t size, const char *path, struct mailcow *ret,
		  struct complaints *complaints);
/* What says where port @port of the inside is reached: "SUBMISSION_PORT"; NULL for other ports. */
const char *mailcow_variable(uint16_t port);

void mailcow_clear(struct mailcow *mailcow);

#endif
