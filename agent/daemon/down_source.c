// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/down_source.h"

#include "intent/merge/broken.h"
#include "intent/rendered/servers.h"
#include "judge/preflight.h"

static bool listens(const struct server_kind *server, const struct inventory *inventory,
		    const struct place_table *places)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (place_is_any(places, inventory->list[i]->netns) &&
		    preflight_is_of(server->unit(), server->processes, inventory->list[i]))
			return true;
	return false;
}

/* What it said before still counts: its ports are expected, and told one by one. */
static bool is_expected(const struct intent *intent, int source)
{
	for (size_t i = 0; i < intent->statements.n; i++)
		if (intent->statements.list[i].source == source)
			return true;
	return false;
}

static bool sees_a_place(const struct place_table *places)
{
	for (size_t i = 0; i < places->n; i++)
		if (places->list[i].netns)
			return true;
	return false;
}

/* Where a product is declared, its containers have a mail port, or none is up. */
static bool has_mail_port(const struct inventory *inventory, const struct place_table *places)
{
	for (size_t i = 0; i < inventory->n; i++) {
		const struct well_known *known = well_known_port(inventory->list[i]->port);

		if (known && known->protocol != PROTOCOL_HTTPS &&
		    place_is_any(places, inventory->list[i]->netns))
			return true;
	}
	return false;
}

bool down_source_is(const struct intent *intent, size_t source, const struct inventory *inventory,
		    const struct place_table *places)
{
	const struct server_kind *server = servers_find(intent->sources[source].kind);

	if (!inventory || !sees_a_place(places) || !broken_is(&intent->sources[source]) ||
	    is_expected(intent, (int)source))
		return false;
	if (!server)
		return !has_mail_port(inventory, places);
	return !server->forwards && !listens(server, inventory, places);
}
