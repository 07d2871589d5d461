/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this process is to the system: how it takes memory, and which signals end it. */
#ifndef LIFETIME_H
#define LIFETIME_H

#include <systemd/sd-event.h>

/* Before anything of weight is allocated. */
void lifetime_prepare(void);

/* SIGTERM and SIGINT end the loop of @event. Returns 0 or -errno. */
int lifetime_end_by_signals(sd_event *event);

#endif
