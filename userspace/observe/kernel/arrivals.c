// SPDX-License-Identifier: LGPL-2.1-or-later
/* Room in the kernel's maps: the counts of arrivals, by namespace, port and family, and the
 * openers. */
#include "observe/kernel/arrivals.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#include "bpf/listener.skel.h"
#include "observe/kernel/observer_state.h"

#define CPUS_MAX 1024 /* of which arrivals are summed */

void arrivals_count(struct observer *observer)
{
	uint64_t counts[CPUS_MAX];

	if (!observer->skel || observer->n_cpus > CPUS_MAX)
		return;
	for (size_t i = 0; i < observer->inventory.n; i++) {
		struct listener *listener = observer->inventory.list[i];
		struct arrival_key key = { .netns = listener->netns,
					   .port = listener->port,
					   .family = listener->address.family };
		uint64_t sum = 0;

		if (bpf_map_lookup_elem(bpf_map__fd(observer->skel->maps.arrivals), &key, counts) <
		    0)
			continue;
		for (int cpu = 0; cpu < observer->n_cpus; cpu++)
			sum += counts[cpu];
		listener->arrived = sum;
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

void arrivals_make_room(struct observer *observer)
{
	volatile __u64 *uncounted = &observer->skel->bss->uncounted;
	const struct inventory *inventory = &observer->inventory;
	int fd = bpf_map__fd(observer->skel->maps.arrivals);
	cleanup(memory_freep) uint32_t *alive = NULL;
	struct arrival_key key, next;
	bool more;

	if (!*uncounted)
		return;
	*uncounted = 0;
	alive = calloc(inventory->n + 1, sizeof(*alive));
	if (!alive)
		return;
	for (size_t i = 0; i < inventory->n; i++)
		alive[i] = inventory->list[i]->netns;
	qsort(alive, inventory->n, sizeof(*alive), compare);
	more = bpf_map_get_next_key(fd, NULL, &next) == 0;
	while (more) {
		key = next;
		more = bpf_map_get_next_key(fd, &key, &next) == 0; /* before it is deleted */
		if (!bsearch(&key.netns, alive, inventory->n, sizeof(*alive), compare))
			(void)bpf_map_delete_elem(fd, &key);
	}
}

static void forget_openers(int fd, const uint32_t *alive, size_t n)
{
	uint32_t key, next;
	bool more = bpf_map_get_next_key(fd, NULL, &next) == 0;

	while (more) {
		key = next;
		more = bpf_map_get_next_key(fd, &key, &next) == 0; /* before it is deleted */
		if (!bsearch(&key, alive, n, sizeof(*alive), compare))
			(void)bpf_map_delete_elem(fd, &key);
	}
}

void openers_make_room(struct observer *observer)
{
	const struct inventory *inventory = &observer->inventory;
	cleanup(memory_freep) uint32_t *alive = calloc(inventory->n + 1, sizeof(*alive));

	if (!alive)
		return;
	for (size_t i = 0; i < inventory->n; i++)
		alive[i] = inventory->list[i]->opener;
	qsort(alive, inventory->n, sizeof(*alive), compare);
	forget_openers(bpf_map__fd(observer->skel->maps.openers), alive, inventory->n);
	forget_openers(bpf_map__fd(observer->skel->maps.own_openers), alive, inventory->n);
}
