/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of a server: this host's, or one below the root directory of the container that the server
 * runs in. */
#ifndef DISK_FILE_H
#define DISK_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "model/service.h"

#define DISK_HERE (-1) /* the root of this host's files */

/* Where @service's files lie: *@ret is DISK_HERE, or a directory that the caller closes. Returns 0,
 * -ESRCH (its container is gone) or -errno. */
int disk_root(const struct service *service, int *ret);

/* file_read() or file_read_below(), by @root. */
int disk_read(int root, const char *path, size_t max, char **ret, size_t *ret_size);

/* stat(), and below a root what is there as its own process would find it. Returns 0 or -errno. */
int disk_stat(int root, const char *path, struct stat *ret);

#endif
