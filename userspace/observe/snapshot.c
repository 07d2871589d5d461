// SPDX-License-Identifier: LGPL-2.1-or-later
#include "snapshot.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "event.h"

int snapshot_read(int link_fd, struct inventory *seen)
{
	struct listener_holding holdings[128];
	cleanup(fd_closep) int fd = -1;
	size_t have = 0;

	fd = bpf_iter_create(link_fd);
	if (fd < 0)
		return -errno;
	for (;;) {
		size_t whole;
		ssize_t n = read(fd, (char *)holdings + have, sizeof(holdings) - have);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return have ? -EIO : 0;
		have += (size_t)n;
		whole = have / sizeof(holdings[0]);
		for (size_t i = 0; i < whole; i++) {
			struct holder holder = event_holder(&holdings[i].task);
			struct listener *listener = inventory_find(seen, holdings[i].socket.cookie);

			if (!listener) {
				struct listener fresh = event_listener(&holdings[i].socket);

				listener = inventory_put(seen, &fresh);
				if (!listener)
					return -ENOMEM;
			}
			if (listener_is_of(listener, &holder))
				listener->cgroup_id = holdings[i].task.cgroup_id;
			listener_add_holder(listener, &holder);
		}
		have -= whole * sizeof(holdings[0]);
		memmove(holdings, holdings + whole, have);
	}
}
