/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of compose's "services": what it publishes, what its container is told, and what it
 * takes over from others by "extends". Private to compose.c. */
#ifndef COMPOSE_SERVICE_H
#define COMPOSE_SERVICE_H

#include "intent/declared/compose_reading.h"

/* Adds what it says to the service of that name. Returns 0 or -ENOMEM. */
int compose_read_service(const struct compose_reading *reading, const yaml_node_t *name,
			 const yaml_node_t *body);

#endif
