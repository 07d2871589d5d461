// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/snapshot.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "observe/kernel/event.h"

#define HOLDINGS_MAX 16384 /* records that are sorted together */
#define LISTED_BATCH 4096  /* more than a bucket of the map ever holds */

/* By cookie, so that the inventory grows at its end. */
static int compare(const void *a, const void *b)
{
	const struct listener_holding *one = a, *other = b;

	return (one->socket.cookie > other->socket.cookie) -
	       (one->socket.cookie < other->socket.cookie);
}

static int take_one(struct inventory *seen, const struct listener_holding *holding)
{
	struct listener *listener = inventory_find(seen, holding->socket.cookie);
	struct holder holder;

	if (!listener) {
		struct listener fresh = event_listener(&holding->socket);

		fresh.opened_ns = holding->opened_ns;
		fresh.opener = holding->opener;
		fresh.cgroup_id = holding->task.cgroup_id;
		fresh.is_mptcp = holding->is_mptcp;
		listener = inventory_put(seen, &fresh);
		if (!listener)
			return inventory_is_full(seen, holding->socket.netns) ? 0 : -ENOMEM;
	}
	if (!holding->task.kernel_pid)
		return 0; /* found by its tag */
	/* By its file, that is as it is now: what is listed knows how it began, perhaps before it
	 * had a port. */
	listener->port = holding->socket.port;
	listener->backlog = holding->socket.backlog;
	listener->queued = holding->socket.queued;
	holder = event_holder(&holding->task);
	if (listener_is_of(listener, &holder))
		listener->cgroup_id = holding->task.cgroup_id;
	listener_add_holder(listener, &holder);
	return 0;
}

static int take(struct inventory *seen, struct listener_holding *holdings, size_t n)
{
	int r = 0;

	qsort(holdings, n, sizeof(*holdings), compare);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = take_one(seen, &holdings[i]);
	return r;
}

int snapshot_read(int link_fd, struct inventory *seen)
{
	cleanup(memory_freep) struct listener_holding *holdings =
		malloc(HOLDINGS_MAX * sizeof(*holdings));
	const size_t room = HOLDINGS_MAX * sizeof(*holdings);
	cleanup(fd_closep) int fd = -1;
	size_t have = 0;

	if (!holdings)
		return -ENOMEM;
	fd = bpf_iter_create(link_fd);
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, (char *)holdings + have, room - have);
		size_t whole;
		int r;

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		have += (size_t)n;
		if (n > 0 && have < room)
			continue;
		whole = have / sizeof(*holdings);
		if (n == 0 && have % sizeof(*holdings))
			return -EIO;
		r = take(seen, holdings, whole);
		if (r < 0 || n == 0)
			return r;
		have = 0; /* the room is a whole number of records */
	}
}

/* Those that are watched go to the front; returns how many. */
static size_t keep_watched(struct listener_holding *holdings, size_t n,
			   const struct port_set *ports)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (port_set_has(ports, holdings[i].socket.port))
			holdings[kept++] = holdings[i];
	return kept;
}

int snapshot_read_listed(int map_fd, const struct port_set *ports, struct inventory *seen)
{
	cleanup(memory_freep) struct listener_holding *holdings =
		malloc(LISTED_BATCH * sizeof(*holdings));
	cleanup(memory_freep) uint64_t *cookies = malloc(LISTED_BATCH * sizeof(*cookies));
	uint32_t cursor; /* of the kernel's; meaningful after the first batch */
	bool is_first = true;

	if (!holdings || !cookies)
		return -ENOMEM;
	for (;;) {
		uint32_t n = LISTED_BATCH;
		int r = bpf_map_lookup_batch(map_fd, is_first ? NULL : &cursor, &cursor, cookies,
					     holdings, &n, NULL);
		bool is_last = r < 0;

		if (r < 0 && errno != ENOENT)
			return -errno;
		r = take(seen, holdings, keep_watched(holdings, n, ports));
		if (r < 0 || is_last)
			return r;
		is_first = false;
	}
}
