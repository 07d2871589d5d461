// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observer.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

#include "event.h"
#include "listener.skel.h"
#include "log.h"
#include "owner.h"
#include "polling.h"
#include "snapshot.h"

#define SNAPSHOT_TRIES		 3  /* while events are lost during it */
#define CPUS_MAX		 1024 /* of which arrivals are summed */
#define POLL_USEC		 USEC_PER_SEC
#define POLL_SLACK_USEC		 (10 * USEC_PER_MSEC)
#define POLL_FAILURES_MAX	 10 /* in a row; then whoever starts us again may know better */

struct observer {
	struct listener_bpf *skel; /* NULL: polling */
	struct ring_buffer *ring;
	const char *netns_path; /* polling: where; empty is our own */
	unsigned int failures;	/* polling: looks in a row that failed */
	uint64_t ports[LISTENER_PORT_WORDS]; /* watched, a bit each */
	sd_event_source *source;
	observer_handler *handler;
	void *userdata;
	struct inventory inventory;
	uint64_t lost; /* of the kernel's count, those already answered with a snapshot */
	uint64_t snapshots;
	int n_cpus;
	int cgroup_fd;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t dropped(const struct observer *observer)
{
	return observer->skel ? *(volatile __u64 *)&observer->skel->bss->dropped : 0;
}

static void report(struct observer *observer, enum listener_change_kind kind, uint64_t at_ns,
		   const struct listener *listener, const struct task_end *end)
{
	struct listener_change change = { .kind = kind, .at_ns = at_ns, .listener = listener };

	if (end)
		change.end = *end;
	observer->handler(&change, observer->userdata);
}

/* Tells the kernel whose end matters, and where to count clients. Best effort: a full map costs a
 * cause or a number, never a listener. */
static void follow(struct observer *observer, const struct listener *listener)
{
	struct arrival_key key = { .netns = listener->netns,
				   .port = listener->port,
				   .family = listener->address.family };
	uint64_t zeros[CPUS_MAX] = { 0 };
	uint8_t yes = 1;

	if (listener->opener)
		(void)bpf_map_update_elem(bpf_map__fd(observer->skel->maps.openers), &listener->opener,
					  &yes, BPF_ANY);
	if (observer->n_cpus <= CPUS_MAX)
		(void)bpf_map_update_elem(bpf_map__fd(observer->skel->maps.arrivals), &key, zeros,
					  BPF_NOEXIST);
}

static int on_opened(struct observer *observer, const struct listener_event *event)
{
	struct listener listener = event_listener(&event->socket);
	struct holder holder = event_holder(&event->task);
	struct listener *known = inventory_find(&observer->inventory, listener.cookie);

	inventory_forget_end(&observer->inventory, event->task.kernel_pid);
	if (known) { /* a snapshot was quicker */
		known->opened_ns = event->time_ns;
		known->opener = event->task.kernel_pid;
		return 0;
	}
	if (!observer->skel->rodata->pid_namespace_is_nested)
		holder.pid = (pid_t)holder.kernel_pid;
	listener.opened_ns = event->time_ns;
	listener.opener = event->task.kernel_pid;
	listener.cgroup_id = event->task.cgroup_id;
	listener_add_holder(&listener, &holder);
	owner_find(observer->cgroup_fd, listener.cgroup_id, holder.pid, listener.unit,
		   listener.container);
	known = inventory_put(&observer->inventory, &listener);
	if (!known)
		return -ENOMEM;
	report(observer, LISTENER_OPENED, event->time_ns, known, NULL);
	return 0;
}

static void on_closed(struct observer *observer, const struct listener_event *event)
{
	struct listener *known = inventory_find(&observer->inventory, event->socket.cookie);
	struct task_end closer = event_end(&event->task), end;
	struct listener listener;

	if (!known)
		return;
	listener = *known;
	end = inventory_explain(&observer->inventory, &listener, &closer);
	inventory_remove(&observer->inventory, listener.cookie);
	report(observer, LISTENER_CLOSED, event->time_ns, &listener, &end);
}

static void on_opener_exited(struct observer *observer, const struct listener_event *event)
{
	struct task_end end = event_end(&event->task);

	inventory_note_end(&observer->inventory, &end);
	if (task_end_is_abnormal(&end))
		return;
	for (size_t i = 0; i < observer->inventory.n; i++) {
		const struct listener *listener = observer->inventory.list[i];

		if (listener->opener != end.kernel_pid)
			continue;
		report(observer, LISTENER_ORPHANED, event->time_ns, listener, &end);
		return; /* one snapshot does for all */
	}
}

static void on_crowded(struct observer *observer, const struct listener_event *event)
{
	struct listener client = event_listener(&event->socket);

	report(observer, LISTENER_CROWDED, event->time_ns, &client, NULL);
}

static int on_event(void *context, void *data, size_t size)
{
	struct observer *observer = context;
	const struct listener_event *event = data;

	assert(size >= sizeof(*event));
	switch ((enum listener_event_kind)event->kind) {
	case LISTENER_EVENT_OPENED:
		return on_opened(observer, event);
	case LISTENER_EVENT_CLOSED:
		on_closed(observer, event);
		break;
	case LISTENER_EVENT_OPENER_EXITED:
		on_opener_exited(observer, event);
		break;
	case LISTENER_EVENT_CROWDED:
		on_crowded(observer, event);
		break;
	}
	return 0;
}

static int be_silent(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0; /* the caller says in one sentence what failed */
}

int observer_new(observer_handler *handler, void *userdata, struct observer **ret)
{
	cleanup(observer_freep) struct observer *observer = calloc(1, sizeof(*observer));
	int r;

	if (!observer)
		return -ENOMEM;
	observer->handler = handler;
	observer->userdata = userdata;
	observer->cgroup_fd = -1;
	(void)owner_open(&observer->cgroup_fd); /* without it, owners come from /proc */
	observer->n_cpus = libbpf_num_possible_cpus();
	if (observer->n_cpus < 0)
		return observer->n_cpus;
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return -ENOENT;
	(void)libbpf_set_print(be_silent);
	observer->skel = listener_bpf__open();
	if (!observer->skel)
		return -errno;
	observer->skel->rodata->pid_namespace_is_nested = owner_pids_are_nested();
	r = listener_bpf__load(observer->skel);
	if (r < 0)
		return r;
	observer->ring = ring_buffer__new(bpf_map__fd(observer->skel->maps.events), on_event, observer,
					  NULL);
	if (!observer->ring)
		return -errno;
	r = listener_bpf__attach(observer->skel);
	if (r < 0)
		return r;
	/* The kernel's own BTF was read for the relocations: some megabytes that are not needed again. */
	malloc_trim(0);
	*ret = TAKE_PTR(observer);
	return 0;
}

static int poll_once(struct observer *observer)
{
	int r = polling_look(*observer->netns_path ? observer->netns_path : NULL, observer->ports,
			     &observer->inventory, observer->handler, observer->userdata);

	observer->snapshots += r >= 0;
	return r;
}

int observer_new_polling(observer_handler *handler, void *userdata, const char *netns_path,
			 struct observer **ret)
{
	cleanup(observer_freep) struct observer *observer = calloc(1, sizeof(*observer));
	int r;

