// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/pace.h"

#include <bpf/libbpf.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/log.h"
#include "observe/kernel/observer_state.h"
#include "observe/kernel/reconcile.h"

#define LOOK_AFTER_USEC (20 * USEC_PER_MSEC) /* what is under way may end by then */
#define LOOK_PAUSE_USEC \
	(1100 * USEC_PER_MSEC) /* between two: longer than the kernel side's window */
#define SLACK_USEC	 USEC_PER_MSEC
#define CALM_EVENTS	 4096 /* in a second, read as they come */
#define REST		 4    /* beyond: times as long as reading took, so a fifth of a processor */
#define ENDED_AFTER_USEC (10 * USEC_PER_SEC) /* a trouble, without more of it */

static uint64_t clock_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

static uint64_t count_of(const struct observer *observer, enum observer_trouble trouble)
{
	switch (trouble) {
	case OBSERVER_LOSING:
		return reconcile_lost(observer);
	case OBSERVER_FULL:
		return observer->inventory.n_left_out;
	case OBSERVER_UNFOLLOWED:
		return reconcile_unfollowed(observer);
	}
	return 0;
}

static void tell(struct observer *observer, enum observer_trouble trouble, bool begins)
{
	struct observer_state state = { .trouble = trouble,
					.begins = begins,
					.count = observer->troubles[trouble].seen -
						 observer->troubles[trouble].before };

	if (observer->trouble_handler)
		observer->trouble_handler(&state, observer->trouble_userdata);
}

uint64_t pace_note_troubles(struct observer *observer, uint64_t now)
{
	uint64_t again = USEC_NEVER;

	for (size_t i = 0; i < OBSERVER_TROUBLES; i++) {
		struct trouble *trouble = &observer->troubles[i];
		uint64_t count = count_of(observer, (enum observer_trouble)i),
			 before = trouble->seen;

		if (count != before) {
			trouble->seen = count;
			trouble->last_usec = now;
			if (!trouble->lasts) {
				trouble->lasts = true;
				trouble->before = before;
				tell(observer, (enum observer_trouble)i, true);
			}
		}
		if (!trouble->lasts)
			continue;
		if (now >= trouble->last_usec + ENDED_AFTER_USEC &&
		    (i != OBSERVER_FULL || !inventory_is_full(&observer->inventory, 0))) {
			trouble->lasts = false;
			tell(observer, (enum observer_trouble)i, false);
		} else if (again > now + ENDED_AFTER_USEC) {
			again = now + ENDED_AFTER_USEC;
		}
	}
	return again;
}

static int wake_at(sd_event_source *timer, uint64_t usec)
{
	uint64_t armed = USEC_NEVER;
	int enabled = SD_EVENT_OFF;

	if (sd_event_source_get_enabled(timer, &enabled) > 0)
		(void)sd_event_source_get_time(timer, &armed);
	if (enabled != SD_EVENT_OFF && armed <= usec)
		return 0;
	enabled = sd_event_source_set_time(timer, usec);
	return enabled < 0 ? enabled : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* Not one right after the other: a snapshot costs what there is to see. */
int pace_ask(struct observer *observer)
{
	uint64_t now = clock_usec(), at = pace_note_troubles(observer, now);

	if (reconcile_is_due(observer)) {
		at = now + LOOK_AFTER_USEC;
		if (at < observer->snapshot_usec + LOOK_PAUSE_USEC)
			at = observer->snapshot_usec + LOOK_PAUSE_USEC;
	}
	return at == USEC_NEVER ? 0 : wake_at(observer->look_timer, at);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct observer *observer = userdata;
	uint64_t suppressed = observer->suppressed;
	int r = reconcile_is_due(observer) ? reconcile_snapshot(observer) : 0;

	if (r < 0 && !observer->failures++)
		(void)log_error(
			r,
			"Cannot take a snapshot of the listeners; it is tried again each second");
	if (r >= 0)
		observer->failures = 0;
	/* A flood tells once a second that it lasts: only when a whole one was quiet is it over. */
	if (r < 0 || suppressed != observer->suppressed)
		r = wake_at(observer->look_timer, clock_usec() + LOOK_PAUSE_USEC);
	return r < 0 ? r : pace_ask(observer);
}

static int on_rested(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct observer *observer = userdata;

	return sd_event_source_set_enabled(observer->source, SD_EVENT_ON);
}

/* Who makes more events than is calm is left alone for a while: what then finds no room in the ring
 * is counted, and looked up. */
static int rest(struct observer *observer, uint64_t now, uint64_t worked_usec)
{
	uint64_t pause = worked_usec < USEC_PER_MSEC ? USEC_PER_MSEC : worked_usec;
	int r = sd_event_source_set_enabled(observer->source, SD_EVENT_OFF);

	return r < 0 ? r : wake_at(observer->rest_timer, now + REST * pause);
}

static int on_ring_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct observer *observer = userdata;
	uint64_t begun = clock_usec(), now;
	int r = reconcile_consume(observer);

	now = clock_usec();
	if (now - observer->second_usec >= USEC_PER_SEC) {
		observer->second_usec = begun;
		observer->second_events = 0;
	}
	observer->second_events += observer->turn;
	if (r >= 0 && observer->second_events > CALM_EVENTS)
		r = rest(observer, now, now - begun);
	return r < 0 ? r : pace_ask(observer);
}

static int add_timer(struct observer *observer, sd_event *event, sd_event_time_handler_t handler,
		     sd_event_source **ret)
{
	int r = sd_event_add_time(event, ret, CLOCK_MONOTONIC, USEC_NEVER, SLACK_USEC, handler,
				  observer);

	return r < 0 ? r : sd_event_source_set_exit_on_failure(*ret, true);
}

int pace_attach(struct observer *observer, sd_event *event)
{
	int r = add_timer(observer, event, on_look, &observer->look_timer);

	if (r >= 0)
		r = add_timer(observer, event, on_rested, &observer->rest_timer);
	if (r < 0)
		return r;
	/* What went before was made up for before. */
	for (size_t i = 0; i < OBSERVER_TROUBLES; i++)
		observer->troubles[i].seen = count_of(observer, (enum observer_trouble)i);
	return sd_event_add_io(event, &observer->source, ring_buffer__epoll_fd(observer->ring),
			       EPOLLIN, on_ring_readable, observer);
}

void pace_detach(struct observer *observer)
{
	sd_event_source_disable_unref(observer->look_timer);
	sd_event_source_disable_unref(observer->rest_timer);
}
