// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observer.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

#include "listener.skel.h"
#include "log.h"
#include "observer_state.h"
#include "owner.h"
#include "polling.h"

#define SNAPSHOT_TRIES		 3  /* while events are lost during it */
#define CONSUME_TURNS		 16 /* without a loop; then a snapshot tells the rest */
#define CPUS_MAX		 1024 /* of which arrivals are summed */
#define LOOK_AFTER_USEC		 (20 * USEC_PER_MSEC) /* what is under way may end by then */
#define LOOK_PAUSE_USEC		 (1100 * USEC_PER_MSEC) /* between two: longer than the kernel side's window */
#define RESTED			 4 /* a full turn of events is followed by a rest so many times as long */
#define LOOK_SLACK_USEC		 USEC_PER_MSEC
#define RESTORED_AFTER_USEC	 (10 * USEC_PER_SEC) /* without a loss */
#define EPHEMERAL_PORT		 32768 /* from here on the kernel chooses ports for listen() without bind() */
#define POLL_USEC		 USEC_PER_SEC
#define POLL_SLACK_USEC		 (10 * USEC_PER_MSEC)
#define POLL_FAILURES_MAX	 10 /* in a row; then whoever starts us again may know better */

static int be_silent(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0; /* the caller says in one sentence what failed */
}

/* The iterator over tags wants to know of which map. */
static int attach_tags(struct observer *observer)
{
	union bpf_iter_link_info info = { .map.map_fd = (__u32)bpf_map__fd(observer->skel->maps.tags) };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));

	observer->tags_link = bpf_program__attach_iter(observer->skel->progs.dump_tags, &opts);
	return observer->tags_link ? 0 : -errno;
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
	observer->owners = calloc(OWNERS_KNOWN_MAX, sizeof(*observer->owners));
	if (!observer->owners)
		return -ENOMEM;
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
	bpf_program__set_autoattach(observer->skel->progs.dump_tags, false);
	r = listener_bpf__load(observer->skel);
	if (r < 0)
		return r;
	observer->ring = ring_buffer__new(bpf_map__fd(observer->skel->maps.events), merge_event,
					  observer, NULL);
	if (!observer->ring)
		return -errno;
	r = listener_bpf__attach(observer->skel);
	if (r >= 0)
		r = attach_tags(observer);
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
	sd_event_source_disable_unref(observer->look_timer);
	sd_event_source_disable_unref(observer->resume_timer);
	bpf_link__destroy(observer->tags_link);
	ring_buffer__free(observer->ring);
	listener_bpf__destroy(observer->skel);
	inventory_clear(&observer->inventory);
	free(observer->owners);
	if (observer->cgroup_fd >= 0)
		close(observer->cgroup_fd);
	free(observer);
}

void observer_on_state(struct observer *observer, observer_state_handler *handler, void *userdata)
{
	observer->state_handler = handler;
	observer->state_userdata = userdata;
}

void observer_limit(struct observer *observer, unsigned int events)
{
	if (observer->skel)
		*(volatile __u64 *)&observer->skel->bss->flood_limit = events;
}

void observer_watch(struct observer *observer, const uint16_t *ports, size_t n)
{
	uint64_t *words = observer->ports;

	memset(words, 0, sizeof(observer->ports));
	for (size_t i = 0; i < n; i++) {
		words[ports[i] / 64] |= UINT64_C(1) << ports[i] % 64;
		/* Bit 0: a listener whose port the kernel will choose. */
		words[0] |= ports[i] >= EPHEMERAL_PORT;
	}
	/* Word by word, so that a port in both sets is never unwatched in between. */
	for (size_t i = 0; observer->skel && i < LISTENER_PORT_WORDS; i++)
		*(volatile __u64 *)&observer->skel->bss->watched_ports[i] = words[i];
	for (size_t i = observer->inventory.n; i-- > 0;) {
		const struct listener *listener = observer->inventory.list[i];

		if (!(words[listener->port / 64] & UINT64_C(1) << listener->port % 64))
			inventory_remove(&observer->inventory, listener->cookie);
	}
}

int observer_snapshot(struct observer *observer)
{
	int r = 0;

	if (observer_is_polling(observer))
		return poll_once(observer);
	for (int i = 0; i < SNAPSHOT_TRIES; i++) {
		r = merge_snapshot(observer);
		if (r < 0 || !merge_is_due(observer))
			break;
	}
	return r;
}

int observer_fd(const struct observer *observer)
{
	return observer->ring ? ring_buffer__epoll_fd(observer->ring) : -1;
}

static uint64_t now_usec(const struct observer *observer)
{
	uint64_t now = 0;

	(void)sd_event_now(sd_event_source_get_event(observer->source), CLOCK_MONOTONIC, &now);
	return now;
}

