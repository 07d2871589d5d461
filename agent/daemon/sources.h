/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is expected: read at the start, again at SIGHUP and when a server changed its listeners; put
 * in the place of what was known, keeping every incident. */
#ifndef SOURCES_H
#define SOURCES_H

#include "agent/daemon/daemon.h"

#define SOURCES_PORTS_MAX (SERVICES_MAX + 16)

/* Reads configuration and sources for the first time and makes the judge. Says each complaint.
 * Returns 0, -EINVAL (the configuration is wrong) or -errno. */
int sources_read(struct daemon *daemon);

/* The ports of @services and the well-known ones of mail; returns how many. */
size_t sources_ports(const struct service_set *services, uint16_t ports[static SOURCES_PORTS_MAX]);

/* Makes the observer watch the expected ports and the well-known ones, and systemd the units. */
void sources_watch(struct daemon *daemon);

/* SIGHUP: the configuration too. A broken one is said, and the old one kept. */
void sources_reload(struct daemon *daemon);

/* Only the sources, in the background. */
void sources_read_again(struct daemon *daemon);

void sources_clear(struct daemon *daemon);

#endif
