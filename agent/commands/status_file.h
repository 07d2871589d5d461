/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon wrote, and whether it is to be believed. */
#ifndef STATUS_FILE_H
#define STATUS_FILE_H

#include <jansson.h>

#define STATUS_WHY_SIZE 5120 /* with a path in it */

/* Reads the status file that the configuration @config (NULL: the usual one) names. *@ret is what
 * it holds, or NULL; released by the caller. Returns 0, or -errno with a sentence in @why: it
 * cannot be read, or nobody keeps it true. */
int status_file_read(const char *config, json_t **ret, char why[static STATUS_WHY_SIZE]);

#endif
