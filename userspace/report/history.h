/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was said, kept: a line of JSON a record (record_json.h) in DIRECTORY/history.jsonl. When
 * that is full it becomes history.jsonl.1, in the place of an older one. So at least the last
 * HISTORY_BYTES are there, some 500 incidents of a server with nine ports, and never more than
 * twice as much. */
#ifndef HISTORY_H
#define HISTORY_H

#include <jansson.h>
#include <stddef.h>

#define HISTORY_FILE_NAME "history.jsonl"
#define HISTORY_BYTES	  (8 * 1024 * 1024)

/* Appends @record. Whole or not at all: what a full disk cut short is taken back. Returns 0 or
 * -errno. */
int history_append(const char *directory, const json_t *record);

/* Calls @line for each record that is there, the oldest first, until it returns something else than
 * 0. What is no object (a line that a crash tore) is left out and counted in *@ret_torn. Returns 0,
 * what @line returned, -ENOENT (nothing was ever kept) or another -errno. */
typedef int history_line(const json_t *record, void *userdata);
int history_read(const char *directory, history_line *line, void *userdata, size_t *ret_torn);

#endif
