/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history told by incidents and by services. Pure.
 *
 * {"since", "until", "observed_seconds", "torn",
 *  "incidents": [{"id", "opened", "closed" or null, "services": [{"service", "port"}], "unit",
 *                 "verdict", "finding", "cause", "detail", "remedy", "downtime_seconds",
 *                 "repairs": [{"time", "action", "result", "detail"}], "withheld": [reason, ...]}],
 *  "services": [{"service", "port", "incidents", "downtime_seconds", "availability",
 *                "mean_downtime_seconds"}]}
 *
 * Incidents are in the order of their openings; services in that of their ports. What is observed
 * begins with the first record that is kept, if that is later than "since". */
#ifndef HISTORY_VIEW_H
#define HISTORY_VIEW_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"

struct history_view; /* under way */

/* Times are those of time(2). Returns NULL when memory is short. */
struct history_view *history_view_new(int64_t since, int64_t until);
void history_view_free(struct history_view *view);
DEFINE_FREEP(struct history_view, history_view_free)

/* One record more, the oldest first. Returns 0 or -ENOMEM; what belongs to no incident says how
 * long there has been somebody to look. */
int history_view_add(struct history_view *view, const json_t *record);

/* The object above, released by the caller; NULL: memory is short. */
json_t *history_view_end(struct history_view *view, size_t torn);

/* The same for people. */
void history_view_print(const json_t *history, FILE *out);

#endif
