// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events and snapshots become the inventory, merged by cookie.
 *
 * A snapshot is the sum of two iterators: sockets with our tag, which is every listener that opened
 * since we look, held or not; and the open files of all tasks, which gives those from before, and
 * the holders. A listener that neither has, twice, and of whose end no event tells, is gone. */
#include "observe/kernel/reconcile.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "bpf/listener.skel.h"
#include "observe/kernel/arrivals.h"
#include "observe/kernel/event.h"
#include "observe/kernel/observer_state.h"
#include "observe/kernel/signals.h"
#include "observe/kernel/snapshot.h"
#include "observe/kernel/unheld.h"
#include "observe/owner/owner.h"

#define TURN_MAX \
	4096 /* events: more than the ring holds, but who fills it meanwhile is not waited for */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t reconcile_lost(const struct observer *observer)
{
	return observer->skel ? *(volatile __u64 *)&observer->skel->bss->dropped : 0;
}

uint64_t reconcile_unfollowed(const struct observer *observer)
{
	return observer->skel
		       ? observer->unfollowed + *(volatile __u64 *)&observer->skel->bss->unfollowed
		       : 0;
}

uint64_t reconcile_suppressed(const struct observer *observer)
{
	return observer->skel ? *(volatile __u64 *)&observer->skel->bss->suppressed : 0;
}

bool reconcile_is_due(const struct observer *observer)
{
	return observer->look || reconcile_lost(observer) != observer->lost ||
	       reconcile_suppressed(observer) != observer->suppressed;
}

static void report(struct observer *observer, enum listener_change_kind kind, uint64_t at_ns,
		   const struct listener *listener, const struct task_end *end)
{
	struct listener_change change = { .kind = kind, .at_ns = at_ns, .listener = listener };

	if (end)
		change.end = *end;
	observer->handler(&change, observer->userdata);
}

/* Tells the kernel whose end matters. A full map costs a cause, never a listener, and only others
 * can fill theirs. One process has often many listeners, one after the other: @last is the one that
 * was told before, or 0. */
static void follow(struct observer *observer, const struct listener *listener, uint32_t *last)
{
	bool is_own = netns_set_has(&observer->own, listener->netns);
	int map = bpf_map__fd(is_own ? observer->skel->maps.own_openers
				     : observer->skel->maps.openers);
	uint8_t yes = 1;

	if (listener->opener == *last)
		return;
	*last = listener->opener;
	if (!listener->opener)
		return;
	if (bpf_map_update_elem(map, &listener->opener, &yes, BPF_ANY) < 0 && is_own)
		observer->unfollowed++;
}

/* Its first holder's, which is asked once: a storm comes from few processes. */
static void find_owner(struct observer *observer, struct listener *listener)
{
	static const struct holder nobody;
	const struct holder *holder = listener->n_holders ? &listener->holders[0] : &nobody;
	struct known_owner *known =
		&observer->owners[(listener->cgroup_id ^ holder->kernel_pid) % OWNERS_KNOWN_MAX];

	if (!known->is_known || known->cgroup_id != listener->cgroup_id ||
	    known->kernel_pid != holder->kernel_pid || known->started_ns != holder->started_ns) {
		known->is_known = true;
		known->cgroup_id = listener->cgroup_id;
		known->kernel_pid = holder->kernel_pid;
		known->started_ns = holder->started_ns;
		owner_find(&observer->finder, listener->cgroup_id, holder->pid, holder->started_ns,
			   &known->owner);
	}
	owner_enter(&known->owner, listener);
}

/* One socket can listen, stop, and listen elsewhere: shutdown(2), connect(2) to AF_UNSPEC. */
static bool is_elsewhere(const struct listener *a, const struct listener *b)
{
	return a->port != b->port || a->v6only != b->v6only ||
	       a->address.family != b->address.family ||
	       memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes)) != 0;
}

static void remove_gone(struct observer *observer, uint64_t cookie, uint64_t at_ns)
{
	struct listener listener = *inventory_find(&observer->inventory, cookie);

	inventory_remove(&observer->inventory, cookie);
	report(observer, LISTENER_GONE, at_ns, &listener, NULL);
}

