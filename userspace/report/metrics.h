/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Metrics for Prometheus, in the text format 0.0.4, for the textfile collector of node_exporter.
 *
 * Names and labels are a contract with users. An expected service always has its
 * hearken_service_up row, 0 or 1; what is not known is no row, never a zero. There are no pids,
 * addresses or error texts in labels, and no timestamps: the collector would refuse the file. */
#ifndef METRICS_H
#define METRICS_H

#include <stddef.h>

#include "model/view.h"
#include "report/page.h"

/* Pure. The caller frees *@ret, which ends in a newline. Returns 0 or -ENOMEM. */
int metrics_render(const struct view *view, char **ret, size_t *ret_size);

/* Puts the metrics in the place of @path, readable by everybody; its directory must exist, since it
 * belongs to the collector. Returns 0 or -errno. */
int metrics_write(const struct view *view, const char *path);

/* The family number @i, in the order of the file; NULL behind the last one. docs/metrics.md has
 * them all. */
const struct metric *metrics_family(size_t i);

#endif
