// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "model/bind_error.h"
#include "report/metrics.h"

static const struct service submission = { .name = "submission",
					   .want.port = 587,
					   .want.protocol = PROTOCOL_SUBMISSION,
					   .want.tls = TLS_STARTTLS,
					   .expected = true,
					   .provenance.sources = 1 << SOURCE_MAILU | 1 << SOURCE_POLICY };
static const struct service imaps = { .name = "the \"secure\" \\one",
				      .want.port = 993,
				      .want.protocol = PROTOCOL_IMAP,
				      .want.tls = TLS_IMPLICIT,
				      .provenance.sources = 1 << SOURCE_CONFIG };
static const struct listener dual = {
	.port = 993, .address = { .family = AF_INET6 }, .arrived = 40, .queued = 2, .accepted = 38
};
static const struct listener sibling = {
	.port = 993, .address = { .family = AF_INET6 }, .arrived = 40, .queued = 1, .accepted = 5
};
static const struct listener dual_v4 = { .port = 993, .address = { .family = AF_INET }, .arrived = 7, .accepted = 7 };
static const struct listener stray = { .port = 4190, .address = { .family = AF_INET } };
static const struct listener stray6 = { .port = 4190, .address = { .family = AF_INET6 }, .v6only = true };
static const struct listener *const surplus[] = { &stray, &stray6 };
static const struct conflict conflicts[] = {
	{ .kind = CONFLICT_TLS, .port = 587 },
	{ .kind = CONFLICT_TLS, .port = 587 },
	{ .kind = CONFLICT_ADDRESS, .port = 587 },
};
static const uint64_t none[CAUSE_COUNT];
static const uint64_t incidents[CAUSE_COUNT] = { [CAUSE_NONE] = 1, [CAUSE_BIND_FAILED] = 3 };
static const struct source dovecot = { .kind = SOURCE_DOVECOT, .path = "/d.conf", .state = SOURCE_BROKEN };
static const struct source mailu = { .kind = SOURCE_MAILU, .path = "/m/mailu.env" };
static const struct source_view sources[] = {
	{ &mailu, VERDICT_UP, "" },
	{ &dovecot, VERDICT_UNKNOWN, "a" },
	{ &dovecot, VERDICT_UNKNOWN, "a" },
};
static const uint64_t repairs[3][2] = { [RUNG_RESTART] = { 1, 2 } };
static const uint64_t bind_failures[BIND_ERROR_COUNT] = { [BIND_ERROR_ADDRESS_IN_USE] = 7, [BIND_ERROR_OTHER] = 1 };
static const uint64_t withheld[WITHHELD_COUNT] = { [WITHHELD_BUDGET] = 4 };

static const struct answers answers = {
	.given = 1 << VANTAGE_INSIDE_IPV6 | 1 << VANTAGE_PUBLISHED_IPV4 | 1 << VANTAGE_PUBLISHED_IPV6,
	.list = { [VANTAGE_INSIDE_IPV6] = { .complete = true, .finding = FINDING_CERTIFICATE_EXPIRING },
		  [VANTAGE_PUBLISHED_IPV4] = { .complete = true, .finding = FINDING_UNREACHABLE },
		  [VANTAGE_PUBLISHED_IPV6] = { .complete = false } },
};
static const struct service_view services[] = {
	{ .service = &submission,
	  .verdict = VERDICT_DOWN,
	  .finding = FINDING_MISSING,
	  .cause = CAUSE_NOT_CONFIGURED,
	  .incidents = incidents,
	  .repair_budget_left = -1,
	  .downtime_usec = 2700001 },
	{ .service = &imaps,
	  .verdict = VERDICT_DEGRADED,
	  .finding = FINDING_CERTIFICATE_EXPIRING,
	  .listeners = { &dual },
	  .n_listeners = 1,
	  .incidents = none,
	  .next_probe_real_usec = UINT64_C(1764000060250000),
	  .repair_budget_left = 2,
	  .arrivals = 40,
	  .accepts = 38,
	  .probed = true,
	  .answers = &answers,
	  .answer = { .complete = true,
		      .finding = FINDING_CERTIFICATE_EXPIRING,
		      .n_findings = 2,
		      .findings = { { .finding = FINDING_CERTIFICATE_EXPIRING },
				    { .finding = FINDING_AUTH_NOT_OFFERED } },
		      .not_after = 1800000000,
		      .connect_usec = 380,
		      .total_usec = 12000000 } },
};
static const struct view view = {
	.now = { .real_usec = UINT64_C(1764000000500000) },
	.mode = "events",
	.hook_state = "tp_btf",
	.hook_bind = "tracepoint",
	.hook_accept = "fexit",
	.events_lost = 5,
	.snapshots = 6,
	.services = services,
	.n_services = ARRAY_SIZE(services),
	.surplus = surplus,
	.sources = sources,
	.n_sources = ARRAY_SIZE(sources),
	.conflicts = conflicts,
	.n_conflicts = ARRAY_SIZE(conflicts),
	.n_surplus = ARRAY_SIZE(surplus),
	.repairs = repairs,
	.withheld = withheld,
	.bind_failures = bind_failures,
};

