/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the observer: how fast the ring is read and snapshots follow each other in the loop,
 * whatever others do; and who is told when that is too slow to know all. */
#ifndef PACE_H
#define PACE_H

#include <stdint.h>
#include <systemd/sd-event.h>

struct observer;

/* Wires ring and timers to the loop. Returns 0 or -errno. */
int pace_attach(struct observer *observer, sd_event *event);
void pace_detach(struct observer *observer);

/* Sees to it that a snapshot is taken soon, if one is due. Returns 0 or -errno. */
int pace_ask(struct observer *observer);

/* Says which troubles begin and end; @now: CLOCK_MONOTONIC. For who polls: else pace_ask() does it.
 * Returns when to do so again, USEC_NEVER: no trouble lasts. */
uint64_t pace_note_troubles(struct observer *observer, uint64_t now);

#endif
