// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/queues.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "observe/kernel/accept_watch.h"
#include "observe/polling/sockdiag.h"

#define LOOK_AGAIN_USEC (1 * USEC_PER_SEC)

struct queues {
	struct core *core;
	const struct place_table *places;
	struct degraded *degraded;
	struct observer *observer;
	struct accept_watch *accepts; /* NULL: not counted; said so where they should be */
};

static bool is_needed(const struct queues *queues)
{
	const struct service_set *services = core_services(queues->core);

	if (!queues->observer || observer_is_polling(queues->observer))
		return false; /* where we poll, BPF is refused */
	for (size_t i = 0; i < services->n; i++)
		if (services->list[i].expected)
			return true;
	return false;
}

static void open_accepts(struct queues *queues)
{
	int r = accept_watch_new(NULL, &queues->accepts);
	char why[DEGRADED_SIZE];

	if (r >= 0) { /* it may have been refused before the sources were read again */
		degraded_end(queues->degraded, DEGRADED_ACCEPTS, "accepts are counted again");
		return;
	}
	(void)text_format(
		why, sizeof(why),
		"accepts are not counted (neither fexit nor system call tracepoints: %s), so that "
		"nobody accepts is told from arrivals and queues alone",
		strerror(-r));
	degraded_begin(queues->degraded, DEGRADED_ACCEPTS, why);
}

void queues_watch(struct queues *queues, const uint16_t *ports, size_t n)
{
	if (!is_needed(queues)) { /* the hook has its price */
		accept_watch_free(queues->accepts);
		queues->accepts = NULL;
		return;
	}
	if (!queues->accepts)
		open_accepts(queues);
	if (queues->accepts)
		accept_watch_ports(queues->accepts, ports, n);
}

void queues_look_soon(struct queues *queues)
{
	if (is_needed(queues) && timers_when(core_timers(queues->core), TIMER_QUEUES) == USEC_NEVER)
		timers_set(core_timers(queues->core), TIMER_QUEUES, core_now(queues->core).usec);
}

static bool is_alone(const struct inventory *inventory, const struct listener *listener)
{
	for (size_t i = 0; i < inventory->n; i++) {
		const struct listener *other = inventory->list[i];

		if (other != listener && other->netns == listener->netns &&
		    other->port == listener->port &&
		    other->address.family == listener->address.family)
			return false;
	}
	return true;
}

static struct queue queue_of(const struct queues *queues, const struct listener *listener)
{
	bool is_fexit = strcmp(accept_watch_rung(queues->accepts), "fexit") == 0;
	bool alone = is_alone(observer_inventory(queues->observer), listener);

	/* Arrivals are those of all sockets with this port and family. The other hook may be blind
	 * for the way in which a server accepts: without another witness, it must have seen it
	 * once. */
	return (struct queue){
		.cookie = listener->cookie,
		.arrived = listener->arrived,
		.accepted = listener->accepted,
		.last_accept_usec = listener->last_accept_ns / NSEC_PER_USEC,
		.queued = listener->queued,
		.backlog = listener->backlog,
		.address = listener->address,
		.counts_arrivals = alone && listener->arrived > 0,
		.counts_accepts = queues->accepts && accept_watch_lost(queues->accepts) == 0 &&
				  (is_fexit || alone || listener->accepted > 0),
	};
}

/* Tells the judge what waits for service @i; true while anything does. */
static bool tell(struct queues *queues, size_t i)
{
	const struct inventory *inventory = observer_inventory(queues->observer);
	const struct service *service = &core_services(queues->core)->list[i];
	struct fact fact = core_fact(queues->core, FACT_QUEUES, i);
	struct judge_view known;
	bool waits = false;

	for (size_t k = 0; k < inventory->n && fact.queues.n < FACT_QUEUES_MAX; k++) {
		const struct listener *listener = inventory->list[k];

		if (listener->port != service_port_inside(service) ||
		    !place_has(queues->places, service, listener->netns))
			continue;
		waits |= listener->queued > 0;
		fact.queues.list[fact.queues.n++] = queue_of(queues, listener);
	}
	judge_view(core_judge(queues->core), i, &known);
	if (waits || known.waits)
		(void)core_post(queues->core, &fact);
	return waits;
}

/* Reads the queues into the inventory. Returns 0 or -errno, and they are what they were. */
static int read_queues(struct queues *queues)
{
	const struct inventory *inventory = observer_inventory(queues->observer);
	int r = 0;

	/* Counts before queues: who comes in between makes the queue longer, and is no sign of
	 * life. */
	observer_count_arrivals(queues->observer);
	accept_watch_count(queues->accepts, inventory);
	for (size_t i = 0; i < queues->places->n && r >= 0; i++) {
		const struct service_place *place = &queues->places->list[i];

		if (place->netns)
			r = sockdiag_refresh(place_path(place), place->netns, inventory);
	}
	/* A kernel without the module, or a listener that it does not show: what was read of that
	 * queue before must not be taken for what waits now. A snapshot is dearer, and sees all. */
	if (r < 0 && r != -ESTALE)
		r = observer_snapshot(queues->observer);
	return r;
}

static void on_due(void *userdata)
{
	struct queues *queues = userdata;
	const struct service_set *services = core_services(queues->core);
	bool waits = false;

	if (!is_needed(queues) || read_queues(queues) < 0)
		return;
	for (size_t i = 0; i < services->n; i++)
		if (services->list[i].expected)
			waits |= tell(queues, i);
	if (waits)
		timers_set(core_timers(queues->core), TIMER_QUEUES,
			   core_now(queues->core).usec + LOOK_AGAIN_USEC);
}

void queues_after_snapshot(struct queues *queues)
{
	const struct inventory *inventory =
		queues->observer ? observer_inventory(queues->observer) : NULL;

	if (inventory && accept_watch_lost(queues->accepts))
		accept_watch_make_room(queues->accepts, inventory);
	for (size_t i = 0; inventory && i < inventory->n; i++)
		if (inventory->list[i]->queued > 0 &&
		    place_is_any(queues->places, inventory->list[i]->netns))
			queues_look_soon(queues);
}

void queues_forget(struct queues *queues, uint64_t cookie)
{
	accept_watch_forget(queues->accepts, cookie);
}

void queues_count(const struct queues *queues)
{
	if (queues && queues->observer)
		accept_watch_count(queues->accepts, observer_inventory(queues->observer));
}

const char *queues_hook(const struct queues *queues)
{
	return accept_watch_rung(queues ? queues->accepts : NULL);
}

int queues_new(struct core *core, const struct place_table *places, struct degraded *degraded,
	       struct observer *observer, struct queues **ret)
{
	struct queues *queues = calloc(1, sizeof(*queues));

	if (!queues)
		return -ENOMEM;
	queues->core = core;
	queues->places = places;
	queues->degraded = degraded;
	queues->observer = observer;
	timers_handle(core_timers(core), TIMER_QUEUES, 0, on_due, queues);
	*ret = queues;
	return 0;
}

void queues_free(struct queues *queues)
{
	if (!queues)
		return;
	accept_watch_free(queues->accepts);
	free(queues);
}
