// SPDX-License-Identifier: LGPL-2.1-or-later
/* Looks at the accept queues when there is a reason to, and then once a second until they are
 * empty: an idle machine is left alone. Reasons: a client came while others waited, a server that
 * did not answer, a queue that a snapshot found. What is seen becomes a fact. */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "observe/polling/sockdiag.h"

#define LOOK_AGAIN_USEC (1 * USEC_PER_SEC)

static bool is_needed(const struct daemon *daemon)
{
	/* One look is too short; and where we poll, BPF is refused. */
	if (daemon->once || !daemon->observer || observer_is_polling(daemon->observer))
		return false;
	for (size_t i = 0; i < daemon->intent.services.n; i++)
		if (daemon->intent.services.list[i].expected)
			return true;
	return false;
}

static void open_accepts(struct daemon *daemon)
{
	int r = accept_watch_new(NULL, &daemon->accepts);
	char why[DEGRADED_SIZE];

	if (r >= 0) { /* it may have been refused before the sources were read again */
		degraded_end(daemon, DEGRADED_ACCEPTS, "accepts are counted again");
		return;
	}
	(void)text_format(
		why, sizeof(why),
		"accepts are not counted (neither fexit nor system call tracepoints: %s), so that "
		"nobody accepts is told from arrivals and queues alone",
		strerror(-r));
	degraded_begin(daemon, DEGRADED_ACCEPTS, why);
}

void queues_watch(struct daemon *daemon, const uint16_t *ports, size_t n)
{
	if (!is_needed(daemon)) { /* the hook has its price */
		accept_watch_free(daemon->accepts);
		daemon->accepts = NULL;
		return;
	}
	if (!daemon->accepts)
		open_accepts(daemon);
	if (daemon->accepts)
		accept_watch_ports(daemon->accepts, ports, n);
}

void queues_look_soon(struct daemon *daemon)
{
	if (daemon->queues_usec != USEC_NEVER || !is_needed(daemon))
		return;
	daemon->queues_usec = daemon_now(daemon).usec;
	daemon_arm(daemon);
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

static struct queue queue_of(const struct daemon *daemon, const struct listener *listener)
{
	bool is_fexit = strcmp(accept_watch_rung(daemon->accepts), "fexit") == 0;
	bool alone = is_alone(observer_inventory(daemon->observer), listener);

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
		.counts_accepts = daemon->accepts && accept_watch_lost(daemon->accepts) == 0 &&
				  (is_fexit || alone || listener->accepted > 0),
	};
}

/* Tells the judge what waits for service @i; true while anything does. */
static bool tell(struct daemon *daemon, size_t i)
{
	const struct inventory *inventory = observer_inventory(daemon->observer);
	const struct service *service = &daemon->intent.services.list[i];
	struct judge_view view;
	struct fact fact = { .kind = FACT_QUEUES, .service = i };
	bool waits = false;

	for (size_t k = 0; k < inventory->n && fact.queues.n < FACT_QUEUES_MAX; k++) {
		const struct listener *listener = inventory->list[k];

		if (listener->port != service->want.port || listener->netns != daemon->netns)
			continue;
		waits |= listener->queued > 0;
		fact.queues.list[fact.queues.n++] = queue_of(daemon, listener);
	}
	judge_view(daemon->judge, i, &view);
	if (waits || view.waits)
		facts_feed(daemon, &fact);
	return waits;
}

void queues_look(struct daemon *daemon)
{
	const char *path = *daemon->netns_path ? daemon->netns_path : NULL;
	const struct inventory *inventory;
	bool waits = false;
	int r;

	daemon->queues_usec = USEC_NEVER;
	if (!is_needed(daemon))
		return;
	inventory = observer_inventory(daemon->observer);
	/* Counts before queues: who comes in between makes the queue longer, and is no sign of
	 * life. */
	observer_count_arrivals(daemon->observer);
	accept_watch_count(daemon->accepts, inventory);
	r = sockdiag_refresh(path, daemon->netns, inventory);
	/* A kernel without the module, or a listener that it does not show: what was read of that
	 * queue before must not be taken for what waits now. A snapshot is dearer, and sees all. */
	if (r < 0 && r != -ESTALE)
		r = observer_snapshot(daemon->observer);
	for (size_t i = 0; r >= 0 && i < daemon->intent.services.n; i++)
		if (daemon->intent.services.list[i].expected)
			waits |= tell(daemon, i);
	if (waits)
		daemon->queues_usec = daemon_now(daemon).usec + LOOK_AGAIN_USEC;
}

void queues_after_snapshot(struct daemon *daemon)
{
	const struct inventory *inventory = observer_inventory(daemon->observer);

	if (accept_watch_lost(daemon->accepts))
		accept_watch_make_room(daemon->accepts, inventory);
	for (size_t i = 0; i < inventory->n; i++)
		if (inventory->list[i]->queued > 0 && inventory->list[i]->netns == daemon->netns)
			queues_look_soon(daemon);
}
