/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mail servers whose configuration can be read, and whether this host means to run them: a
 * table. */
#ifndef SERVERS_H
#define SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "intent/config/config.h"
#include "model/service.h"
#include "model/source.h"

#define SERVER_PROGRAMS_MAX 5
#define SERVER_SIGNS_MAX    12

struct server_kind {
	enum source_kind kind;
	const char *name; /* of the program, for people: "doveconf" */
	const char
		*programs[SERVER_PROGRAMS_MAX + 1]; /* what prints it; none: its files are read */
	const char *configs[4];			    /* where its configuration is by default */
	const char *signs[SERVER_SIGNS_MAX + 1]; /* glob patterns: it is started at boot, or runs */
};

extern const struct server_kind servers[];
extern const size_t n_servers;

/* The first of its programs that is there, an absolute path; NULL when there is none. */
const char *server_program(const struct server_kind *server);

/* Its default configuration; the first of them when there is none. */
const char *server_config(const struct server_kind *server);

/* It is installed and configured, and is started at boot or runs. A package that is only installed
 * serves nobody, and must not alarm anybody. */
bool server_is_meant(const struct server_kind *server);

/* The same, and @why: the file that tells, or what is missing. */
bool server_explain(const struct server_kind *server, char why[static SOURCE_WHY_SIZE]);

/* The systemd unit that it most likely is: "dovecot.service". */
const char *server_unit(const struct server_kind *server);

/* Whether @unit is the server's, by its name: "postfix.service" and "postfix@-.service" both are
 * Postfix's, "dovecot.socket" is Dovecot's. */
bool server_owns_unit(const struct server_kind *server, const char *unit);

#endif
