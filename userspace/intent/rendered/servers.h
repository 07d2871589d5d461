/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mail servers whose configuration can be read, and whether this host means to run them. */
#ifndef SERVERS_H
#define SERVERS_H

#include "intent/rendered/server.h"

extern const struct server_kind *const servers[]; /* the strongest first, as enum source_kind */
extern const size_t n_servers;

/* NULL: @kind is no server. */
const struct server_kind *servers_find(enum source_kind kind);

/* Whether @unit is the server's, by its name: "postfix.service" and "postfix@-.service" both are
 * Postfix's, "dovecot.socket" is Dovecot's. */
bool server_owns_unit(const struct server_kind *server, const char *unit);

/* The one that @unit is of; NULL: none. */
const struct server_kind *servers_find_unit(const char *unit);

/* The first of its programs that is there, an absolute path; NULL when there is none. */
const char *server_program(const struct server_kind *server);

/* Its default configuration; the first of them when there is none. */
const char *server_config(const struct server_kind *server);

/* It is installed and configured, and is started at boot or runs. A package that is only installed
 * serves nobody, and must not alarm anybody. */
bool server_is_meant(const struct server_kind *server);

/* The same, and @why: the file that tells, or what is missing. */
bool server_explain(const struct server_kind *server, char why[static SOURCE_WHY_SIZE]);

#endif
