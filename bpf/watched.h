/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which ports are watched: in every object the same map of bits, which userspace writes. */
#ifndef WATCHED_H
#define WATCHED_H

#include "bpf/listener_event.h"

/* Userspace writes the first and reads the second through the mapped section. */
__u64 watched_ports[LISTENER_PORT_WORDS];
__u64 dropped; /* no room in the ring, or in the map */

static __always_inline bool is_watched(__u16 port)
{
	return watched_ports[port / 64] & 1ULL << port % 64;
}

#endif
