// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/observer.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "base/log.h"
#include "bpf/listener.skel.h"
#include "observe/kernel/arrivals.h"
#include "observe/kernel/lockdown.h"
#include "observe/kernel/observer_state.h"
#include "observe/kernel/pace.h"
#include "observe/kernel/reconcile.h"
#include "observe/kernel/signals.h"
#include "observe/owner/owner.h"
#include "observe/polling/polling.h"

#define SNAPSHOT_TRIES 3  /* while events are lost during it */
#define CONSUME_TURNS  16 /* without a loop; then a snapshot tells the rest */
#define EPHEMERAL_PORT                                                             \
	32768 /* from here on the kernel chooses ports for listen() without bind() \
	       */
#define LISTED_MAX	  16384 /* tagged listeners, where they cannot be iterated over */
#define POLL_USEC	  USEC_PER_SEC
#define POLL_SLACK_USEC	  (10 * USEC_PER_MSEC)
#define POLL_FAILURES_MAX 10 /* in a row; then whoever starts us again may know better */

static int be_silent(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0; /* the caller says in one sentence what failed */
}

/* The iterator over tags wants to know of which map. */
static int attach_tags(struct observer *observer)
{
	union bpf_iter_link_info info = { .map.map_fd =
						  (__u32)bpf_map__fd(observer->skel->maps.tags) };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));

	if (observer->skel->rodata->tags_are_listed)
		return 0;
	observer->tags_link = bpf_program__attach_iter(observer->skel->progs.dump_tags, &opts);
	return observer->tags_link ? 0 : -errno;
}

/* @listed: without the iterator over tags; @signals: with who sends them. */
static int load(struct observer *observer, bool listed, bool signals)
{
	observer->skel = listener_bpf__open();
	if (!observer->skel)
		return -errno;
	observer->skel->rodata->pid_namespace_is_nested = observer->finder.pids_are_nested;
	observer->skel->rodata->pid_namespace = observer->finder.pid_namespace;
	observer->skel->rodata->kernel_may_be_read = !lockdown_is_confidential();
	observer->skel->rodata->tags_are_listed = listed;
	bpf_program__set_autoattach(observer->skel->progs.dump_tags, false);
	bpf_program__set_autoattach(observer->skel->progs.on_signal, false);
	(void)bpf_program__set_autoload(observer->skel->progs.on_signal, signals);
	if (listed) {
		(void)bpf_program__set_autoload(observer->skel->progs.dump_tags, false);
		(void)bpf_map__set_max_entries(observer->skel->maps.listed, LISTED_MAX);
	}
	return listener_bpf__load(observer->skel);
}

/* Some kernels have every other program and refuse that iterator. */
static int load_tags_as_may_be(struct observer *observer, bool signals)
{
	int r = load(observer, false, signals);

	if (r != -EPERM && r != -EACCES)
		return r;
	listener_bpf__destroy(TAKE_PTR(observer->skel));
	return load(observer, true, signals);
}

static int load_what_may_be(struct observer *observer)
{
	int r = load_tags_as_may_be(observer, true);

	if (r >= 0)
		return 0;
	listener_bpf__destroy(TAKE_PTR(observer->skel));
	return load_tags_as_may_be(observer, false) < 0 ? r : 0;
}

int observer_new(observer_handler *handler, void *userdata, struct observer **ret)
{
	cleanup(observer_freep) struct observer *observer = calloc(1, sizeof(*observer));
	int r;

	if (!observer)
		return -ENOMEM;
	observer->handler = handler;
	observer->userdata = userdata;
	observer->inventory.own = &observer->own;
	owners_open(&observer->finder);
	observer->owners = calloc(OWNERS_KNOWN_MAX, sizeof(*observer->owners));
	if (!observer->owners)
		return -ENOMEM;
	observer->n_cpus = libbpf_num_possible_cpus();
	if (observer->n_cpus < 0)
		return observer->n_cpus;
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return -ENOENT;
	(void)libbpf_set_print(be_silent);
	r = load_what_may_be(observer);
	if (r < 0)
		return r;
	observer->ring = ring_buffer__new(bpf_map__fd(observer->skel->maps.events), reconcile_event,
					  observer, NULL);
	if (!observer->ring)
		return -errno;
	r = listener_bpf__attach(observer->skel);
	if (r >= 0)
		r = attach_tags(observer);
	if (r < 0)
		return r;
	signals_attach(observer);
	/* The kernel's own BTF was read for the relocations: some megabytes that are not needed
	 * again. */
	malloc_trim(0);
	*ret = TAKE_PTR(observer);
	return 0;
}

