/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be done later: a table of deadlines, one row a reason, and one timer of the loop that
 * fires for the earliest. What is due at the same wake-up is done in the order of the rows: first
 * what brings news, then what follows from it, and the files last, so that they tell all of it. */
#ifndef TIMERS_H
#define TIMERS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum timer {
	TIMER_PLACE,	 /* a network namespace is looked for */
	TIMER_SNAPSHOT,	 /* holders of a listener are others now */
	TIMER_FILES,	 /* a watched file has changed, and settled */
	TIMER_SOURCES,	 /* the sources are read again */
	TIMER_PRECHECK,	 /* the same, since a repair waits for it */
	TIMER_HEARTBEAT, /* the slow look at everything */
	TIMER_SILENCES,	 /* a silence ends */
	TIMER_SYSTEMD,	 /* the bus is gone, and is tried again */
	TIMER_FLOOD,	 /* a flood is over, if nothing more was heard of it */
	TIMER_PENDING,	 /* records that the damper held back */
	TIMER_QUEUES,	 /* accept queues are looked at */
	TIMER_JUDGE,	 /* the judge wants a tick */
	TIMER_ROUNDS,	 /* somebody who waits may be asked */
	TIMER_RECOVERY,	 /* facts were lost */
	TIMER_KEEPER,	 /* what must outlive us is stored */
	TIMER_ARCHIVE,	 /* what was said is kept, and handed to the hook */
	TIMER_WRITE,	 /* status and metrics are written, or a single look has ended */
	TIMERS,
};

typedef void timer_handler(void *userdata);

struct timers { /* to be zeroed, then timers_open() */
	sd_event_source *source;
	struct timer_row {
		uint64_t deadline_usec; /* CLOCK_MONOTONIC; USEC_NEVER: not set */
		uint64_t slack_usec;	/* so much too early will do when another one fires */
		timer_handler *handler;
		void *userdata;
	} rows[TIMERS];
	uint64_t armed_usec;
	bool is_running;
};

/* Returns 0 or -errno. A handler that is still missing when its row is due is nothing to do. */
int timers_open(struct timers *timers, sd_event *event);
void timers_close(struct timers *timers);

/* Who is called, once for each time that the row is set. */
void timers_handle(struct timers *timers, enum timer timer, uint64_t slack_usec,
		   timer_handler *handler, void *userdata);

void timers_set(struct timers *timers, enum timer timer, uint64_t usec); /* USEC_NEVER: not */

/* At that time, unless it is to be earlier. */
void timers_set_earlier(struct timers *timers, enum timer timer, uint64_t usec);
uint64_t timers_when(const struct timers *timers, enum timer timer);

/* Does what is due at @now. For the loop, and tests. */
void timers_run(struct timers *timers, uint64_t now);

#endif
