// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/unheld.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/netns.h"
#include "base/text.h"
#include "observe/polling/sockdiag.h"

#define PROCESSES_MAX  32768
#define NAMESPACES_MAX 16 /* asked in one pass; of the others the next one tells */

/* Whether process @pid lives in @netns; then @path leads there. */
static bool is_there(const char *pid, uint32_t netns, char path[static 64])
{
	uint32_t its;

	return text_format(path, 64, "/proc/%.16s/ns/net", pid) >= 0 &&
	       netns_inode(path, &its) >= 0 && its == netns;
}

/* Who holds another listener there leads there; else any process that lives in it. */
static int find_process(const struct inventory *seen, uint32_t netns, char path[static 64])
{
	cleanup(directory_closep) DIR *directory = NULL;
	struct dirent *entry;

	for (size_t i = 0; i < seen->n; i++) {
		const struct listener *listener = seen->list[i];
		char pid[16];

		if (listener->netns != netns || !listener->n_holders || !listener->holders[0].pid)
			continue;
		(void)text_format(pid, sizeof(pid), "%d", listener->holders[0].pid);
		if (is_there(pid, netns, path))
			return 0;
	}
	directory = opendir("/proc");
	for (int n = 0; directory && n < PROCESSES_MAX && (entry = readdir(directory));)
		if (isdigit((unsigned char)*entry->d_name) && ++n &&
		    is_there(entry->d_name, netns, path))
			return 0;
	return -ENOENT;
}

/* A way into the namespace @netns: NULL for our own, else @path is filled in. Returns -ENOENT where
 * there is none. */
static int find_way(const struct inventory *seen, uint32_t netns, char path[static 64],
		    const char **ret)
{
	uint32_t own;

	*ret = NULL;
	if (netns_inode(NULL, &own) >= 0 && own == netns)
		return 0;
	*ret = path;
	return find_process(seen, netns, path);
}

/* @now: all of TCP that listens on @ports in @netns, as far as there was room. */
static void bring_up_to_date(struct inventory *seen, uint32_t netns, const struct inventory *now)
{
	for (size_t i = seen->n; i-- > 0;) {
		struct listener *listener = seen->list[i];
		const struct listener *is;

		if (listener->netns != netns || listener->n_holders)
			continue;
		is = inventory_find(now, listener->cookie);
		if (is) {
			listener->port = is->port;
			listener->backlog = is->backlog;
			listener->queued = is->queued;
		} else if (!listener->is_mptcp && !inventory_is_full(now, netns)) {
			inventory_remove(seen, listener->cookie);
		}
	}
}

/* -ENOMEM, or what else is in the way. */
static int list(const struct inventory *seen, uint32_t netns, const struct port_set *ports,
		struct inventory *now)
{
	const char *way;
	char path[64];
	int r = find_way(seen, netns, path, &way);

	return r < 0 ? r : sockdiag_list(way, netns, ports, now);
}

int unheld_add(struct inventory *seen, uint32_t netns, const struct port_set *ports)
{
	struct inventory now = { 0 };
	int r = list(seen, netns, ports, &now);

	for (size_t i = 0; r >= 0 && i < now.n; i++)
		if (!inventory_find(seen, now.list[i]->cookie) &&
		    !inventory_put(seen, now.list[i]) && !inventory_is_full(seen, netns))
			r = -ENOMEM;
	inventory_clear(&now);
	return r == -ENOMEM ? r : 0;
}

static int ask(struct inventory *seen, uint32_t netns, const struct port_set *ports)
{
	struct inventory now = { 0 };
	int r = list(seen, netns, ports, &now);

	if (r >= 0)
		bring_up_to_date(seen, netns, &now);
	inventory_clear(&now);
	return r == -ENOMEM ? r : 0;
}

int unheld_refresh(struct inventory *seen, const struct port_set *ports)
{
	uint32_t asked[NAMESPACES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < seen->n && n < NAMESPACES_MAX; i++) {
		uint32_t netns = seen->list[i]->netns;
		size_t k = 0;
		int r;

		if (seen->list[i]->n_holders)
			continue;
		while (k < n && asked[k] != netns)
			k++;
		if (k < n)
			continue;
		asked[n++] = netns;
		r = ask(seen, netns, ports);
		if (r < 0)
			return r;
	}
	return 0;
}
