/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the observer: room in the kernel's maps, and what they have counted. */
#ifndef ARRIVALS_H
#define ARRIVALS_H

struct observer;

/* Reads the arrivals of every known listener into the inventory. */
void arrivals_count(struct observer *observer);

/* Forgets the openers that have no listener any more. */
void openers_make_room(struct observer *observer);

/* Where a listener found no room for its count of arrivals: forgets those of namespaces where
 * nobody listens any more; the snapshot that follows enters those that are missing. */
void arrivals_make_room(struct observer *observer);

#endif
