// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/metrics_service.h"

#include "base/cleanup.h"
#include "base/text.h"

void metrics_label_service(struct page *page, const char *name, uint16_t port,
			   enum protocol protocol)
{
	char number[8];

	(void)text_format(number, sizeof(number), "%u", port);
	page_label(page, "service", name);
	page_label(page, "port", number);
	page_label(page, "protocol", protocol_name(protocol));
}

void metrics_begin_service(struct page *page, const struct service_view *service)
{
	page_begin(page);
	metrics_label_service(page, service->service->name, service->service->want.port,
			      service->service->want.protocol);
}

void metrics_budget_left(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		if (view->services[i].repair_budget_left < 0)
			continue;
		metrics_begin_service(page, &view->services[i]);
		page_end_count(page, (uint64_t)view->services[i].repair_budget_left);
	}
}

void metrics_next_probe(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		if (view->services[i].next_probe_real_usec == 0)
			continue;
		metrics_begin_service(page, &view->services[i]);
		page_end_seconds(page, view->services[i].next_probe_real_usec);
	}
}

void metrics_silenced_until(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		metrics_begin_service(page, &view->services[i]);
		page_end_seconds(page, view->services[i].silenced_until_sec * USEC_PER_SEC);
	}
}
