/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts of a service that never fall, summed over listeners that come and go: what the kernel
 * counts belongs to a socket, or to a port in a namespace, and is gone or begins anew with it.
 * Pure.
 *
 * A service is known by its name and port, so its counts go on across a reload. */
#ifndef TOTALS_H
#define TOTALS_H

#include "base/cleanup.h"
#include "model/view.h"

struct totals;

int totals_new(struct totals **ret); /* 0 or -ENOMEM */
void totals_free(struct totals *totals);
DEFINE_FREEP(struct totals, totals_free)

/* Adds what its listeners counted since the last call, and puts the sums into @service->arrivals
 * and ->accepts; ->downtime_usec, which the caller knows, is never less than it was. For each
 * service once a view. */
void totals_take(struct totals *totals, struct service_view *service);

#endif
