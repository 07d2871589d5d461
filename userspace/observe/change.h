/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told by who looks, by events or by polling: what became of a listener, and when for a
 * while less is known than should be. */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/listener.h"

enum listener_change_kind {
	LISTENER_OPENED, /* by an event, or found by a snapshot (opened_ns is 0 then) */
	LISTENER_CLOSED,
	LISTENER_GONE, /* a snapshot no longer has it, and no event told of its end: nobody knows
			  why */
	LISTENER_ORPHANED, /* its opener ended well and others hold it on: time for a snapshot, soon
			    */
	LISTENER_FLOODED,  /* this port of this namespace is opened and closed more often than is
			    * told, see  observer_limit(); told once in a second while it lasts.
			    * @listener says where, no more */
	LISTENER_CROWDED,  /* a client arrived while others waited: time to look at all queues. Told
			    * once a  second at most; @listener is any of that port, and not in the
			    * inventory */
};

struct listener_change {
	enum listener_change_kind kind;
	uint64_t at_ns; /* CLOCK_MONOTONIC, the kernel's own time for events */
	const struct listener *listener;
	struct task_end end; /* closed: why */
};

/* Called from observer_snapshot() and from the loop; the inventory has the change already. */
typedef void observer_handler(const struct listener_change *change, void *userdata);

enum observer_trouble {			 /* for a while less is known than should be */
			OBSERVER_LOSING, /* events found no room: listeners are known again, causes
					    may not be */
			OBSERVER_FULL,	 /* more listeners than INVENTORY_MAX: some are not known */
			OBSERVER_UNFOLLOWED, /* more openers than are followed: of some ends the
						cause is lost */
};
#define OBSERVER_TROUBLES (OBSERVER_UNFOLLOWED + 1)

struct observer_state {
	enum observer_trouble trouble;
	bool begins;	/* else it ended: a fresh snapshot was taken, and nothing happened for some
			   seconds */
	uint64_t count; /* of events or listeners that were not told, since it began */
};

/* Called from the loop when a trouble begins and when it ends. */
typedef void observer_trouble_handler(const struct observer_state *state, void *userdata);

#endif