/* Takes the newcomer over, once its owner is known. At the limit it is left out, and counted. */
static int enter(struct observer *observer, struct listener **newcomer, uint64_t at_ns)
{
	struct listener *listener = *newcomer;

	find_owner(observer, listener);
	if (!inventory_adopt(&observer->inventory, listener))
		return inventory_is_full(&observer->inventory, listener->netns) ? 0 : -ENOMEM;
	*newcomer = NULL;
	report(observer, LISTENER_OPENED, at_ns, listener, NULL);
	return 0;
}

static int on_opened(struct observer *observer, const struct listener_event *event)
{
	struct listener listener = event_listener(&event->socket);
	struct holder holder = event_holder(&event->task);
	struct listener *known = inventory_find(&observer->inventory, listener.cookie);
	cleanup(memory_freep) struct listener *newcomer = NULL;

	inventory_forget_end(&observer->inventory, event->task.kernel_pid);
	if (known && is_elsewhere(known, &listener)) {
		remove_gone(observer, listener.cookie, event->time_ns);
		known = NULL;
	}
	if (known) { /* a snapshot was quicker */
		known->opened_ns = event->time_ns;
		known->opener = event->task.kernel_pid;
		return 0;
	}
	listener.opened_ns = event->time_ns;
	listener.opener = event->task.kernel_pid;
	listener.cgroup_id = event->task.cgroup_id;
	listener_add_holder(&listener, &holder);
	newcomer = malloc(sizeof(*newcomer));
	if (!newcomer)
		return -ENOMEM;
	*newcomer = listener;
	return enter(observer, &newcomer, event->time_ns);
}

static void on_closed(struct observer *observer, const struct listener_event *event)
{
	struct listener *known = inventory_find(&observer->inventory, event->socket.cookie);
	struct task_end closer = event_end(event), end;
	struct listener listener;

	if (!known)
		return;
	listener = *known;
	end = inventory_explain(&observer->inventory, &listener, &closer);
	signals_explain(observer, &listener, event->time_ns, &end);
	inventory_remove(&observer->inventory, listener.cookie);
	report(observer, LISTENER_CLOSED, event->time_ns, &listener, &end);
}

static void on_opener_exited(struct observer *observer, const struct listener_event *event)
{
	struct task_end end = event_end(event);
	uint32_t told = 0; /* one snapshot does for all of a namespace */

	inventory_note_end(&observer->inventory, &end);
	if (task_end_is_abnormal(&end))
		return;
	for (size_t i = 0; i < observer->inventory.n; i++) {
		const struct listener *listener = observer->inventory.list[i];

		if (listener->opener != end.kernel_pid || listener->netns == told)
			continue;
		told = listener->netns;
		report(observer, LISTENER_ORPHANED, event->time_ns, listener, &end);
	}
}

static void on_look(struct observer *observer, const struct listener_event *event)
{
	const struct listener where = { .netns = event->socket.netns, .port = event->socket.port };

	observer->look = true;
	if (where.port) /* else it gets its port just now */
		report(observer, LISTENER_FLOODED, event->time_ns, &where, NULL);
}

static void on_crowded(struct observer *observer, const struct listener_event *event)
{
	struct listener client = event_listener(&event->socket);

	report(observer, LISTENER_CROWDED, event->time_ns, &client, NULL);
}

int reconcile_event(void *context, void *data, size_t size)
{
	struct observer *observer = context;
	const struct listener_event *event = data;
	int r = 0;

	assert(size >= sizeof(*event));
	switch ((enum listener_event_kind)event->kind) {
	case LISTENER_EVENT_OPENED:
		r = on_opened(observer, event);
		break;
	case LISTENER_EVENT_CLOSED:
		on_closed(observer, event);
		break;
	case LISTENER_EVENT_OPENER_EXITED:
		on_opener_exited(observer, event);
		break;
	case LISTENER_EVENT_CROWDED:
		on_crowded(observer, event);
		break;
	case LISTENER_EVENT_LOOK:
		on_look(observer, event);
		break;
	}
	if (r < 0)
		return r;
	return ++observer->turn < TURN_MAX ? 0 : -EXFULL;
}