	if (!observer)
		return -ENOMEM;
	observer->handler = handler;
	observer->userdata = userdata;
	observer->netns_path = netns_path;
	observer->cgroup_fd = -1;
	r = poll_once(observer); /* watches no port yet: finds nothing, but may fail */
	if (r < 0)
		return r;
	*ret = TAKE_PTR(observer);
	return 0;
}

bool observer_is_polling(const struct observer *observer)
{
	return !observer->skel;
}

const char *observer_mode(const struct observer *observer)
{
	return observer->skel ? "events" : "polling";
}

void observer_free(struct observer *observer)
{
	if (!observer)
		return;
	sd_event_source_disable_unref(observer->source);
	ring_buffer__free(observer->ring);
	listener_bpf__destroy(observer->skel);
	inventory_clear(&observer->inventory);
	if (observer->cgroup_fd >= 0)
		close(observer->cgroup_fd);
	free(observer);
}

void observer_watch(struct observer *observer, const uint16_t *ports, size_t n)
{
	uint64_t *words = observer->ports;

	memset(words, 0, sizeof(observer->ports));
	for (size_t i = 0; i < n; i++)
		words[ports[i] / 64] |= UINT64_C(1) << ports[i] % 64;
	/* Word by word, so that a port in both sets is never unwatched in between. */
	for (size_t i = 0; observer->skel && i < LISTENER_PORT_WORDS; i++)
		*(volatile __u64 *)&observer->skel->bss->watched_ports[i] = words[i];
	for (size_t i = observer->inventory.n; i-- > 0;) {
		const struct listener *listener = observer->inventory.list[i];

		if (!(words[listener->port / 64] & UINT64_C(1) << listener->port % 64))
			inventory_remove(&observer->inventory, listener->cookie);
	}
}

static void refresh(struct observer *observer, struct listener *known, const struct listener *seen)
{
	const struct task_end *end = inventory_end(&observer->inventory, known->opener);

	known->backlog = seen->backlog;
	known->queued = seen->queued;
	memcpy(known->holders, seen->holders, sizeof(known->holders));
	known->n_holders = seen->n_holders;
	if (end && !task_end_is_abnormal(end)) {
		/* A daemon's first process opened it and left: its heir's end is what will matter. */
		known->opener = seen->holders[0].kernel_pid;
		follow(observer, known);
	}
}

static int enter(struct observer *observer, struct listener *seen, uint64_t at_ns)
{
	struct listener *known;

	seen->opener = seen->holders[0].kernel_pid;
	owner_find(observer->cgroup_fd, seen->cgroup_id, seen->holders[0].pid, seen->unit,
		   seen->container);
	known = inventory_put(&observer->inventory, seen);
	if (!known)
		return -ENOMEM;
	follow(observer, known);
	report(observer, LISTENER_OPENED, at_ns, known, NULL);
	return 0;
}

static int snapshot_once(struct observer *observer)
{
	uint64_t begun_ns = now_ns(), lost = dropped(observer);
	struct inventory seen = { 0 };
	int r = snapshot_read(bpf_link__fd(observer->skel->links.dump_listeners), &seen);

	for (size_t i = 0; r >= 0 && i < seen.n; i++) {
		struct listener *known = inventory_find(&observer->inventory, seen.list[i]->cookie);

		if (known)
			refresh(observer, known, seen.list[i]);
		else
			r = enter(observer, seen.list[i], begun_ns);
	}
	/* What happened meanwhile waits in the ring, and is younger than what the iterator saw. */
	if (r >= 0)
		r = ring_buffer__consume(observer->ring);
	for (size_t i = observer->inventory.n; r >= 0 && lost != observer->lost && i-- > 0;) {
		struct listener listener = *observer->inventory.list[i];

		if (inventory_find(&seen, listener.cookie) || listener.opened_ns > begun_ns)
			continue;
		inventory_remove(&observer->inventory, listener.cookie);
		report(observer, LISTENER_GONE, begun_ns, &listener, NULL);
	}
	inventory_clear(&seen);
	if (r < 0)
		return r;
	observer->lost = lost;
	observer->snapshots++;
	return 0;
}

int observer_snapshot(struct observer *observer)
{
	int r = 0;

	if (observer_is_polling(observer))
		return poll_once(observer);
	for (int i = 0; i < SNAPSHOT_TRIES; i++) {
		r = snapshot_once(observer);
		if (r < 0 || dropped(observer) == observer->lost)
			break;
	}
	return r;
}

int observer_consume(struct observer *observer)
{
	int r;

	if (observer_is_polling(observer))
		return poll_once(observer);
	r = ring_buffer__consume(observer->ring);
	if (r < 0)
		return r;
	return dropped(observer) == observer->lost ? 0 : observer_snapshot(observer);
}

int observer_fd(const struct observer *observer)
{
	return observer->ring ? ring_buffer__epoll_fd(observer->ring) : -1;
}

static int on_ring_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	return observer_consume(userdata);
}