#define SUBMISSION "service=\"submission\",port=\"587\",protocol=\"submission\""
#define IMAPS	   "service=\"the \\\"secure\\\" \\\\one\",port=\"993\",protocol=\"imap\""

static const char *const lines[] = {
	"# TYPE hearken_service_up gauge",
	"hearken_build_info{version=\"" HEARKEN_VERSION "\"} 1",
	"hearken_observer_info{mode=\"events\",state=\"tp_btf\",bind=\"tracepoint\",accept=\"fexit\"} 1",
	"hearken_service_up{" SUBMISSION "} 0",
	"hearken_service_up{" IMAPS "} 1",
	"hearken_service_info{" SUBMISSION ",source=\"mailu\"} 1",
	"hearken_service_info{" SUBMISSION ",source=\"policy\"} 1",
	"hearken_service_info{" IMAPS ",source=\"hearken.conf\"} 1",
	"hearken_listener_present{" SUBMISSION ",family=\"ipv4\"} 0",
	"hearken_listener_present{" IMAPS ",family=\"ipv4\"} 1",
	"hearken_listener_present{" IMAPS ",family=\"ipv6\"} 1",
	"hearken_finding_active{" SUBMISSION ",finding=\"missing\",cause=\"not-configured\"} 1",
	"hearken_finding_active{" IMAPS ",finding=\"certificate-expiring\",cause=\"none\"} 1",
	"hearken_finding_active{" IMAPS ",finding=\"auth-not-offered\",cause=\"none\"} 1",
	"hearken_finding_active{service=\"sieve\",port=\"4190\",protocol=\"sieve\",finding="
	"\"surplus\","
	"cause=\"none\"} 1",
	"hearken_source_conflict{port=\"587\",conflict=\"tls\"} 1",
	"hearken_source_conflict{port=\"587\",conflict=\"address\"} 1",
	"hearken_source_unreadable{kind=\"mailu\",path=\"/m/mailu.env\"} 0",
	"hearken_source_unreadable{kind=\"dovecot\",path=\"/d.conf\"} 1",
	"hearken_downtime_seconds_total{" SUBMISSION "} 2.700001",
	"hearken_service_verdict{" SUBMISSION ",verdict=\"down\"} 1",
	"hearken_service_verdict{" SUBMISSION ",verdict=\"up\"} 0",
	"hearken_service_verdict{" IMAPS ",verdict=\"degraded\"} 1",
	"hearken_incidents_total{" SUBMISSION ",cause=\"none\"} 1",
	"hearken_incidents_total{" SUBMISSION ",cause=\"bind-failed\"} 3",
	"hearken_incidents_total{" SUBMISSION ",cause=\"owner-crashed\"} 0",
	"hearken_incidents_total{" IMAPS ",cause=\"owner-crashed\"} 0",
	"hearken_probe_success{" IMAPS ",vantage=\"inside-ipv6\"} 1",
	"hearken_probe_success{" IMAPS ",vantage=\"published-ipv4\"} 0",
	"hearken_probe_duration_seconds{" IMAPS ",phase=\"connect\"} 0.000380",
	"hearken_probe_duration_seconds{" IMAPS ",phase=\"total\"} 12.000000",
	"hearken_certificate_not_after_timestamp_seconds{" IMAPS "} 1800000000",
	"hearken_next_probe_timestamp_seconds{" IMAPS "} 1764000060.250000",
	"hearken_repair_budget_left{" IMAPS "} 2",
	"hearken_arrivals_total{" IMAPS "} 40",
	"hearken_accepts_total{" IMAPS "} 38",
	"hearken_accepts_total{" SUBMISSION "} 0",
	"hearken_accept_queue_length{" IMAPS "} 2",
	"hearken_repairs_total{action=\"restart\",result=\"failed\"} 1",
	"hearken_repairs_total{action=\"restart\",result=\"done\"} 2",
	"hearken_repairs_withheld_total{reason=\"budget\"} 4",
	"hearken_bind_failures_total{errno=\"EADDRINUSE\"} 7",
	"hearken_bind_failures_total{errno=\"EINVAL\"} 0",
	"hearken_bind_failures_total{errno=\"other\"} 1",
	"hearken_events_lost_total 5",
	"hearken_snapshots_total 6",
	"hearken_last_update_timestamp_seconds 1764000000.500000",
};

static const char *find_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (const char *p = text; (p = strstr(p, line)); p++) {
		if ((p == text || p[-1] == '\n') && p[length] == '\n')
			return p;
	}
	return NULL;
}

