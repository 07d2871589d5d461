/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The places: network namespaces where services are expected, as they are now. places.c finds them
 * and keeps the table true; everybody else reads. Pure. */
#ifndef PLACE_TABLE_H
#define PLACE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "intent/config/config.h"
#include "model/service.h"

#define PLACES_MAX 16

struct service_place {
	uint32_t netns;		     /* inode; 0: it is not there now */
	uint32_t netns_before;	     /* the last one that was there; 0: none is known */
	bool unknown;		     /* it cannot be looked for: nothing is claimed of it */
	char path[CONFIG_PATH_SIZE]; /* leads there; empty: our own */
	pid_t pid;		     /* of a container: its oldest process; 0: not there, or none */
};

struct place_table { /* zeroed is empty */
	struct service_place list[PLACES_MAX];
	size_t n;
	uint32_t host_netns; /* our own */
};

/* Whether it is there, and is the namespace @netns. */
bool place_is_here(const struct service_place *place, uint32_t netns);

/* Where @service is expected. */
const struct service_place *place_of(const struct place_table *table,
				     const struct service *service);

/* Whether that is there, and is the namespace @netns. */
bool place_has(const struct place_table *table, const struct service *service, uint32_t netns);

/* Whether services are expected in namespace @netns. */
bool place_is_any(const struct place_table *table, uint32_t netns);

/* The path as functions of netns.h want it: NULL is our own. */
const char *place_path(const struct service_place *place);

#endif
