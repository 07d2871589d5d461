/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The status object (status.h) for people and for monitoring systems: the one line and the exit
 * code of a monitoring plugin, then a table of the services, or all that is known of each. The
 * daemon's file and a one-shot look are shown alike. The object is input: whatever it holds, the
 * answer is a sentence and never "OK" by accident. */
#ifndef SHOW_H
#define SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "report/show_style.h"

/* A daemon that has not written for so long is taken for dead; it writes at least every minute. */
#define SHOW_STALE_SEC 180

/* Monitoring systems cut longer first lines, some in the middle of the performance data. */
#define SHOW_LINE_BYTES 1000

/* Why the object is not to be believed, or NULL; @status may be NULL. What is not to be believed
 * has that sentence in its key "unknown" when it is shown as an object. @now: Unix time, to tell a
 * file that nobody writes any more; 0: it is fresh. */
const char *show_distrust(const json_t *status, int64_t now);

/* The exit code that it means, by the thresholds of @style. */
enum plugin_state show_state(const json_t *status, int64_t now, const struct show_style *style);

/* Prints it as well. @why: it is not to be believed, whatever it says; or NULL. */
enum plugin_state show_status(const json_t *status, int64_t now, const char *why, FILE *out,
			      const struct show_style *style);

#endif
