/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the observer: events and snapshots become the inventory. */
#ifndef RECONCILE_H
#define RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct observer;

/* How many events the kernel found no room for, and how many it kept to itself (observer_limit()).
 */
uint64_t reconcile_lost(const struct observer *observer);
uint64_t reconcile_suppressed(const struct observer *observer);

/* Something happened that the inventory does not have and that no waiting event will tell. */
bool reconcile_is_due(const struct observer *observer);

/* The callback of the ring: one event into the inventory. Returns -EXFULL when a turn is over, else
 * 0 or -ENOMEM. */
int reconcile_event(void *context, void *data, size_t size);

/* Takes a bounded number of events. Returns 0, 1 (more wait) or -errno. */
int reconcile_consume(struct observer *observer);

/* Takes a snapshot and brings the inventory to it. Returns 0 or -errno. */
int reconcile_snapshot(struct observer *observer);

/* Follows the ends of who opened what matters: the namespaces that do are others now. */
void reconcile_follow_own(struct observer *observer);

/* How often an opener's end could not be followed, for want of room. */
uint64_t reconcile_unfollowed(const struct observer *observer);

#endif
