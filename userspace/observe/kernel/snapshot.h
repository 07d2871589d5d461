/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass of an iterator over listeners, in all namespaces: over our tags on sockets, or over open
 * files. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "observe/inventory.h"
#include "observe/port_set.h"

/* Reads the iterator of @link_fd to its end, and adds it to @seen; a listener for which there is no
 * room is left out and counted there. Returns 0, -EIO (half a record), -ENOMEM or -errno. */
int snapshot_read(int link_fd, struct inventory *seen);

/* The same from the map "listed" of what has a tag and whose port is in @ports, where the kernel
 * refuses to iterate over tags. A listener that ended untold stays in there; who asks it finds out.
 * Returns 0, -ENOMEM or -errno. */
int snapshot_read_listed(int map_fd, const struct port_set *ports, struct inventory *seen);

#endif