int reconcile_consume(struct observer *observer)
{
	int r;

	observer->turn = 0;
	r = ring_buffer__consume(observer->ring);
	if (r == -EXFULL)
		return 1;
	return r < 0 ? r : 0;
}

static void refresh(struct observer *observer, struct listener *known, const struct listener *seen,
		    uint32_t *last)
{
	const struct task_end *end = inventory_end(&observer->inventory, known->opener);

	known->backlog = seen->backlog;
	known->queued = seen->queued;
	if (seen->n_holders || !observer->finder.is_inside) { /* else its event knew one */
		memcpy(known->holders, seen->holders, sizeof(known->holders));
		known->n_holders = seen->n_holders;
	}
	if (seen->n_holders && seen->cgroup_id != known->cgroup_id) {
		known->cgroup_id =
			seen->cgroup_id; /* handed over, as systemd does with a socket unit's */
		find_owner(observer, known);
	}
	if (end && !task_end_is_abnormal(end) && seen->n_holders) {
		/* A daemon's first process opened it and left: its heir's end is what will matter.
		 */
		known->opener = seen->holders[0].kernel_pid;
		follow(observer, known, last);
	}
}

static int enter_seen(struct observer *observer, struct listener **seen, uint64_t at_ns,
		      uint32_t *last)
{
	struct listener *listener = *seen;

	if (!listener->opener && listener->n_holders)
		listener->opener = listener->holders[0].kernel_pid;
	follow(observer, listener, last);
	/* Its event was lost, and its tag has the time. */
	return enter(observer, seen, listener->opened_ns ? listener->opened_ns : at_ns);
}

/* What a snapshot saw, once the listeners themselves were taken over. */
struct sight {
	uint64_t *cookies; /* in order */
	size_t n;
	size_t n_left_out, n_left_out_own;
};

static int note_sight(const struct inventory *seen, struct sight *ret)
{
	ret->cookies = malloc((seen->n + 1) * sizeof(*ret->cookies));
	if (!ret->cookies)
		return -ENOMEM;
	for (size_t i = 0; i < seen->n; i++)
		ret->cookies[i] = seen->list[i]->cookie;
	ret->n = seen->n;
	ret->n_left_out = seen->n_left_out;
	ret->n_left_out_own = seen->n_left_out_own;
	return 0;
}

