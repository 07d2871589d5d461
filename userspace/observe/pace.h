/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the observer: how fast the ring is read and snapshots follow each other in the loop, whatever
 * others do; and who is told when that is too slow to know all. */
#ifndef PACE_H
#define PACE_H

#include <systemd/sd-event.h>

#include "observer.h"

/* Wires ring and timers to the loop. Returns 0 or -errno. */
int pace_attach(struct observer *observer, sd_event *event);
void pace_detach(struct observer *observer);

/* Sees to it that a snapshot is taken soon, if one is due. Returns 0 or -errno. */
int pace_ask(struct observer *observer);

#endif
