// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/intent_render.h"

#include <errno.h>
#include <string.h>

#include "intent/merge/left_out.h"
#include "intent/merge/remedy.h"
#include "intent/rendered/servers.h"

/* The server that would be the one to open it: first by what is turned on, then by what it can. One
 * who delivers mail takes it in, too: Dovecot's submission is for those who turned it on, or have
 * no other. */
static const struct server_kind *find_server(const struct intent *intent, enum protocol protocol)
{
	for (size_t i = 0; i < n_servers; i++) {
		const struct server_traits *traits = &intent->servers[servers[i]->kind];

		if (traits->is_read && !servers[i]->forwards &&
		    server_would(servers[i], traits, protocol))
			return servers[i];
	}
	for (size_t i = 0; i < n_servers; i++)
		if (intent->servers[servers[i]->kind].is_read && server_can(servers[i], protocol))
			return servers[i];
	return NULL;
}

/* The policy speaks for the source that has TLS on; of two, the declared one is to be changed. */
static bool declared_is_asked(const struct intent *intent, const struct service *service)
{
	uint32_t sources = service->provenance.sources;

	return sources & intent->declared || left_out_is(intent, service) ||
	       (sources & 1u << SOURCE_POLICY && !(sources & 1u << SOURCE_DOVECOT));
}

/* The server opens it, and speaks TLS in another way than its clients. */
static bool is_other_mode(const struct intent *intent, const struct service *service)
{
	for (size_t i = 0; i < intent->statements.n; i++) {
		const struct statement *statement = &intent->statements.list[i];

		if (statement->port == service->want.port && source_is_rendered(statement->kind))
			return (statement->tls == TLS_IMPLICIT) !=
			       (service->want.tls == TLS_IMPLICIT);
	}
	return false;
}

int intent_render_line(const struct intent *intent, const struct service *service, char *to,
		       size_t size)
{
	const struct server_kind *server;

	if (declared_is_asked(intent, service)) {
		int r = remedy_declared(&intent->facts, service, to, size);

		if (r != -ENOENT)
			return r;
	}
	server = find_server(intent, service->want.protocol);
	if (server) {
		struct server_traits traits = intent->servers[server->kind];

		traits.is_other_mode = is_other_mode(intent, service);
		return server->remedy(&traits, service, to, size);
	}
	to[0] = '\0';
	return -ENOENT;
}
