/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What docker writes to disk of a container, for when its socket is refused, and for what it does
 * not say there: that somebody stopped it. */
#ifndef RUNTIME_STORED_H
#define RUNTIME_STORED_H

#include "model/container.h"

#define STORED_FILE_MAX (1024 * 1024)

/* @root: "/var/lib/docker". Returns 0, -ENOENT, -EBADMSG or -errno. */
int stored_read(const char *root, const char *id, struct container *ret);

#endif
