// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "model/bind_error.h"
#include "report/metrics_service.h"

struct family {
	struct metric metric;
	void (*rows)(struct page *page, const struct view *view);
};

static const char *or_none(const char *s)
{
	return s && *s ? s : "none";
}

static bool serves_ipv4(const struct listener *listener)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (listener->address.family != AF_INET6)
		return true;
	if (memcmp(listener->address.bytes, mapped, sizeof(mapped)) == 0)
		return true;
	return address_is_wildcard(&listener->address) && !listener->v6only;
}

static bool serves_ipv6(const struct listener *listener)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return listener->address.family != AF_INET &&
	       memcmp(listener->address.bytes, mapped, sizeof(mapped)) != 0;
}

static void build_info(struct page *page, const struct view *view)
{
	page_begin(page);
	page_label(page, "version", HEARKEN_VERSION);
	page_end(page, "1");
}

static void observer_info(struct page *page, const struct view *view)
{
	page_begin(page);
	page_label(page, "mode", or_none(view->mode));
	page_label(page, "state", or_none(view->hook_state));
	page_label(page, "bind", or_none(view->hook_bind));
	page_label(page, "accept", or_none(view->hook_accept));
	page_end(page, "1");
}

static void service_up(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		enum verdict verdict = view->services[i].verdict;

		metrics_begin_service(page, &view->services[i]);
		page_end(page, verdict == VERDICT_UP || verdict == VERDICT_DEGRADED ? "1" : "0");
	}
}

/* A set of states, so that a rule can tell what cannot be seen from what is down. */
static void service_verdict(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		for (enum verdict verdict = 0; verdict < VERDICT_COUNT; verdict++) {
			metrics_begin_service(page, &view->services[i]);
			page_label(page, "verdict", verdict_name(verdict));
			page_end(page, view->services[i].verdict == verdict ? "1" : "0");
		}
	}
}

static void service_info(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		for (enum source_kind kind = 0; kind < SOURCE_KIND_COUNT; kind++) {
			if (!(view->services[i].service->provenance.sources &
			      (UINT32_C(1) << kind)))
				continue;
			metrics_begin_service(page, &view->services[i]);
			page_label(page, "source", source_name(kind));
			page_end(page, "1");
		}
	}
}

static void listener_present(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		const struct service_view *service = &view->services[i];
		bool ipv4 = false, ipv6 = false;

		for (size_t j = 0; j < service->n_listeners; j++) {
			ipv4 |= serves_ipv4(service->listeners[j]);
			ipv6 |= serves_ipv6(service->listeners[j]);
		}
		metrics_begin_service(page, service);
		page_label(page, "family", "ipv4");
		page_end(page, ipv4 ? "1" : "0");
		metrics_begin_service(page, service);
		page_label(page, "family", "ipv6");
		page_end(page, ipv6 ? "1" : "0");
	}
}

/* One row a port, though it may be listened on at several addresses. */
static void surplus_rows(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_surplus; i++) {
		uint16_t port = view->surplus[i]->port;
		const struct well_known *known = well_known_port(port);
		bool again = false;

		for (size_t j = 0; j < i && !again; j++)
			again = view->surplus[j]->port == port;
		if (again)
			continue;
		page_begin(page);
		metrics_label_service(page, known ? known->name : "other", port,
				      known ? known->protocol : PROTOCOL_UNSET);
		page_label(page, "finding", finding_name(FINDING_SURPLUS));
		page_label(page, "cause", "none");
		page_end(page, "1");
	}
}

static void finding_row(struct page *page, const struct service_view *service, enum finding finding,
			enum cause cause)
{
	metrics_begin_service(page, service);
	page_label(page, "finding", finding_name(finding));
	page_label(page, "cause", or_none(cause_name(cause)));
	page_end(page, "1");
}

static void finding_active(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		const struct service_view *service = &view->services[i];
		uint32_t n;
		const struct answer_finding *also = view_also(service, &n);

		if (service->finding != FINDING_NONE)
			finding_row(page, service, service->finding, service->cause);
		for (uint32_t k = 0; k < n; k++)
			finding_row(page, service, also[k].finding, CAUSE_NONE);
	}
	surplus_rows(page, view);
}

static void source_conflicts(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_conflicts; i++) {
		char port[8];
		bool again = false;

		/* Two sources may disagree with a third in the same point. */
		for (size_t j = 0; j < i && !again; j++)
			again = view->conflicts[j].port == view->conflicts[i].port &&
				view->conflicts[j].kind == view->conflicts[i].kind;
		if (again)
			continue;
		(void)text_format(port, sizeof(port), "%u", view->conflicts[i].port);
		page_begin(page);
		page_label(page, "port", port);
		page_label(page, "conflict", conflict_kind_name(view->conflicts[i].kind));
		page_end(page, "1");
	}
}

