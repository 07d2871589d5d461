/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The status file: one JSON object with all that is known at one moment. Keys are a contract with
 * users: a key never changes its meaning. Times are ISO 8601 in UTC, what is not
 * known is null. show.h renders the same object for people. */
#ifndef STATUS_H
#define STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "model/view.h"

#define STATUS_VERSION 1

/* Pure. The caller frees *@ret, which ends in a newline. Returns 0 or -ENOMEM. */
int status_render(const struct view *view, char **ret, size_t *ret_size);

/* Puts it in the place of @path, readable by everybody, making the directory where it is missing.
 * Returns 0 or -errno. */
int status_write(const struct view *view, const char *path);

#endif
