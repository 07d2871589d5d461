/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How often something may be told: so many times in a second for each port of each namespace. */
#ifndef FLOOD_H
#define FLOOD_H

#include <bpf/bpf_helpers.h>
#include "bpf/listener_event.h"

#define FLOODS_MAX	4096 /* pairs that are counted; the least used are forgotten, and begin anew */
#define FLOOD_WINDOW_NS 1000000000ULL

struct flood {
	__u64 since_ns;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOODS_MAX);
	__type(key, struct arrival_key);
	__type(value, struct flood);
} floods SEC(".maps");

__u64 suppressed; /* what was not told; read by userspace through the mapped section */

enum flood_answer {
	FLOOD_TELL,
	FLOOD_BEGINS, /* the first of this second that is not told */
	FLOOD_LASTS,
};

/* Two processors may open a window at once: then a few more are told, and never is one suppressed
 * without a beginning. */
static __always_inline enum flood_answer flood_ask(__u32 netns, __u16 port, __u64 limit)
{
	struct arrival_key key = { .netns = netns, .port = port };
	struct flood *flood, fresh = { .since_ns = bpf_ktime_get_ns(), .n = 1 };
	__u64 n;

	flood = bpf_map_lookup_elem(&floods, &key);
	if (!flood) {
		bpf_map_update_elem(&floods, &key, &fresh, BPF_ANY);
		return FLOOD_TELL;
	}
	if (fresh.since_ns - flood->since_ns >= FLOOD_WINDOW_NS) {
		flood->since_ns = fresh.since_ns;
		flood->n = 0;
	}
	n = __sync_fetch_and_add(&flood->n, 1);
	if (n < limit)
		return FLOOD_TELL;
	/* Counted first: who is woken looks at the count. */
	__sync_fetch_and_add(&suppressed, 1);
	return n == limit ? FLOOD_BEGINS : FLOOD_LASTS;
}

#endif
