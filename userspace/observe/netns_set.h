/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network namespaces that matter: those where services are expected. What is seen of them has
 * room of its own in every table; what others do elsewhere must not take it. */
#ifndef NETNS_SET_H
#define NETNS_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETNS_SET_MAX 1024

struct netns_set {		      /* zeroed: nobody said, so all of them matter */
	uint32_t list[NETNS_SET_MAX]; /* inodes, in order */
	size_t n;
};

/* Adds @netns, if it is not there yet; false when the set is full. */
bool netns_set_add(struct netns_set *set, uint32_t netns);
bool netns_set_has(const struct netns_set *set, uint32_t netns); /* NULL: all */

#endif
