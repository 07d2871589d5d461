/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the observer: observer.c (its life), reconcile.c (events and snapshots into
 * the inventory), pace.c (when) and arrivals.c (room in the kernel's maps). */
#ifndef OBSERVER_STATE_H
#define OBSERVER_STATE_H

#include <systemd/sd-event.h>

#include "bpf/listener_event.h"
#include "observe/change.h"
#include "observe/inventory.h"
#include "observe/owner/owner.h"
#include "observe/port_set.h"

#define OWNERS_KNOWN_MAX 256 /* processes whose owner is remembered */

struct known_owner {
	bool is_known;
	uint32_t kernel_pid;
	uint64_t started_ns;
	uint64_t cgroup_id;
	struct owner owner;
};

struct trouble {
	bool lasts;
	uint64_t seen;	    /* of its count */
	uint64_t before;    /* its count when it began */
	uint64_t last_usec; /* when the count was seen to grow */
};

struct observer {
	struct listener_bpf *skel; /* NULL: polling */
	struct bpf_link *tags_link;
	struct bpf_link *signals_link; /* NULL: who sends signals is not seen */
	struct ring_buffer *ring;
	const char *netns_path; /* polling: where; empty is our own */
	unsigned int failures;	/* looks in a row that failed */
	struct port_set ports;	/* watched */
	struct netns_set own;	/* where services are expected */
	uint64_t unfollowed;	/* openers that userspace found no room for */
	uint64_t followed_anew; /* of these and the kernel's, those that were made up for */
	sd_event_source *source;
	sd_event_source *look_timer; /* a snapshot is due */
	sd_event_source *rest_timer; /* the ring is not read until then */
	observer_handler *handler;
	void *userdata;
	observer_trouble_handler *trouble_handler;
	void *trouble_userdata;
	struct trouble troubles[OBSERVER_TROUBLES];
	struct inventory inventory;
	struct owners finder;
	struct known_owner *owners; /* OWNERS_KNOWN_MAX */
	uint64_t lost;	     /* of the kernel's count, those already answered with a snapshot */
	uint64_t suppressed; /* the same */
	uint64_t snapshots;
	uint64_t snapshot_usec; /* when the last one was begun */
	size_t left_out_seen;	/* by it: listeners that found no room in it */
	uint64_t second_usec;	/* since when events are counted for a second */
	size_t second_events;
	size_t turn; /* events taken since reconcile_consume() began */
	bool hides;  /* somebody listens where it matters, and has no pid that we see */
	bool look;   /* something happened that only a snapshot can tell */
	int n_cpus;
};

#endif
