// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/polling/polling.h"

#include <errno.h>
#include <time.h>

#include "base/netns.h"
#include "observe/polling/sockdiag.h"

static bool has_lost(const struct inventory *inventory, const struct inventory *seen)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (!inventory_find(seen, inventory->list[i]->cookie))
			return true;
	return false;
}

static int look(const char *netns_path, const struct port_set *ports,
		const struct inventory *inventory, struct inventory *seen)
{
	uint32_t netns;
	int r = netns_inode(netns_path, &netns);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	r = sockdiag_list(netns_path, netns, ports, seen);
	if (r < 0)
		return r;
	/* A dump in several datagrams may pass over a socket while others close: ask once more
	 * before anything is called gone. */
	return has_lost(inventory, seen) ? sockdiag_list(netns_path, netns, ports, seen) : 0;
}

static void report(observer_handler *handler, void *userdata, enum listener_change_kind kind,
		   uint64_t at_ns, const struct listener *listener)
{
	struct listener_change change = { .kind = kind, .at_ns = at_ns, .listener = listener };

	handler(&change, userdata);
}

int polling_look(const char *netns_path, const struct port_set *ports, struct inventory *inventory,
		 observer_handler *handler, void *userdata)
{
	struct inventory seen = { 0 };
	struct timespec ts;
	uint64_t at_ns;
	int r = look(netns_path, ports, inventory, &seen);

	clock_gettime(CLOCK_MONOTONIC, &ts);
	at_ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	/* What came first, what went last: a listener that another one replaced leaves no gap. */
	for (size_t i = 0; r >= 0 && i < seen.n; i++) {
		struct listener *known = inventory_find(inventory, seen.list[i]->cookie);

		if (known) {
			known->backlog = seen.list[i]->backlog;
			known->queued = seen.list[i]->queued;
			continue;
		}
		known = inventory_put(inventory, seen.list[i]);
		if (known)
			report(handler, userdata, LISTENER_OPENED, at_ns, known);
		else if (inventory->n < INVENTORY_MAX)
			r = -ENOMEM;
	}
	/* Who was left out is not gone. */
	for (size_t i = seen.n_left_out ? 0 : inventory->n; r >= 0 && i-- > 0;) {
		struct listener listener = *inventory->list[i];

		if (inventory_find(&seen, listener.cookie))
			continue;
		inventory_remove(inventory, listener.cookie);
		report(handler, userdata, LISTENER_GONE, at_ns, &listener);
	}
	inventory_clear(&seen);
	return r;
}
