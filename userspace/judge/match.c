// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/match.h"

#include <string.h>

#include "base/text.h"

static const struct address any_v4 = { .family = AF_INET };
static const struct address any_v6 = { .family = AF_INET6 };

/* "::ffff:192.0.2.1" is how a socket of the other family writes 192.0.2.1, and takes its clients.
 */
static struct address unmapped(const struct address *address)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	struct address v4 = { .family = AF_INET };

	if (address->family != AF_INET6 || memcmp(address->bytes, prefix, sizeof(prefix)) != 0)
		return *address;
	memcpy(v4.bytes, address->bytes + sizeof(prefix), 4);
	return v4;
}

/* How near a listener is to an address, as the kernel weighs it (compute_score()); the nearest gets
 * the clients. */
enum nearness { NOT_AT_ALL, OTHER_FAMILY, WILDCARD, EXACT };

static enum nearness nearness(const struct listener *listener, const struct address *wanted)
{
	struct address bound = unmapped(&listener->address), address = unmapped(wanted);

	if (address_equal(&bound, &address))
		return address_is_wildcard(&bound) ? WILDCARD : EXACT;
	if (!address_is_wildcard(&bound))
		return NOT_AT_ALL;
	if (bound.family == address.family)
		return WILDCARD;
	return bound.family == AF_INET6 && !listener->v6only ? OTHER_FAMILY : NOT_AT_ALL;
}

static bool serves(const struct listener *listener, const struct service *service, uint32_t netns)
{
	return listener->port == service_port_inside(service) && listener->netns == netns;
}

static bool is_foreign(const struct listener *listener, const struct service *service)
{
	if (!*service->server.unit || service->server.unit_is_guess || !*listener->unit)
		return false;
	/* A user's unit of that name is another one. In a container the operator may mean either.
	 */
	return listener->manager == MANAGER_USER ||
	       strcmp(service->server.unit, listener->unit) != 0;
}

/* Whether an own listener of the service gets the connections to @address: one covers it, and no
 * foreign one is nearer. */
static bool is_covered(const struct service *service, uint32_t netns, const struct address *address,
		       struct listener *const *listeners, size_t n)
{
	enum nearness own = NOT_AT_ALL, foreign = NOT_AT_ALL;

	for (size_t i = 0; i < n; i++) {
		enum nearness *best = &own, near;

		if (!serves(listeners[i], service, netns))
			continue;
		if (is_foreign(listeners[i], service))
			best = &foreign;
		near = nearness(listeners[i], address);
		if (near > *best)
			*best = near;
	}
	return own != NOT_AT_ALL && own >= foreign;
}

struct list { /* of addresses, in words */
	char text[FACT_DETAIL_SIZE];
	size_t n;
};

static void note(struct list *list, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	if (address_is_wildcard(address))
		(void)text_copy(text, sizeof(text), address->family == AF_INET ? "v4" : "v6");
	else
		address_show(address, text);
	(void)text_append(list->text, sizeof(list->text), "%s%s", list->n++ ? ", " : "", text);
}

/* "v4 works, v6 is lost"; "127.0.0.1 works, v4, v6 are lost". */
static void note_lost(const struct list *works, const struct list *lost, char *detail)
{
	*detail = '\0';
	if (works->n)
		(void)text_format(detail, FACT_DETAIL_SIZE, "%s work%s, ", works->text,
				  works->n == 1 ? "s" : "");
	(void)text_append(detail, FACT_DETAIL_SIZE, "%s %s lost", lost->text,
			  lost->n == 1 ? "is" : "are");
}

/* Whether the own listener @i is the first one at its address: the others of its SO_REUSEPORT group
 * follow. */
static bool is_first(const struct service *service, uint32_t netns,
		     struct listener *const *listeners, size_t i)
{
	if (!serves(listeners[i], service, netns) || is_foreign(listeners[i], service))
		return false;
	for (size_t j = 0; j < i; j++)
		if (serves(listeners[j], service, netns) && !is_foreign(listeners[j], service) &&
		    address_equal(&listeners[j]->address, &listeners[i]->address))
			return false;
	return true;
}

/* Nothing of what is expected works: then what does. */
static void note_bound(const struct service *service, uint32_t netns,
		       struct listener *const *listeners, size_t n, struct list *works)
{
	for (size_t i = 0; i < n; i++)
		if (is_first(service, netns, listeners, i))
			note(works, &listeners[i]->address);
}

static void note_foreign(const struct listener *foreign, const struct service *service,
			 char *detail)
{
	const struct holder *holder = &foreign->holders[0];
	char pid[PID_TEXT_SIZE];

	pid_show_here(holder->pid, pid);
	if (foreign->n_holders)
		(void)text_format(detail, FACT_DETAIL_SIZE, "held by %s (%s) of %s, not by %s",
				  holder->command, pid, foreign->unit, service->server.unit);
	else
		(void)text_format(detail, FACT_DETAIL_SIZE, "held by %s, not by %s", foreign->unit,
				  service->server.unit);
}

bool match_is_held(const struct service *service, uint32_t netns, struct listener *const *listeners,
		   size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (serves(listeners[i], service, netns) && is_foreign(listeners[i], service))
			return true;
	return false;
}

enum coverage match_service(const struct service *service, uint32_t netns,
			    struct listener *const *listeners, size_t n, char *detail)
{
	struct list works = { 0 }, lost = { 0 };
	const struct listener *foreign = NULL;
	bool own = false;

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
	/* Those of a container are the host's. */
	for (size_t i = 0; i < service->want.n_addresses && !*service->server.container; i++) {
		const struct address *address = &service->want.addresses[i];
		const struct address both[] = { any_v4, any_v6 };

		for (size_t j = 0; j < (address->family ? 1 : 2); j++) {
			const struct address *one = address->family ? address : &both[j];

			note(is_covered(service, netns, one, listeners, n) ? &works : &lost, one);
		}
	}
	if (!lost.n)
		return COVERAGE_FULL;
	if (!works.n)
		note_bound(service, netns, listeners, n, &works);
	note_lost(&works, &lost, detail);
	if (foreign) {
		char held[FACT_DETAIL_SIZE];

		note_foreign(foreign, service, held);
		(void)text_append(detail, FACT_DETAIL_SIZE, "; %s", held);
	}
	return COVERAGE_PARTIAL;
}

void match_outside(const struct service *service, uint32_t host, struct listener *const *listeners,
		   size_t n, char *detail)
{
	*detail = '\0';
	for (size_t i = 0; i < n; i++) {
		char address[ADDRESS_TEXT_SIZE], pid[PID_TEXT_SIZE];
		char who[COMMAND_SIZE + PID_TEXT_SIZE] = "somebody";

		if (listeners[i]->port != service->want.port || listeners[i]->netns != host)
			continue;
		address_show(&listeners[i]->address, address);
		pid_show_here(listeners[i]->holders[0].pid, pid);
		if (listeners[i]->n_holders)
			(void)text_format(who, sizeof(who), "%s (%s)",
					  listeners[i]->holders[0].command, pid);
		(void)text_format(detail, FACT_DETAIL_SIZE,
				  "a connect to the host succeeds all the same, and says nothing "
				  "of this: %s listens at %s there",
				  who, address);
		return;
	}
}