static int compare_cookies(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static bool was_seen(const struct sight *sight, uint64_t cookie)
{
	return bsearch(&cookie, sight->cookies, sight->n, sizeof(cookie), compare_cookies) != NULL;
}

static int merge_seen(struct observer *observer, struct inventory *seen, uint64_t begun_ns)
{
	uint32_t last = 0;

	for (size_t i = 0; i < seen->n; i++) {
		struct listener *fresh = seen->list[i];
		struct listener *known = inventory_find(&observer->inventory, fresh->cookie);
		int r;

		if (!fresh->port) { /* it gets its port just now */
			observer->look = true;
			continue;
		}
		if (known && is_elsewhere(known, fresh)) {
			remove_gone(observer, fresh->cookie, begun_ns);
			known = NULL;
		}
		if (known) {
			refresh(observer, known, fresh, &last);
			continue;
		}
		r = enter_seen(observer, &seen->list[i], begun_ns, &last);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether it means anything that @listener was not seen: who was left out is not gone. */
static bool would_be_seen(const struct inventory *inventory, const struct sight *seen,
			  const struct listener *listener)
{
	return !(netns_set_has(inventory->own, listener->netns) ? seen->n_left_out_own
								: seen->n_left_out);
}

/* The next in @inventory from @i on that @seen does not have though it was there when that was
 * begun. */
static const struct listener *find_missing(const struct inventory *inventory, size_t *i,
					   const struct sight *seen, uint64_t begun_ns)
{
	for (; *i < inventory->n; (*i)++)
		if (inventory->list[*i]->opened_ns <= begun_ns &&
		    would_be_seen(inventory, seen, inventory->list[*i]) &&
		    !was_seen(seen, inventory->list[*i]->cookie))
			return inventory->list[*i];
	return NULL;
}

/* Where the iterator does not show who holds a listener: what else is there. */
static int add_unseen(struct observer *observer, struct inventory *seen)
{
	size_t before = seen->n;
	int r = 0;

	for (size_t i = 0; r >= 0 && observer->finder.is_inside && i < observer->own.n; i++)
		r = unheld_add(seen, observer->own.list[i], &observer->ports);
	observer->hides |= seen->n > before;
	return r;
}

static int read_iterators(struct observer *observer, struct inventory *seen)
{
	int held = bpf_link__fd(observer->skel->links.dump_holders), r;

	if (observer->tags_link) {
		r = snapshot_read(bpf_link__fd(observer->tags_link), seen);
		if (r >= 0)
			r = snapshot_read(held, seen);
		return r < 0 ? r : add_unseen(observer, seen);
	}
	r = snapshot_read_listed(bpf_map__fd(observer->skel->maps.listed), &observer->ports, seen);
	if (r >= 0)
		r = snapshot_read(held, seen);
	if (r >= 0)
		r = unheld_refresh(seen, &observer->ports);
	return r < 0 ? r : add_unseen(observer, seen);
}

/* Removes what @seen has not, if a second look has it neither: a descriptor may have wandered past
 * the first, from process to process. */
static int remove_missing(struct observer *observer, const struct sight *seen, uint64_t begun_ns)
{
	struct inventory again = { .own = &observer->own };
	const struct listener *missing;
	size_t i = 0;
	int r;

	if (!find_missing(&observer->inventory, &i, seen, begun_ns))
		return 0;
	r = read_iterators(observer, &again);
	if (r >= 0)
		r = reconcile_consume(observer);
	if (r > 0 || again.n_left_out_own || (again.n_left_out && !seen->n_left_out)) {
		observer->look = true; /* why they went may still be told */
	} else if (r == 0) {
		i = 0; /* events may have moved all */
		while ((missing = find_missing(&observer->inventory, &i, seen, begun_ns))) {
			if (inventory_find(&again, missing->cookie))
				i++;
			else
				remove_gone(observer, missing->cookie, begun_ns);
		}
	}
	inventory_clear(&again);
	return r < 0 ? r : 0;
}

void reconcile_follow_own(struct observer *observer)
{
	uint32_t last = 0;

	for (size_t i = 0; i < observer->inventory.n; i++)
		if (netns_set_has(&observer->own, observer->inventory.list[i]->netns))
			follow(observer, observer->inventory.list[i], &last);
}

/* Some ends were not followed, for want of room: of openers that closed all they had, nothing is
 * waited for any more. Their room is made free, and those that matter come first. */
static void follow_anew(struct observer *observer)
{
	if (reconcile_unfollowed(observer) == observer->followed_anew)
		return;
	openers_make_room(observer);
	reconcile_follow_own(observer);
	observer->followed_anew = reconcile_unfollowed(observer);
}

/* Where events were lost, a snapshot is the first to know that there are too many. */
static void count_left_out(struct observer *observer, const struct sight *seen)
{
	if (seen->n_left_out > observer->left_out_seen)
		observer->inventory.n_left_out += seen->n_left_out - observer->left_out_seen;
	observer->left_out_seen = seen->n_left_out;
}

int reconcile_snapshot(struct observer *observer)
{
	uint64_t begun_ns = now_ns(), lost = reconcile_lost(observer),
		 suppressed = reconcile_suppressed(observer);
	struct inventory seen = { .own = &observer->own };
	struct sight sight = { 0 };
	int r;

	observer->look = false;
	arrivals_make_room(observer);
	r = read_iterators(observer, &seen);
	if (r >= 0)
		r = note_sight(&seen, &sight);
	if (r >= 0)
		r = merge_seen(observer, &seen, begun_ns);
	/* What happened meanwhile waits in the ring, and is younger than what the iterators saw. */
	if (r >= 0)
		r = reconcile_consume(observer);
	if (r > 0)
		observer->look = true;
	else if (r == 0)
		r = remove_missing(observer, &sight, begun_ns);
	inventory_clear(&seen);
	free(sight.cookies);
	if (r < 0) {
		observer->look = true;
		return r;
	}
	count_left_out(observer, &sight);
	follow_anew(observer);
	observer->lost = lost;
	observer->suppressed = suppressed;
	observer->snapshots++;
	observer->snapshot_usec = begun_ns / NSEC_PER_USEC;
	return 0;
}
