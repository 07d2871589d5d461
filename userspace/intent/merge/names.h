/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients call this host: what somebody said, the strongest word alone; or else a guess, told
 * as such. names_find() and host_words_parse() are pure.
 *
 * From the strongest on: server-name in hearken.conf; the product's env file; Postfix's myhostname
 * and Dovecot's hostname; the canonical name of the host in /etc/hosts. A weaker word may be
 * another name of the same host that no client uses, so it adds nothing. Two names are nobody's
 * word: a bare label ("mail"), which no certificate is for, and one below a domain that the DNS
 * does not have ("mail.localdomain"), which a program or an installer made up. /etc/mailname is not
 * asked: it is a mail domain, the right side of an address. */
#ifndef NAMES_H
#define NAMES_H

#include "intent/config/config.h"
#include "intent/rendered/rendered_set.h"
#include "model/server_names.h"

/* What the host itself has of its name. */
struct host_words {
	char kernel[HOST_NAME_SIZE];	/* as gethostname() gives it */
	char canonical[HOST_NAME_SIZE]; /* that of /etc/hosts for it; empty: it has none */
	char alias[HOST_NAME_SIZE];	/* the first one with a domain beside it; or empty */
};

struct names_said {
	const struct config *config;
	const struct server_names *declared; /* by products, the strongest first */
	const struct rendered_set *rendered;
};

/* Fills in @host for host.kernel, from the text of /etc/hosts. */
void host_words_parse(const char *hosts, struct host_words *host);

/* Of the machine that we run on. What cannot be read is empty. */
void host_words_read(struct host_words *ret);

/* The first of @ret is the one to greet with; behind it server-names, and what the servers have
 * certificates of their own for (SNI). */
void names_find(const struct names_said *said, const struct host_words *host,
		struct server_names *ret);

#endif
