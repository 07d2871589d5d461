/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of mail that a container publishes, and nobody serves or expects: compose files publish all
 * that a product could serve. A notice, and no fault. Pure. */
#ifndef IDLE_PORTS_H
#define IDLE_PORTS_H

#include "model/container.h"
#include "model/service.h"
#include "observe/inventory.h"

/* A sentence without its end; "" when there are none. @inventory: NULL: nothing can be seen. */
void idle_ports_tell(const struct container_set *containers, const struct service_set *services,
		     const struct inventory *inventory, char *to, size_t size);

#endif