/* A row for each source, so that one which cannot be read any more is a change of a value. */
static void source_unreadable(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_sources; i++) {
		const struct source *source = view->sources[i].source;
		bool again = false;

		for (size_t j = 0; j < i && !again; j++)
			again = view->sources[j].source->kind == source->kind &&
				strcmp(view->sources[j].source->path, source->path) == 0;
		if (again)
			continue;
		page_begin(page);
		page_label(page, "kind", source_name(source->kind));
		page_label(page, "path", source->path);
		page_end(page, view->sources[i].verdict == VERDICT_UP ? "0" : "1");
	}
}

static void downtime(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		metrics_begin_service(page, &view->services[i]);
		page_end_seconds(page, view->services[i].downtime_usec);
	}
}

/* All of them from the start: increase() does not see a series that is born at 1. */
static void incidents(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		const struct service_view *service = &view->services[i];

		for (enum cause cause = 0; service->incidents && cause < CAUSE_COUNT; cause++) {
			metrics_begin_service(page, service);
			page_label(page, "cause", or_none(cause_name(cause)));
			page_end_count(page, service->incidents[cause]);
		}
	}
}

/* While nobody listens, what the last conversation told is no longer so. */
static bool is_served(const struct service_view *service)
{
	return service->finding != FINDING_MISSING && service->n_listeners > 0;
}

/* A prober that could not do its job says nothing of the server. */
static bool has_answer(const struct service_view *service)
{
	return service->probed && service->answer.complete && is_served(service);
}

static void probe_success(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		const struct service_view *service = &view->services[i];

		for (int v = 0; service->answers && v < VANTAGE_COUNT; v++) {
			const struct answer *answer = &service->answers->list[v];

			if (!(service->answers->given & UINT32_C(1) << v) || !answer->complete)
				continue;
			metrics_begin_service(page, service);
			page_label(page, "vantage", vantage_name((enum vantage)v));
			page_end(page, is_served(service) && finding_severity(answer->finding) !=
								     SEVERITY_CRITICAL
					       ? "1"
					       : "0");
		}
	}
}

static void probe_duration(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		const struct service_view *service = &view->services[i];
		const struct {
			const char *phase;
			uint64_t usec;
		} phases[] = {
			{ "connect", service->answer.connect_usec },
			{ "greeting", service->answer.greeting_usec },
			{ "tls", service->answer.tls_usec },
			{ "total", service->answer.total_usec },
		};

		for (size_t j = 0; has_answer(service) && j < ARRAY_SIZE(phases); j++) {
			if (phases[j].usec == 0)
				continue;
			metrics_begin_service(page, service);
			page_label(page, "phase", phases[j].phase);
			page_end_seconds(page, phases[j].usec);
		}
	}
}

static void certificate_not_after(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		const struct service_view *service = &view->services[i];
		char text[24];

		if (!has_answer(service) || service->answer.not_after == 0)
			continue;
		(void)text_format(text, sizeof(text), "%" PRId64, service->answer.not_after);
		metrics_begin_service(page, service);
		page_end(page, text);
	}
}

static void arrivals(struct page *page, const struct view *view)
{
	if (strcmp(or_none(view->mode), "polling") == 0)
		return; /* not counted: no number, rather than a wrong one */
	for (size_t i = 0; i < view->n_services; i++) {
		metrics_begin_service(page, &view->services[i]);
		page_end_count(page, view->services[i].arrivals);
	}
}

static void accepts(struct page *page, const struct view *view)
{
	if (!view_counts_accepts(view))
		return;
	for (size_t i = 0; i < view->n_services; i++) {
		metrics_begin_service(page, &view->services[i]);
		page_end_count(page, view->services[i].accepts);
	}
}

static void queue_length(struct page *page, const struct view *view)
{
	for (size_t i = 0; i < view->n_services; i++) {
		const struct service_view *service = &view->services[i];
		uint64_t sum = 0;

		for (size_t j = 0; j < service->n_listeners; j++)
			sum += service->listeners[j]->queued;
		metrics_begin_service(page, service);
		page_end_count(page, sum);
	}
}

static void repairs(struct page *page, const struct view *view)
{
	static const char *const results[] = { "failed", "done" };

	for (enum rung rung = RUNG_RELOAD; view->repairs && rung <= RUNG_RESTART; rung++) {
		for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
			page_begin(page);
			page_label(page, "action", rung_name(rung));
			page_label(page, "result", results[i]);
			page_end_count(page, view->repairs[rung][i]);
		}
	}
}

