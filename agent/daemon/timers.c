// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/timers.h"

#include <string.h>

#include "base/cleanup.h"

#define SLACK_USEC (10 * USEC_PER_MSEC) /* the kernel may put several of our wake-ups together */

static void arm(struct timers *timers)
{
	uint64_t next = USEC_NEVER;

	if (timers->is_running)
		return; /* at its end */
	for (size_t i = 0; i < TIMERS; i++)
		if (timers->rows[i].deadline_usec < next)
			next = timers->rows[i].deadline_usec;
	if (next == timers->armed_usec || !timers->source)
		return;
	timers->armed_usec = next;
	(void)sd_event_source_set_time(timers->source, next);
	(void)sd_event_source_set_enabled(timers->source,
					  next == USEC_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

void timers_run(struct timers *timers, uint64_t now)
{
	timers->is_running = true;
	for (size_t i = 0; i < TIMERS; i++) {
		struct timer_row *row = &timers->rows[i];

		if (row->deadline_usec == USEC_NEVER || row->deadline_usec > now + row->slack_usec)
			continue;
		row->deadline_usec = USEC_NEVER;
		if (row->handler)
			row->handler(row->userdata);
	}
	timers->is_running = false;
	timers->armed_usec = USEC_NEVER; /* it has fired, and is off */
	arm(timers);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	uint64_t now;
	int r = sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now);

	if (r >= 0)
		timers_run(userdata, now);
	return r < 0 ? r : 0;
}

int timers_open(struct timers *timers, sd_event *event)
{
	int r;

	for (size_t i = 0; i < TIMERS; i++)
		timers->rows[i].deadline_usec = USEC_NEVER;
	timers->armed_usec = USEC_NEVER;
	r = sd_event_add_time(event, &timers->source, CLOCK_MONOTONIC, USEC_NEVER, SLACK_USEC,
			      on_timer, timers);
	if (r >= 0)
		r = sd_event_source_set_enabled(timers->source, SD_EVENT_OFF);
	if (r >= 0) /* without it nothing would ever be looked at again */
		r = sd_event_source_set_exit_on_failure(timers->source, true);
	return r < 0 ? r : 0;
}

void timers_close(struct timers *timers)
{
	timers->source = sd_event_source_disable_unref(timers->source);
}

void timers_handle(struct timers *timers, enum timer timer, uint64_t slack_usec,
		   timer_handler *handler, void *userdata)
{
	timers->rows[timer].slack_usec = slack_usec;
	timers->rows[timer].handler = handler;
	timers->rows[timer].userdata = userdata;
}

void timers_set(struct timers *timers, enum timer timer, uint64_t usec)
{
	timers->rows[timer].deadline_usec = usec;
	arm(timers);
}

void timers_set_earlier(struct timers *timers, enum timer timer, uint64_t usec)
{
	if (usec < timers->rows[timer].deadline_usec)
		timers_set(timers, timer, usec);
}

uint64_t timers_when(const struct timers *timers, enum timer timer)
{
	return timers->rows[timer].deadline_usec;
}