static int on_poll_due(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct observer *observer = userdata;
	int r = poll_once(observer);

	if (r >= 0)
		observer->failures = 0;
	else if (++observer->failures == 1)
		(void)log_error(r, "Cannot poll the listeners; it is tried again each second");
	else if (observer->failures == POLL_FAILURES_MAX)
		return r;
	r = sd_event_source_set_time_relative(source, POLL_USEC);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int observer_attach(struct observer *observer, sd_event *event)
{
	int r;

	if (observer_is_polling(observer))
		r = sd_event_add_time_relative(event, &observer->source, CLOCK_MONOTONIC, POLL_USEC,
					       POLL_SLACK_USEC, on_poll_due, observer);
	else
		r = sd_event_add_io(event, &observer->source, observer_fd(observer), EPOLLIN,
				    on_ring_readable, observer);
	if (r < 0)
		return r;
	/* Before anything slow, such as writing files: the alert is what the administrator waits for. */
	r = sd_event_source_set_priority(observer->source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r < 0)
		return r;
	return sd_event_source_set_exit_on_failure(observer->source, true);
}

const struct inventory *observer_inventory(const struct observer *observer)
{
	return &observer->inventory;
}

uint64_t observer_events_lost(const struct observer *observer)
{
	return dropped(observer);
}

uint64_t observer_snapshots(const struct observer *observer)
{
	return observer->snapshots;
}

void observer_count_arrivals(struct observer *observer)
{
	uint64_t counts[CPUS_MAX];

	if (observer_is_polling(observer) || observer->n_cpus > CPUS_MAX)
		return;
	for (size_t i = 0; i < observer->inventory.n; i++) {
		struct listener *listener = observer->inventory.list[i];
		struct arrival_key key = { .netns = listener->netns,
					   .port = listener->port,
					   .family = listener->address.family };
		uint64_t sum = 0;

		if (bpf_map_lookup_elem(bpf_map__fd(observer->skel->maps.arrivals), &key, counts) < 0)
			continue;
		for (int cpu = 0; cpu < observer->n_cpus; cpu++)
			sum += counts[cpu];
		listener->arrived = sum;
	}
}
