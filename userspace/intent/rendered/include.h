/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configurations of several files, as one text: before each file stands "# configuration file
 * PATH:", as "nginx -T" prints it. Private to intent/.
 *
 * The files are read by us rather than by "nginx -T", which opens log files and a pid file, and
 * even binds the configured ports for a moment when nginx is down: a watchdog must not. */
#ifndef INCLUDE_H
#define INCLUDE_H

#include <stddef.h>

#include "base/complaints.h"

#define INCLUDE_FILES_MAX 128
#define INCLUDE_DEPTH_MAX 8
#define INCLUDE_BYTES_MAX \
	(16 * 1024 * 1024) /* read again by each "include"; the readers keep to it */

struct include_map { /* zeroed is empty */
	struct include_file {
		const char *path; /* not terminated */
		size_t path_size;
		const char *text;
		size_t size;
	} list[INCLUDE_FILES_MAX];
	size_t n;
};

/* Finds the files in @text, which must outlive *@ret. Text without any header is one file without a
 * name. Pure. */
void include_map_parse(const char *text, size_t size, struct include_map *ret);

/* The first file at or behind index @from whose path fits @pattern (a glob; a relative one starts
 * in the first file's directory); -1: none. Pure. */
int include_map_find(const struct include_map *map, const char *pattern, size_t from);

/* Reads @path below the directory @root, and all that its "include" lines name there, into *@ret,
 * RENDERING_TEXT_MAX bytes at most; nothing leads out of @root, and what is no regular file is not
 * opened (file_read_below()). What cannot be read of what @path includes is a warning. Returns 0,
 * -ENOMEM, or another -errno with an error in @complaints. The caller frees *@ret. */
int include_read(int root, const char *path, char **ret, struct complaints *complaints);

#endif
