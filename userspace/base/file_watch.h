/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells when files changed: written, replaced by rename, created where there was none, or reached
 * through a symlink, their own or one of a directory on the way, that now leads elsewhere
 * (Kubernetes swaps
 * "..data", certbot its "live" links). Not told: a file system mounted on the way.
 *
 * An event loop waits for file_watch_fd() to be readable and calls file_watch_read(). A change is
 * told as soon as it is seen, so wait a little before the file is read: whoever saves a file often
 * touches it several times. No change is lost between two reads: the watch is renewed before it is
 * told of. */
#ifndef FILE_WATCH_H
#define FILE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

#define FILE_WATCH_PATHS_MAX  64
#define FILE_WATCH_PLACES_MAX 2048 /* directories times names on the way to the paths */

struct file_watch;

/* Returns 0, or -EMFILE (fs.inotify.max_user_instances), -ENOMEM, ... The caller frees *@ret with
 * file_watch_free(). */
int file_watch_new(struct file_watch **ret);
int file_watch_fd(const struct file_watch *watch); /* owned by @watch */

/* Watches @paths, absolute ones that need not exist, in the place of those before. One that is a
 * directory stands for the files directly in it whose names end in ".conf". Returns 0, -EINVAL (a
 * relative path), -E2BIG (too many), -ENOSPC (fs.inotify.max_user_watches), or another -errno; what
 * could be watched is watched then. */
int file_watch_set(struct file_watch *watch, const char *const paths[], size_t n);

/* Takes what happened. Returns 1 when one of the paths may lead to something else than before, 0
 * when not, or -errno as file_watch_set(). */
int file_watch_read(struct file_watch *watch);

void file_watch_free(struct file_watch *watch); /* takes NULL */
DEFINE_FREEP(struct file_watch, file_watch_free)

#endif