static void withheld(struct page *page, const struct view *view)
{
	for (enum withheld why = WITHHELD_NO + 1; view->withheld && why < WITHHELD_COUNT; why++) {
		page_begin(page);
		page_label(page, "reason", withheld_name(why));
		page_end_count(page, view->withheld[why]);
	}
}

static void bind_failures(struct page *page, const struct view *view)
{
	for (enum bind_error error = 0; view->bind_failures && error < BIND_ERROR_COUNT; error++) {
		page_begin(page);
		page_label(page, "errno", bind_error_name(error));
		page_end_count(page, view->bind_failures[error]);
	}
}

static void events_lost(struct page *page, const struct view *view)
{
	page_begin(page);
	page_end_count(page, view->events_lost);
}

static void snapshots(struct page *page, const struct view *view)
{
	page_begin(page);
	page_end_count(page, view->snapshots);
}

static void last_update(struct page *page, const struct view *view)
{
	page_begin(page);
	page_end_seconds(page, view->now.real_usec);
}

static const struct family families[] = {
	{ { "build_info", "gauge", "Which Hearken writes this." }, build_info },
	{ { "observer_info", "gauge", "How listeners are seen; mode none means blind." },
	  observer_info },
	{ { "service_up", "gauge",
	    "1 while an expected service serves; 0 also while that is unknown." },
	  service_up },
	{ { "service_verdict", "gauge", "Which of the verdicts a service has: 1 for that one." },
	  service_verdict },
	{ { "service_info", "gauge", "Who says that the service is expected." }, service_info },
	{ { "listener_present", "gauge",
	    "Whether anybody listens for the service, by address family." },
	  listener_present },
	{ { "finding_active", "gauge", "What is wrong with a service now, and why." },
	  finding_active },
	{ { "source_conflict", "gauge", "What sources disagree on, by port." }, source_conflicts },
	{ { "source_unreadable", "gauge",
	    "1 while a source cannot be read, and what it says is not known." },
	  source_unreadable },
	{ { "downtime_seconds_total", "counter", "Time the service was down, by kernel events." },
	  downtime },
	{ { "incidents_total", "counter", "Incidents opened, by service and cause." }, incidents },
	{ { "probe_success", "gauge", "Whether the last conversation went as a client needs it." },
	  probe_success },
	{ { "probe_duration_seconds", "gauge",
	    "How long each phase of the last conversation took." },
	  probe_duration },
	{ { "next_probe_timestamp_seconds", "gauge", "When the next conversation is due." },
	  metrics_next_probe },
	{ { "silenced_until_timestamp_seconds", "gauge",
	    "Until when nobody is alerted and nothing repaired, for it; 0 where it is not "
	    "silenced." },
	  metrics_silenced_until },
	{ { "certificate_not_after_timestamp_seconds", "gauge",
	    "When the certificate that is served ends." },
	  certificate_not_after },
	{ { "arrivals_total", "counter", "Connections the kernel took." }, arrivals },
	{ { "accepts_total", "counter", "Connections that were accepted." }, accepts },
	{ { "accept_queue_length", "gauge", "Connections that wait to be accepted." },
	  queue_length },
	{ { "repairs_total", "counter", "Repairs carried out, or tried in vain." }, repairs },
	{ { "repairs_withheld_total", "counter", "Repairs not tried, by reason." }, withheld },
	{ { "repair_budget_left", "gauge",
	    "Repairs that repair-limit still allows for whoever serves it." },
	  metrics_budget_left },
	{ { "bind_failures_total", "counter",
	    "Binds to watched ports that the kernel refused, by errno." },
	  bind_failures },
	{ { "events_lost_total", "counter",
	    "Kernel events lost; a snapshot finds the listeners again." },
	  events_lost },
	{ { "snapshots_total", "counter", "Snapshots of all listeners taken." }, snapshots },
	{ { "last_update_timestamp_seconds", "gauge", "When this was written." }, last_update },
};

const struct metric *metrics_family(size_t i)
{
	return i < ARRAY_SIZE(families) ? &families[i].metric : NULL;
}

int metrics_render(const struct view *view, char **ret, size_t *ret_size)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size = 0;
	struct page page = { .out = open_memstream(&text, &size) };
	bool failed;

	if (!page.out)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		page.metric = &families[i].metric;
		page.has_head = false;
		families[i].rows(&page, view);
	}
	failed = ferror(page.out);
	if (fclose(page.out) != 0 || failed)
		return -ENOMEM;
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

int metrics_write(const struct view *view, const char *path)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size;
	int r = metrics_render(view, &text, &size);

	if (r < 0)
		return r;
	return file_tell(path, text, size, 0644);
}
