/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DIRECTORY/incidents.json: what outlives the daemon, as one object with its version. */
#ifndef MEMORY_FILE_H
#define MEMORY_FILE_H

#include "judge/memory.h"

#define MEMORY_FILE_NAME    "incidents.json"
#define MEMORY_FILE_VERSION 1

void memory_file_clear(struct memory *memory); /* frees what memory_file_load() has made */

/* Returns 0 (where there is no file, nothing is remembered), -EBADMSG (torn, or of nobody that we
 * know), -EPROTONOSUPPORT (of a later version than we know), or -errno; @ret is cleared then. */
int memory_file_load(const char *directory, struct memory *ret);

/* Replaces the file at once. Returns 0 or -errno. */
int memory_file_save(const char *directory, const struct memory *memory);

#endif
