/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of compose's "ports:", in either syntax. Pure. */
#ifndef COMPOSE_PORT_H
#define COMPOSE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/address.h"

struct compose_range {
	uint16_t first, last; /* inside */
	uint16_t host_first;  /* as many on the host, from this one on; 0: docker chooses */
	bool is_tcp;
	bool has_address;
	struct address address;
};

/* "587", "587:587", "192.0.2.1:587:587/tcp", "192.0.2.1::587", "[::1]:587:587",
 * "::1:587:587", "8000-8005:9000-9005". Returns 0 or -EINVAL. */
int compose_range_short(const char *value, struct compose_range *ret);

/* The four words of the long syntax, each empty when it is not said. Returns 0 or -EINVAL. */
int compose_range_long(const char *target, const char *published, const char *host_ip,
		       const char *protocol, struct compose_range *ret);

#endif
