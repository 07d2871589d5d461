// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/netns_set.h"

#include <string.h>

/* The place of @netns, or where it would have to go. */
static size_t place(const struct netns_set *set, uint32_t netns)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->list[middle] < netns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool netns_set_add(struct netns_set *set, uint32_t netns)
{
	size_t i = place(set, netns);

	if (i < set->n && set->list[i] == netns)
		return true;
	if (set->n == NETNS_SET_MAX)
		return false;
	memmove(set->list + i + 1, set->list + i, (set->n - i) * sizeof(*set->list));
	set->list[i] = netns;
	set->n++;
	return true;
}

bool netns_set_has(const struct netns_set *set, uint32_t netns)
{
	size_t i;

	if (!set || set->n == 0)
		return true;
	i = place(set, netns);
	return i < set->n && set->list[i] == netns;
}