static int wake_at(sd_event_source *timer, uint64_t usec)
{
	int r = sd_event_source_set_time(timer, usec);

	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* Tells, once, that events were lost. */
static void note_losses(struct observer *observer)
{
	if (merge_lost(observer) == observer->lost)
		return;
	observer->incomplete_usec = now_usec(observer);
	if (observer->incomplete)
		return;
	observer->incomplete = true;
	if (observer->state_handler)
		observer->state_handler(true, merge_lost(observer), observer->state_userdata);
}

/* And, once, that they were made up for. Returns when to look whether that is so; 0: it is. */
static uint64_t note_recovery(struct observer *observer)
{
	if (!observer->incomplete)
		return 0;
	if (now_usec(observer) < observer->incomplete_usec + RESTORED_AFTER_USEC)
		return observer->incomplete_usec + RESTORED_AFTER_USEC;
	observer->incomplete = false;
	if (observer->state_handler)
		observer->state_handler(false, merge_lost(observer), observer->state_userdata);
	return 0;
}

/* Sees to it that a snapshot is taken, but not one after the other. */
static int ask_for_look(struct observer *observer)
{
	uint64_t at = now_usec(observer) + LOOK_AFTER_USEC;
	int enabled = SD_EVENT_OFF;

	note_losses(observer);
	if (!merge_is_due(observer))
		return 0;
	if (at < observer->snapshot_usec + LOOK_PAUSE_USEC)
		at = observer->snapshot_usec + LOOK_PAUSE_USEC;
	/* It may wait for something later, as a recovery. */
	if (sd_event_source_get_enabled(observer->look_timer, &enabled) > 0) {
		uint64_t armed = 0;

		(void)sd_event_source_get_time(observer->look_timer, &armed);
		if (armed <= at)
			return 0;
	}
	return wake_at(observer->look_timer, at);
}

static int on_look_due(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct observer *observer = userdata;
	uint64_t suppressed = observer->suppressed, again;
	bool due = merge_is_due(observer);
	int r = 0;

	if (due)
		r = merge_snapshot(observer);
	if (r < 0)
		(void)log_error(r, "Cannot take a snapshot of the listeners; it is tried again in a second");
	note_losses(observer);
	again = note_recovery(observer);
	/* A flood tells once a second that it lasts: only after a quiet one is it over. */
	if (r < 0 || merge_is_due(observer) || suppressed != observer->suppressed)
		again = now_usec(observer) + LOOK_PAUSE_USEC;
	return again ? wake_at(observer->look_timer, again) : 0;
}

static int on_resume(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct observer *observer = userdata;

	return sd_event_source_set_enabled(observer->source, SD_EVENT_ON);
}

/* Whoever makes more events than one turn takes costs us a fifth of a processor at most: then the ring is
 * left alone for a while, and what does not fit into it is counted and looked up. */
static int rest(struct observer *observer, uint64_t worked_usec)
{
	uint64_t pause = RESTED * worked_usec;
	int r = sd_event_source_set_enabled(observer->source, SD_EVENT_OFF);

	if (pause < USEC_PER_MSEC)
		pause = USEC_PER_MSEC;
	if (r < 0)
		return r;
	r = sd_event_source_set_time_relative(observer->resume_timer, pause);
	return r < 0 ? r : sd_event_source_set_enabled(observer->resume_timer, SD_EVENT_ONESHOT);
}

static uint64_t clock_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

static int on_ring_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct observer *observer = userdata;
	uint64_t begun = clock_usec();
	int r = merge_consume(observer);

	if (r > 0)
		r = rest(observer, clock_usec() - begun);
	return r < 0 ? r : ask_for_look(observer);
}

int observer_consume(struct observer *observer)
{
	int r = 1;

	if (observer_is_polling(observer))
		return poll_once(observer);
	for (int i = 0; r > 0 && i < (observer->source ? 1 : CONSUME_TURNS); i++)
		r = merge_consume(observer);
	if (r < 0)
		return r;
	if (observer->source)
		return ask_for_look(observer);
	return r > 0 || merge_is_due(observer) ? observer_snapshot(observer) : 0;
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

static int attach_timers(struct observer *observer, sd_event *event)
{
	int r = sd_event_add_time(event, &observer->look_timer, CLOCK_MONOTONIC, USEC_NEVER, LOOK_SLACK_USEC,
				  on_look_due, observer);

	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(observer->look_timer, true);
	if (r >= 0)
		r = sd_event_add_time(event, &observer->resume_timer, CLOCK_MONOTONIC, USEC_NEVER,
				      LOOK_SLACK_USEC, on_resume, observer);
	return r < 0 ? r : sd_event_source_set_exit_on_failure(observer->resume_timer, true);
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
	if (r >= 0 && !observer_is_polling(observer))
		r = attach_timers(observer, event);
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
	return merge_lost(observer);
}

uint64_t observer_events_suppressed(const struct observer *observer)
{
	return merge_suppressed(observer);
}

uint64_t observer_left_out(const struct observer *observer)
{
	return observer->inventory.n_left_out;
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
