// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/totals.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define TOTALS_MAX SERVICES_MAX

/* Arrivals are counted by namespace, port and family, and that count outlives its listeners: what
 * it was is remembered until the namespace is another one. */
struct arrived {
	uint32_t netns;
	uint64_t last;
};

struct accepted { /* a cookie is never used again, so one that is gone can be forgotten */
	uint64_t cookie;
	uint64_t last;
};

enum { IPV4, IPV6, FAMILIES };

struct total {
	char name[SERVICE_NAME_SIZE];
	uint16_t port; /* 0: free */
	uint64_t arrivals, accepts, downtime_usec;
	struct arrived arrived[FAMILIES];
	struct accepted accepted[VIEW_LISTENERS_MAX];
	size_t n_accepted;
};

struct totals {
	struct total list[TOTALS_MAX];
	size_t n,
		next; /* @next: where the one after the last that was asked for stands, as a rule */
};

int totals_new(struct totals **ret)
{
	struct totals *totals = calloc(1, sizeof(*totals));

	if (!totals)
		return -ENOMEM;
	*ret = totals;
	return 0;
}

void totals_free(struct totals *totals)
{
	free(totals);
}

static bool is_of(const struct total *total, const struct service *service)
{
	return total->port == service->want.port && strcmp(total->name, service->name) == 0;
}

/* The one of @service, made where there is none. A full table begins anew: a counter that starts at
 * 0 again is one that Prometheus understands. */
static struct total *find(struct totals *totals, const struct service *service)
{
	for (size_t i = 0; i < totals->n; i++) {
		size_t k = (totals->next + i) % totals->n;

		if (!is_of(&totals->list[k], service))
			continue;
		totals->next = k + 1;
		return &totals->list[k];
	}
	if (totals->n == TOTALS_MAX)
		totals->n = 0;
	totals->list[totals->n] = (struct total){ .port = service->want.port };
	(void)text_copy(totals->list[totals->n].name, SERVICE_NAME_SIZE, service->name);
	totals->next = totals->n + 1;
	return &totals->list[totals->n++];
}

/* A count that is less than it was has begun anew. */
static uint64_t growth(uint64_t now, uint64_t last)
{
	return now < last ? now : now - last;
}

static void take_arrivals(struct total *total, const struct service_view *service)
{
	bool done[FAMILIES] = { 0 };

	for (size_t i = 0; i < service->n_listeners; i++) {
		const struct listener *listener = service->listeners[i];
		int family = listener->address.family == AF_INET6 ? IPV6 : IPV4;
		struct arrived *arrived = &total->arrived[family];

		if (done[family]) /* sockets that share port and family have one count */
			continue;
		done[family] = true;
		if (arrived->netns != listener->netns)
			*arrived = (struct arrived){ .netns = listener->netns };
		total->arrivals += growth(listener->arrived, arrived->last);
		arrived->last = listener->arrived;
	}
}

static uint64_t last_accepted(const struct total *total, uint64_t cookie)
{
	for (size_t i = 0; i < total->n_accepted; i++)
		if (total->accepted[i].cookie == cookie)
			return total->accepted[i].last;
	return 0;
}

static void take_accepts(struct total *total, const struct service_view *service)
{
	struct accepted now[VIEW_LISTENERS_MAX];

	for (size_t i = 0; i < service->n_listeners; i++) {
		const struct listener *listener = service->listeners[i];

		total->accepts +=
			growth(listener->accepted, last_accepted(total, listener->cookie));
		now[i] =
			(struct accepted){ .cookie = listener->cookie, .last = listener->accepted };
	}
	memcpy(total->accepted, now, service->n_listeners * sizeof(*now));
	total->n_accepted = service->n_listeners;
}

void totals_take(struct totals *totals, struct service_view *service)
{
	struct total *total = find(totals, service->service);

	take_arrivals(total, service);
	take_accepts(total, service);
	service->arrivals = total->arrivals;
	service->accepts = total->accepts;
	/* What was told at a moment after the kernel's own of a listener's return was too much. */
	if (service->downtime_usec < total->downtime_usec)
		service->downtime_usec = total->downtime_usec;
	total->downtime_usec = service->downtime_usec;
}