static void test_lines(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size;

	assert_int_equal(metrics_render(&view, &text, &size), 0);
	assert_int_equal(strlen(text), size);
	assert_int_equal(text[size - 1], '\n');
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const char *p = find_line(text, lines[i]);

		if (!p)
			fail_msg("missing: %s in\n%s", lines[i], text);
		if (find_line(p + 1, lines[i]))
			fail_msg("twice: %s", lines[i]);
	}
	/* What was never probed has no row. */
	assert_null(strstr(text, "hearken_probe_success{" SUBMISSION));
	assert_null(strstr(text, "hearken_next_probe_timestamp_seconds{" SUBMISSION));
	assert_null(strstr(text, "hearken_repair_budget_left{" SUBMISSION));
}

static void test_nothing_expected(void **state)
{
	const struct view empty = { .now = { .real_usec = 1000000 } };
	cleanup(memory_freep) char *text = NULL;
	size_t size;

	assert_int_equal(metrics_render(&empty, &text, &size), 0);
	assert_non_null(find_line(text, "hearken_observer_info{mode=\"none\",state=\"none\",bind=\"none\","
					"accept=\"none\"} 1"));
	assert_null(strstr(text, "service_up"));
}

static void test_queues_and_accepts(void **state)
{
	struct service_view service = services[1];
	struct view several = view;
	cleanup(memory_freep) char *counted = NULL, *uncounted = NULL;
	size_t size;

	service.listeners[1] = &sibling;
	service.listeners[2] = &dual_v4;
	service.n_listeners = 3;
	several.services = &service;
	several.n_services = 1;
	assert_int_equal(metrics_render(&several, &counted, &size), 0);
	assert_non_null(find_line(counted, "hearken_accept_queue_length{" IMAPS "} 3"));
	several.hook_accept = "none"; /* no number, rather than a wrong one */
	assert_int_equal(metrics_render(&several, &uncounted, &size), 0);
	assert_null(strstr(uncounted, "accepts_total"));
}

/* What the last conversation told is no longer so: no success, no duration, no certificate. */
static void test_nobody_listens_any_more(void **state)
{
	struct service_view service = services[1];
	struct view dead = view;
	cleanup(memory_freep) char *text = NULL;
	size_t size;

	service.n_listeners = 0;
	service.finding = FINDING_MISSING;
	service.cause = CAUSE_OWNER_CRASHED;
	dead.services = &service;
	dead.n_services = 1;
	assert_int_equal(metrics_render(&dead, &text, &size), 0);
	assert_non_null(find_line(text, "hearken_probe_success{" IMAPS ",vantage=\"inside-ipv6\"} 0"));
	assert_null(strstr(text, "probe_duration"));
	assert_null(strstr(text, "certificate_not_after"));
}

/* The page and the table are one list. */
static void test_documented(void **state)
{
	cleanup(memory_freep) char *page = NULL;
	size_t n = 0, rows = 0;

	assert_int_equal(file_read("docs/metrics.md", 1 << 20, &page, NULL), 0);
	for (const struct metric *metric; (metric = metrics_family(n)); n++) {
		char row[256];

		(void)snprintf(row, sizeof(row), "| `hearken_%s` | %s | ", metric->name, metric->type);
		if (!strstr(page, row))
			fail_msg("docs/metrics.md lacks a row that begins with: %s", row);
	}
	for (const char *p = page; (p = strstr(p, "\n| `hearken_")); p++)
		rows++;
	assert_int_equal(rows, n);
}

static void test_promtool(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size;
	FILE *promtool;
	int status;

	if (system("command -v promtool >/dev/null") != 0) {
		print_message("SKIP: no promtool here\n");
		skip();
	}
	assert_int_equal(metrics_render(&view, &text, &size), 0);
	promtool = popen("promtool check metrics", "w");
	assert_non_null(promtool);
	assert_int_equal(fwrite(text, 1, size, promtool), size);
	status = pclose(promtool);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_write(void **state)
{
	char path[] = "/tmp/test_metrics.XXXXXX.prom";
	cleanup(memory_freep) char *text = NULL, *rendered = NULL;
	cleanup(fd_closep) int fd = mkstemps(path, 5);
	struct stat st;
	size_t size;

	assert_true(fd >= 0);
	assert_int_equal(metrics_write(&view, path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_int_equal(metrics_render(&view, &rendered, &size), 0);
	assert_string_equal(text, rendered);
	assert_int_equal(unlink(path), 0);
	assert_true(metrics_write(&view, "/nonexistent/x.prom") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nothing_expected),
		cmocka_unit_test(test_queues_and_accepts),
		cmocka_unit_test(test_nobody_listens_any_more),
		cmocka_unit_test(test_documented),
		cmocka_unit_test(test_promtool),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
