/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of metrics that are of one service each: their common labels, and what is planned for it.
 * Private to metrics.c. */
#ifndef METRICS_SERVICE_H
#define METRICS_SERVICE_H

#include "model/view.h"
#include "report/page.h"

void metrics_label_service(struct page *page, const char *name, uint16_t port,
			   enum protocol protocol);

/* A row, with these labels. */
void metrics_begin_service(struct page *page, const struct service_view *service);

/* All rows of a family. */
void metrics_budget_left(struct page *page, const struct view *view);
void metrics_next_probe(struct page *page, const struct view *view);
void metrics_silenced_until(struct page *page, const struct view *view);

#endif
