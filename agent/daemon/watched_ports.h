/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ports the kernel is to tell of. Pure. */
#ifndef WATCHED_PORTS_H
#define WATCHED_PORTS_H

#include "model/service.h"

#define WATCHED_PORTS_MAX (2 * SERVICES_MAX + 16)

struct watched_ports {
	uint16_t list[WATCHED_PORTS_MAX];
	size_t n;
};

/* Those of @services, and the well-known ones of mail: a listener that nobody expects is seen too.
 */
void watched_ports_of(const struct service_set *services, struct watched_ports *ret);

#endif
