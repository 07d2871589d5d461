/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set of TCP ports, a bit each, as bpf/watched.h keeps the watched ones. */
#ifndef PORT_SET_H
#define PORT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/listener_event.h"

struct port_set { /* zeroed is empty */
	uint64_t words[LISTENER_PORT_WORDS];
};

static inline void port_set_add(struct port_set *set, uint16_t port)
{
	set->words[port / 64] |= UINT64_C(1) << port % 64;
}

static inline bool port_set_has(const struct port_set *set, uint16_t port)
{
	return set->words[port / 64] & UINT64_C(1) << port % 64;
}

/* Into the mapped section of a BPF object: word by word, so that a port which was there, and stays,
 * is never unwatched in between. */
static inline void port_set_publish(const struct port_set *set,
				    __u64 to[static LISTENER_PORT_WORDS])
{
	for (size_t i = 0; i < LISTENER_PORT_WORDS; i++)
		*(volatile __u64 *)&to[i] = set->words[i];
}

#endif
