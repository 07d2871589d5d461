// SPDX-License-Identifier: LGPL-2.1-or-later
#include "match.h"

#include <string.h>

#include "text.h"

static const struct address any_v4 = { .family = AF_INET };
static const struct address any_v6 = { .family = AF_INET6 };

bool match_covers(const struct listener *listener, const struct address *address)
{
	if (address->family == 0)
		return match_covers(listener, &any_v4) && match_covers(listener, &any_v6);
	if (!address_is_wildcard(&listener->address))
		return address_equal(&listener->address, address);
	if (listener->address.family == address->family)
		return true;
	return listener->address.family == AF_INET6 && !listener->v6only;
}

static bool serves(const struct listener *listener, const struct service *service, uint32_t netns)
{
	return listener->port == service->port && listener->netns == netns;
}

static bool is_foreign(const struct listener *listener, const struct service *service)
{
	return *service->unit && !service->unit_is_guess && *listener->unit &&
	       strcmp(service->unit, listener->unit) != 0;
}

/* Whether some own listener of the service takes connections to @address. */
static bool is_covered(const struct service *service, uint32_t netns, const struct address *address,
		       struct listener *const *listeners, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (serves(listeners[i], service, netns) && !is_foreign(listeners[i], service) &&
		    match_covers(listeners[i], address))
			return true;
	return false;
}

static void note_lost(const struct address *address, char *detail)
{
	char text[ADDRESS_TEXT_SIZE];

	address_show(address, text);
	(void)text_append(detail, FACT_DETAIL_SIZE, "%s%s", *detail ? ", " : "lost: ", text);
}

static void note_foreign(const struct listener *foreign, const struct service *service, char *detail)
{
	const struct holder *holder = &foreign->holders[0];

	if (foreign->n_holders)
		(void)text_format(detail, FACT_DETAIL_SIZE, "held by %s (pid %d) of %s, not by %s",
				  holder->command, holder->pid, foreign->unit, service->unit);
	else
		(void)text_format(detail, FACT_DETAIL_SIZE, "held by %s, not by %s", foreign->unit,
				  service->unit);
}

enum coverage match_service(const struct service *service, uint32_t netns,
			    struct listener *const *listeners, size_t n, char *detail)
{
	const struct listener *foreign = NULL;
	bool own = false, lost = false;

	*detail = '\0';
	for (size_t i = 0; i < n; i++) {
		if (!serves(listeners[i], service, netns))
			continue;
		if (is_foreign(listeners[i], service))
			foreign = listeners[i];
		else
			own = true;
	}
	if (!own && !foreign)
		return COVERAGE_NONE;
	if (!own) {
		note_foreign(foreign, service, detail);
		return COVERAGE_FOREIGN;
	}
	for (size_t i = 0; i < service->n_addresses; i++) {
		const struct address *address = &service->addresses[i];
		const struct address both[] = { any_v4, any_v6 };

		for (size_t j = 0; j < (address->family ? 1 : 2); j++) {
			const struct address *one = address->family ? address : &both[j];

			if (is_covered(service, netns, one, listeners, n))
				continue;
			note_lost(one, detail);
			lost = true;
		}
	}
	return lost ? COVERAGE_PARTIAL : COVERAGE_FULL;
}
