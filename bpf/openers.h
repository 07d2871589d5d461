/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose end is followed, and the network namespaces whose share of the room nobody else can take.
 */
#ifndef OPENERS_H
#define OPENERS_H

#include <bpf/bpf_helpers.h>

#define OPENERS_MAX   8192
#define OWN_NETNS_MAX 1024

struct { /* thread groups whose end explains a listener's: the openers, or the oldest holders */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, OPENERS_MAX);
	__type(key, __u32);
	__type(value, __u8);
} openers SEC(".maps");

struct { /* the same in the namespaces that matter: a room that others cannot fill */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, OPENERS_MAX);
	__type(key, __u32);
	__type(value, __u8);
} own_openers SEC(".maps");

struct { /* namespaces that matter, by inode */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, OWN_NETNS_MAX);
	__type(key, __u32);
	__type(value, __u8);
} own_netns SEC(".maps");

__u64 n_own;	  /* how many; 0: all matter; userspace writes it */
__u64 unfollowed; /* openers that found no room; userspace reads it */

static __always_inline bool is_own(__u32 netns)
{
	return !n_own || bpf_map_lookup_elem(&own_netns, &netns);
}

#endif
