/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the observer: observer.c (its life), merge.c (events and snapshots into the
 * inventory), pace.c (when) and arrivals.c. */
#ifndef OBSERVER_STATE_H
#define OBSERVER_STATE_H

#include "bpf/listener_event.h"
#include "observe/kernel/observer.h"
#include "observe/kernel/port_set.h"
#include "observe/owner/owner.h"

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
	uint64_t second_usec;	/* since when events are counted for a second */
	size_t second_events;
	size_t turn; /* events taken since merge_consume() began */
	bool look;   /* something happened that only a snapshot can tell */
	int n_cpus;
};

uint64_t merge_lost(const struct observer *observer);
uint64_t merge_suppressed(const struct observer *observer);

/* Something happened that the inventory does not have and that no waiting event will tell. */
bool merge_is_due(const struct observer *observer);

/* The callback of the ring: one event into the inventory. Returns -EXFULL when a turn is over, else
 * 0 or -ENOMEM. */
int merge_event(void *context, void *data, size_t size);

/* Takes a bounded number of events. Returns 0, 1 (more wait) or -errno. */
int merge_consume(struct observer *observer);

/* Takes a snapshot and brings the inventory to it. Returns 0 or -errno. */
int merge_snapshot(struct observer *observer);

/* Follows the ends of who opened what matters: the namespaces that do are others now. */
void merge_follow_own(struct observer *observer);

/* Forgets the openers that have no listener any more. */
void openers_make_room(struct observer *observer);

/* How often an opener's end could not be followed, for want of room. */
uint64_t merge_unfollowed(const struct observer *observer);

/* Where a listener found no room for its count of arrivals: forgets those of namespaces where
 * nobody listens any more; the snapshot that follows enters those that are missing. */
void arrivals_make_room(struct observer *observer);

#endif
