/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The status object (status.h) for people and for monitoring systems: the one line and the exit
 * code of a monitoring plugin, then a line for each service. The daemon's file and a one-shot look
 * are shown alike. The object is input: whatever it holds, the answer is a sentence and never "OK"
 * by accident. */
#ifndef SHOW_H
#define SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A daemon that has not written for so long is taken for dead; it writes at least every minute. */
#define SHOW_STALE_SEC 180

enum plugin_state { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN }; /* exit codes */

/* Why the object is not to be believed, or NULL; @status may be NULL. What is not to be believed
 * has that sentence in its key "unknown" when it is shown as an object. @now as below. */
const char *show_distrust(const json_t *status, int64_t now);

/* The exit code that it means. @status may be NULL. @now: Unix time, to tell a file that nobody
 * writes any more; 0: it is fresh. */
enum plugin_state show_state(const json_t *status, int64_t now);

/* Prints it as well. @color: for a terminal. */
enum plugin_state show_status(const json_t *status, int64_t now, FILE *out, bool color);

#endif
