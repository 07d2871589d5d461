// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/comparison.h"

#include <string.h>

#include "base/text.h"
#include "intent/rendered/servers.h"
#include "judge/match.h"

/* Who opened what serves it: the opener, or the oldest of those that hold it. 0: not known, or not
 * one. */
static uint32_t find_owner(const struct service *service, const struct service_place *place,
			   const struct inventory *inventory)
{
	uint32_t owner = 0;

	for (size_t i = 0; i < inventory->n; i++) {
		const struct listener *listener = inventory->list[i];
		const struct holder *oldest = NULL;
		uint32_t own = listener->opener;

		if (listener->port != service_port_inside(service) ||
		    listener->netns != place->netns)
			continue;
		for (size_t k = 0; k < listener->n_holders; k++)
			if (!oldest || listener->holders[k].started_ns < oldest->started_ns)
				oldest = &listener->holders[k];
		if (!own && oldest)
			own = oldest->kernel_pid;
		if (!own || (owner && own != owner))
			return 0;
		owner = own;
	}
	return owner;
}

bool comparison_make(const struct service *service, const struct place_table *places,
		     const struct inventory *inventory, const struct judge_view *known, bool opened,
		     struct fact *fact)
{
	const struct service_place *place = place_of(places, service);
	enum coverage coverage;
	bool held;

	if (!service->expected || (!place->netns && place->unknown))
		return false;
	coverage = match_service(service, place->netns, inventory->list, inventory->n,
				 fact->coverage.detail);
	held = match_is_held(service, place->netns, inventory->list, inventory->n);
	if (known->looked && known->coverage == coverage && known->held == held &&
	    known->place == PLACE_THERE && !opened)
		return false;
	if (coverage == COVERAGE_NONE && place->netns != places->host_netns)
		match_outside(service, places->host_netns, inventory->list, inventory->n,
			      fact->coverage.detail);
	if (coverage == COVERAGE_FULL)
		fact->coverage.owner = find_owner(service, place, inventory);
	fact->coverage.coverage = coverage;
	fact->coverage.held = held;
	return true;
}

/* Only a service that the system's own manager runs, and not the one that runs all the containers
 * of a user: what is learned here is what a repair would restart. */
static bool can_be_repaired(const struct listener *listener)
{
	const char *dot = strrchr(listener->unit, '.');

	return listener->manager == MANAGER_SYSTEM && dot && strcmp(dot, ".service") == 0 &&
	       !text_starts_with(listener->unit, "user@");
}

/* Who holds a port is not who should: only the server whose configuration opens it is learned from,
 * by its usual unit or by what its processes are called. Where no server is known, anybody is. */
static bool is_of_server(const struct service *service, const struct listener *listener)
{
	const struct server_kind *server = servers_find_unit(service->server.unit);

	if (!server || strcmp(listener->unit, service->server.unit) == 0)
		return true;
	for (size_t i = 0; i < listener->n_holders; i++)
		for (const char *const *name = server->processes; *name; name++)
			if (text_starts_with(listener->holders[i].command, *name))
				return true;
	return false;
}

const char *comparison_learn_unit(const struct service *service, const struct place_table *places,
				  const struct inventory *inventory)
{
	for (size_t i = 0; service->server.unit_is_guess && i < inventory->n; i++) {
		const struct listener *listener = inventory->list[i];

		if (listener->port == service_port_inside(service) &&
		    place_has(places, service, listener->netns) && can_be_repaired(listener) &&
		    is_of_server(service, listener))
			return listener->unit;
	}
	return NULL;
}
