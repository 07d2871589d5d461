// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/left_out.h"

#include "base/cleanup.h"
#include "intent/rendered/servers.h"

/* Every product that we know can open these. */
static const uint16_t product_ports[] = { 25, 110, 143, 465, 587, 993, 995, 4190 };

static bool is_product_port(uint16_t port)
{
	for (size_t i = 0; i < ARRAY_SIZE(product_ports); i++)
		if (product_ports[i] == port)
			return true;
	return false;
}

static bool is_of_the_host(const struct service *service)
{
	for (size_t i = 0; i < n_servers; i++)
		if (server_owns_unit(servers[i], service->server.unit))
			return true;
	return false;
}

/* Whatever became of their words: the policy may have taken the port off, and hearken.conf put it
 * back. */
static bool anybody_opens(const struct intent *intent, uint16_t port)
{
	for (size_t i = 0; i < intent->statements.n; i++) {
		const struct statement *statement = &intent->statements.list[i];

		if (statement->port == port && statement->expected &&
		    (source_is_declared(statement->kind) || source_is_rendered(statement->kind)))
			return true;
	}
	return false;
}

bool left_out_is(const struct intent *intent, const struct service *service)
{
	if (!intent->declared || !service->expected || !is_product_port(service->want.port) ||
	    is_of_the_host(service) || anybody_opens(intent, service->want.port))
		return false;
	/* A server that somebody named is asked itself. */
	for (size_t i = 0; i < intent->n_sources; i++)
		if (source_is_rendered(intent->sources[i].kind) && !*intent->sources[i].why)
			return false;
	return true;
}