static int poll_once(struct observer *observer)
{
	int r = polling_look(*observer->netns_path ? observer->netns_path : NULL, &observer->ports,
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
	observer->finder.cgroup_fd = -1;
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

const char *observer_signals(const struct observer *observer)
{
	return signals_are_seen(observer) ? "tp_btf" : "none";
}

void observer_free(struct observer *observer)
{
	if (!observer)
		return;
	sd_event_source_disable_unref(observer->source);
	pace_detach(observer);
	bpf_link__destroy(observer->tags_link);
	bpf_link__destroy(observer->signals_link);
	ring_buffer__free(observer->ring);
	listener_bpf__destroy(observer->skel);
	inventory_clear(&observer->inventory);
	free(observer->owners);
	owners_close(&observer->finder);
	free(observer);
}

void observer_on_trouble(struct observer *observer, observer_trouble_handler *handler,
			 void *userdata)
{
	observer->trouble_handler = handler;
	observer->trouble_userdata = userdata;
}

void observer_limit(struct observer *observer, unsigned int events)
{
	if (observer->skel)
		*(volatile __u64 *)&observer->skel->bss->flood_limit = events;
}

void observer_watch(struct observer *observer, const uint16_t *ports, size_t n)
{
	observer->ports = (struct port_set){ 0 };
	for (size_t i = 0; i < n; i++) {
		port_set_add(&observer->ports, ports[i]);
		if (ports[i] >= EPHEMERAL_PORT)
			port_set_add(&observer->ports,
				     0); /* a listener whose port the kernel will choose */
	}
	if (observer->skel)
		port_set_publish(&observer->ports, observer->skel->bss->watched_ports);
	for (size_t i = observer->inventory.n; i-- > 0;) {
		const struct listener *listener = observer->inventory.list[i];

		if (!port_set_has(&observer->ports, listener->port))
			inventory_remove(&observer->inventory, listener->cookie);
	}
}

int observer_snapshot(struct observer *observer)
{
	int r = 0;

	if (observer_is_polling(observer))
		return poll_once(observer);
	for (int i = 0; i < SNAPSHOT_TRIES; i++) {
		r = reconcile_snapshot(observer);
		if (r < 0 || !reconcile_is_due(observer))
			break;
	}
	return r < 0 || !observer->source ? r : pace_ask(observer);
}

int observer_fd(const struct observer *observer)
{
	/* Not ring_buffer__epoll_fd(): an epoll within the loop's own would be woken, and asked,
	 * twice. */
	return observer->ring ? bpf_map__fd(observer->skel->maps.events) : -1;
}

int observer_consume(struct observer *observer)
{
	int r = 1;

	if (observer_is_polling(observer))
		return poll_once(observer);
	for (int i = 0; r > 0 && i < (observer->source ? 1 : CONSUME_TURNS); i++)
		r = reconcile_consume(observer);
	if (r < 0)
		return r;
	if (observer->source)
		return pace_ask(observer);
	return r > 0 || reconcile_is_due(observer) ? observer_snapshot(observer) : 0;
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
	(void)pace_note_troubles(observer, usec);
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
		r = pace_attach(observer, event);
	if (r < 0)
		return r;
	/* Before anything slow, such as writing files: the alert is what the administrator waits
	 * for. */
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
	return reconcile_lost(observer);
}

uint64_t observer_events_suppressed(const struct observer *observer)
{
	return reconcile_suppressed(observer);
}

uint64_t observer_left_out(const struct observer *observer)
{
	return observer->inventory.n_left_out;
}

bool observer_hides_processes(const struct observer *observer)
{
	return observer->hides;
}

uint64_t observer_snapshots(const struct observer *observer)
{
	return observer->snapshots;
}

/* Adds what is missing before it takes away what is too much: a namespace that stays is never left
 * alone. */
static void publish_own(struct observer *observer, const struct netns_set *before)
{
	int fd = bpf_map__fd(observer->skel->maps.own_netns);
	uint8_t yes = 1;

	for (size_t i = 0; i < observer->own.n; i++)
		(void)bpf_map_update_elem(fd, &observer->own.list[i], &yes, BPF_ANY);
	*(volatile __u64 *)&observer->skel->bss->n_own = observer->own.n;
	for (size_t i = 0; i < before->n; i++)
		if (!netns_set_has(&observer->own, before->list[i]))
			(void)bpf_map_delete_elem(fd, &before->list[i]);
}

void observer_expect(struct observer *observer, const uint32_t *netns, size_t n)
{
	struct netns_set before = observer->own;

	observer->own.n = 0;
	for (size_t i = 0; i < n; i++)
		(void)netns_set_add(&observer->own, netns[i]);
	if (observer->own.n == before.n &&
	    memcmp(observer->own.list, before.list, before.n * sizeof(*before.list)) == 0)
		return;
	inventory_recount(&observer->inventory);
	if (!observer->skel)
		return;
	publish_own(observer, &before);
	reconcile_follow_own(observer);
}

void observer_count_arrivals(struct observer *observer)
{
	arrivals_count(observer);
}
