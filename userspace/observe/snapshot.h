/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass of the iterator iter/task_file: every watched listener and who holds it, in all namespaces. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "inventory.h"

/* Reads the iterator of @link_fd to its end into @seen. Returns 0, -EIO (half a record) or -errno. */
int snapshot_read(int link_fd, struct inventory *seen);

#endif
