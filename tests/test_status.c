// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/show.h"
#include "report/status.h"

#define NOW INT64_C(1764000000) /* 2025-11-24T16:00:00Z */

static const struct service submission = { .name = "submission",
					   .want.port = 587,
					   .want.protocol = PROTOCOL_SUBMISSION,
					   .want.tls = TLS_STARTTLS,
					   .server.unit = "dovecot.service",
					   .provenance.sources = 1 << SOURCE_MAILU | 1 << SOURCE_POLICY };
static const struct listener wildcard = { .port = 587,
					  .address = { .family = AF_INET },
					  .netns = 4026531840,
					  .backlog = 511,
					  .arrived = 9,
					  .holders = { { .pid = 42, .command = "dovecot" }, { .pid = 0 } },
					  .n_holders = 2,
					  .unit = "dovecot.service" };
static const struct listener *const surplus[] = { &wildcard };
static const struct conflict conflict = { .kind = CONFLICT_TLS, .port = 587, .text = "submission (587): two words" };

static const struct answers up_answers = {
	.given = 1 << VANTAGE_INSIDE_IPV6,
	.addresses = { [VANTAGE_INSIDE_IPV6] = { .family = AF_INET6, .bytes = { [15] = 1 } } },
	.list = { [VANTAGE_INSIDE_IPV6] = { .complete = true,
					    .tls_version = "TLSv1.3",
					    .cipher = "TLS_AES_256_GCM_SHA384",
					    .subject = "CN=mail.example.org",
					    .not_after = NOW,
					    .connect_usec = 380 } },
};
static const struct service_view up = {
	.service = &submission,
	.verdict = VERDICT_UP,
	.since_real_usec = NOW * 1000000,
	.listeners = { &wildcard },
	.n_listeners = 1,
	.probed = true,
	.answers = &up_answers,
	.answer = { .complete = true,
		    .tls_version = "TLSv1.3",
		    .cipher = "TLS_AES_256_GCM_SHA384",
		    .subject = "CN=mail.example.org",
		    .not_after = NOW,
		    .connect_usec = 380 },
	.repair = "idle",
};
static const struct service_view down = {
	.service = &submission,
	.verdict = VERDICT_DOWN,
	.since_real_usec = NOW * 1000000,
	.finding = FINDING_MISSING,
	.cause = CAUSE_NOT_CONFIGURED,
	.detail = "bad \xff words | here",
	.incident = "0123456789abcdef0123456789abcdef",
	.incident_opened_real_usec = NOW * 1000000,
	.repair = "planned",
};
static const struct service_view degraded = {
	.service = &submission, .verdict = VERDICT_DEGRADED, .finding = FINDING_CERTIFICATE_EXPIRING, .repair = "idle"
};
static const struct service_view unknown = { .service = &submission, .repair = "idle" };

static struct view view_of(const struct service_view *service)
{
	return (struct view){ .now = { .real_usec = NOW * 1000000 },
			      .mode = "events",
			      .hook_state = "tp_btf",
			      .hook_bind = "tracepoint",
			      .services = service,
			      .n_services = service ? 1 : 0 };
}

static json_t *parse(const struct view *view)
{
	cleanup(memory_freep) char *text = NULL;
	json_t *object;
	size_t size;

	assert_int_equal(status_render(view, &text, &size), 0);
	assert_int_equal(strlen(text), size);
	assert_int_equal(text[size - 1], '\n');
	object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	return object;
}

static void assert_keys(const json_t *object, const char *keys)
{
	cleanup(memory_freep) char *copy = strdup(keys);
	char *cursor = copy, *key;

	assert_true(json_is_object(object));
	while ((key = text_word(&cursor))) {
		if (!json_object_get(object, key))
			fail_msg("no key \"%s\"", key);
	}
}

static const char *string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const json_t *first(const json_t *object, const char *key)
{
	return json_array_get(json_object_get(object, key), 0);
}

/* The contract with users, key by key. */
static void test_keys(void **state)
{
	struct view view = view_of(&up);
	const json_t *service, *listener, *probe;
	json_t *status;

	view.surplus = surplus;
	view.n_surplus = 1;
	view.conflicts = &conflict;
	view.n_conflicts = 1;
	status = parse(&view);
	assert_keys(status,
		    "version time pid mode hooks events_lost services surplus degraded notice sources conflicts");
	assert_keys(first(status, "conflicts"), "name port detail");
	assert_string_equal(string_of(first(status, "conflicts"), "name"), "tls");
	assert_int_equal(json_integer_value(json_object_get(status, "version")), 1);
	assert_string_equal(string_of(status, "time"), "2025-11-24T16:00:00Z");
	assert_keys(json_object_get(status, "hooks"), "state bind accept");
	assert_string_equal(string_of(json_object_get(status, "hooks"), "bind"), "tracepoint");
	service = first(status, "services");
	assert_keys(service, "name port protocol tls sources verdict since findings listeners probes "
			     "incident repair");
	assert_string_equal(string_of(service, "verdict"), "up");
	assert_int_equal(json_array_size(json_object_get(service, "sources")), 2);
	assert_true(json_is_null(json_object_get(service, "incident")));
	listener = first(service, "listeners");
	assert_keys(listener,
		    "address family netns unit container container_name pids backlog queued arrived accepted");
	assert_int_equal(json_integer_value(json_object_get(listener, "netns")), 4026531840);
	assert_int_equal(json_array_size(json_object_get(listener, "pids")), 1);
	assert_true(json_is_null(json_object_get(listener, "container")));
	assert_true(json_is_null(json_object_get(listener, "accepted")));
	assert_true(json_is_null(json_object_get(listener, "last_accept")));
	probe = first(service, "probes");
	assert_keys(probe, "vantage address finding tls_version cipher not_after subject durations_ms");
	assert_string_equal(string_of(probe, "vantage"), "inside-ipv6");
	assert_string_equal(string_of(probe, "address"), "::1");
	assert_string_equal(string_of(probe, "not_after"), "2025-11-24T16:00:00Z");
	assert_true(json_number_value(json_object_get(json_object_get(probe, "durations_ms"), "connect")) == 0.38);
	assert_keys(first(status, "surplus"), "address port pids");
	json_decref(status);
}

static void test_accepts(void **state)
{
	struct view view = view_of(&up);
	struct listener busy = wildcard;
	struct service_view service = up;
	const json_t *listener;
	json_t *status;

	busy.accepted = 8;
	busy.last_accept_ns = 1000 * USEC_PER_SEC * NSEC_PER_USEC;
	service.listeners[0] = &busy;
	view.services = &service;
	view.hook_accept = "fexit";
	view.now.usec = 1060 * USEC_PER_SEC;
	status = parse(&view);
	assert_string_equal(string_of(json_object_get(status, "hooks"), "accept"), "fexit");
	listener = first(first(status, "services"), "listeners");
	assert_int_equal(json_integer_value(json_object_get(listener, "accepted")), 8);
	assert_string_equal(string_of(listener, "last_accept"), "2025-11-24T15:59:00Z");
	json_decref(status);
}

static void test_fault(void **state)
{
	struct view view = view_of(&down);
	json_t *status = parse(&view);
	const json_t *service = first(status, "services"), *finding = first(service, "findings");

	assert_keys(finding, "name cause detail since");
	assert_string_equal(string_of(finding, "name"), "missing");
	assert_string_equal(string_of(finding, "cause"), "not-configured");
	assert_string_equal(string_of(finding, "detail"), "bad ? words | here");
	assert_keys(json_object_get(service, "incident"), "id opened");
	assert_string_equal(string_of(service, "repair"), "planned");
	json_decref(status);
}

static void test_write_makes_the_directory(void **state)
{
	char directory[] = "/tmp/test_status.XXXXXX", path[64], inner[64];
	cleanup(memory_freep) char *text = NULL;
	struct view view = view_of(&up);
	struct stat st;

	assert_non_null(mkdtemp(directory));
	(void)text_format(inner, sizeof(inner), "%s/run", directory);
	(void)text_format(path, sizeof(path), "%s/status.json", inner);
	assert_int_equal(status_write(&view, path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_int_equal(text[0], '{');
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(rmdir(directory), 0);
}

static const struct show_style details = { .form = SHOW_DETAILS };

static int show(const json_t *status, int64_t now, char **ret)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);
	int code = show_status(status, now, NULL, out, &details);

	assert_int_equal(fclose(out), 0);
	assert_int_equal(code >= 0 && code <= 3, 1);
	return code;
}

static void test_exit_codes(void **state)
{
	static const struct {
		const char *why;
		const struct service_view *service;
		const char *degraded, *mode;
		size_t n_surplus, n_conflicts;
		int code;
		const char *line; /* how the first begins */
	} rows[] = {
		{ "all is well", &up, NULL, "events", 0, 0, 0, "OK - 1 service up | 'up'=1;;;0;1 " },
		{ "down", &down, NULL, "events", 0, 0, 2,
		  "CRITICAL - submission (587) missing: not-configured | 'up'=0;;;0;1 " },
		{ "degraded", &degraded, NULL, "events", 0, 0, 1,
		  "WARNING - submission (587) certificate-expiring | " },
		{ "unknown", &unknown, NULL, "events", 0, 0, 3, "UNKNOWN - submission (587) unknown | " },
		{ "surplus", &up, NULL, "events", 1, 0, 1, "WARNING - surplus listener on port 587 | " },
		{ "conflict", &up, NULL, "events", 0, 1, 1, "WARNING - sources disagree on 1 point | " },
		{ "both, and down", &down, NULL, "events", 1, 1, 2,
		  "CRITICAL - submission (587) missing: not-configured; surplus listener on port 587; sources disagree "
		  "on 1 point | " },
		{ "blind", &up, "no BPF", "none", 0, 0, 3, "UNKNOWN - listeners cannot be seen: no BPF | " },
		{ "half blind", &up, "no BPF", "polling", 0, 0, 0, "OK - " },
		{ "nothing", NULL, NULL, "events", 0, 0, 3, "UNKNOWN - nothing is expected yet: " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *text = NULL;
		struct view view = view_of(rows[i].service);
		json_t *status;
		int code;

		view.degraded = rows[i].degraded;
		view.mode = rows[i].mode;
		view.surplus = surplus;
		view.n_surplus = rows[i].n_surplus;
		view.conflicts = &conflict;
		view.n_conflicts = rows[i].n_conflicts;
		status = parse(&view);
		code = show(status, NOW, &text);
		if (code != rows[i].code || !text_starts_with(text, rows[i].line) ||
		    show_state(status, NOW, &details) != (enum plugin_state)code)
			fail_msg("%s: %d, %s", rows[i].why, code, text);
		json_decref(status);
	}
}

/* A source that cannot be read outranks good news and warnings, and is outranked by what is proven. */
static void test_unreadable_sources(void **state)
{
	static const struct source dovecot = { .kind = SOURCE_DOVECOT, .path = "/d.conf", .state = SOURCE_BROKEN };
	static const struct {
		const char *why;
		const struct service_view *service;
		enum verdict verdict;
		int code;
		const char *line;
	} rows[] = {
		{ "read", &up, VERDICT_UP, 0, "OK - 1 service up | " },
		{ "unreadable", &up, VERDICT_UNKNOWN, 3,
		  "UNKNOWN - dovecot (/d.conf) cannot be read, so what it expects is not known: line 3 | "
		  "'up'=1;;;0;1 " },
		{ "and a warning", &degraded, VERDICT_UNKNOWN, 3,
		  "UNKNOWN - submission (587) certificate-expiring; dovecot (/d.conf) cannot be read" },
		{ "and an outage", &down, VERDICT_UNKNOWN, 2,
		  "CRITICAL - submission (587) missing: not-configured; dovecot (/d.conf) cannot be read" },
		{ "and its server is down", &up, VERDICT_DOWN, 2,
		  "CRITICAL - dovecot (/d.conf) does not listen, and its configuration cannot be read: line 3 | " },
		{ "and nothing else is expected", NULL, VERDICT_DOWN, 2,
		  "CRITICAL - dovecot (/d.conf) does not listen" },
		{ "unreadable, and nothing else is expected", NULL, VERDICT_UNKNOWN, 3,
		  "UNKNOWN - dovecot (/d.conf) cannot be read" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct source_view source = { &dovecot, rows[i].verdict,
						    rows[i].verdict == VERDICT_UP ? "" : "line 3" };
		cleanup(memory_freep) char *text = NULL;
		struct view view = view_of(rows[i].service);
		json_t *status;
		int code;

		view.sources = &source;
		view.n_sources = 1;
		status = parse(&view);
		assert_keys(first(status, "sources"), "kind path state verdict findings");
		code = show(status, NOW, &text);
		if (code != rows[i].code || !text_starts_with(text, rows[i].line))
			fail_msg("%s: %d, %s", rows[i].why, code, text);
		if (!strstr(text, "source dovecot /d.conf: broken; source-unreadable: line 3") != (code == 0))
			fail_msg("%s: no details in %s", rows[i].why, text);
		json_decref(status);
	}
}

static void test_details(void **state)
{
	cleanup(memory_freep) char *good = NULL, *bad = NULL;
	struct view view = view_of(&up);
	json_t *status = parse(&view);

	(void)show(status, 0, &good);
	assert_non_null(strstr(good, "\nsubmission 587 submission/starttls: up since 2025-11-24T16:00:00Z; "
				     "listens on 0.0.0.0 by dovecot.service (pid 42); TLSv1.3 "
				     "TLS_AES_256_GCM_SHA384, certificate CN=mail.example.org until "
				     "2025-11-24T16:00:00Z\n"));
	json_decref(status);

	view = view_of(&down);
	status = parse(&view);
	(void)show(status, 0, &bad);
	assert_non_null(strstr(bad, "; missing (not-configured): bad ? words / here; incident "
				    "0123456789abcdef0123456789abcdef since 2025-11-24T16:00:00Z; repair planned\n"));
	json_decref(status);
}

/* Whose it is, since when, and who disagrees: an administrator's first questions. */
static void test_surplus_and_conflicts(void **state)
{
	static const struct {
		uint64_t opened_ns;
		const char *words;
	} rows[] = {
		{ 0, "before Hearken looked" },
		{ UINT64_C(90) * 1000000000, "2025-11-24T15:59:50Z" },
		{ UINT64_C(200) * 1000000000, "before Hearken looked" }, /* ahead of this turn of the loop */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *text = NULL;
		struct view view = view_of(&up);
		struct listener late = wildcard;
		const struct listener *const list[] = { &late };
		char line[256];
		json_t *status;

		late.opened_ns = rows[i].opened_ns;
		view.now.usec = 100 * USEC_PER_SEC;
		view.surplus = list;
		view.n_surplus = 1;
		view.conflicts = &conflict;
		view.n_conflicts = 1;
		status = parse(&view);
		(void)show(status, 0, &text);
		(void)text_format(line, sizeof(line),
				  "\nport 587: surplus, no source expects it; listens on 0.0.0.0 by dovecot.service "
				  "(pid 42) since %s\nsources disagree on submission (587): two words\n",
				  rows[i].words);
		if (!strstr(text, line))
			fail_msg("%s", text);
		json_decref(status);
	}
}

/* Whatever stands in the file: one sentence and UNKNOWN. */
static void test_distrust(void **state)
{
	static const char *const texts[] = {
		"[]",
		"{}",
		"{\"version\":2,\"services\":[]}",
		"{\"version\":1}",
		"{\"version\":1,\"services\":{}}",
		"{\"version\":\"1\",\"services\":[]}",
		"{\"version\":1,\"services\":[]}",
		"{\"version\":1,\"services\":[7,null,{\"verdict\":3,\"findings\":9}],\"surplus\":"
		"1}",
		"{\"version\":1,\"time\":\"2025-11-24T15:56:59Z\",\"services\":[{\"verdict\":"
		"\"up\"}]}",
		"{\"version\":1,\"time\":\"2025-11-24T15:59:59Z\",\"unknown\":\"its daemon has "
		"ended\",\"services\":[{\"verdict\":\"up\"}]}",
		"{\"version\":1,\"time\":\"2025-11-24T15:59:59Zx\",\"services\":[{\"verdict\":"
		"\"up\"}]}",
	};
	cleanup(memory_freep) char *none = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup(memory_freep) char *text = NULL;
		json_t *status = json_loads(texts[i], 0, NULL);

		assert_non_null(status);
		if (show(status, NOW, &text) != PLUGIN_UNKNOWN || !text_starts_with(text, "UNKNOWN - "))
			fail_msg("%s: %s", texts[i], text);
		assert_int_equal(show_state(status, NOW, &details), PLUGIN_UNKNOWN);
		json_decref(status);
	}
	assert_int_equal(show_state(NULL, NOW, &details), PLUGIN_UNKNOWN);
	assert_int_equal(show(NULL, NOW, &none), PLUGIN_UNKNOWN);
}

static void test_age(void **state)
{
	struct view view = view_of(&up);
	json_t *status = parse(&view);
	static const struct {
		int64_t now;
		int code;
	} rows[] = {
		{ NOW + SHOW_STALE_SEC, PLUGIN_OK },
		{ NOW + SHOW_STALE_SEC + 1, PLUGIN_UNKNOWN },
		{ NOW - 3600, PLUGIN_OK },
		{ 0, PLUGIN_OK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *text = NULL;

		assert_int_equal(show(status, rows[i].now, &text), rows[i].code);
	}
	json_decref(status);
}

/* All that a conversation found, when the verdict is made of that; not what it found before the listener went. */
static void test_all_findings(void **state)
{
	struct service_view service = degraded;
	struct view view = view_of(&service);
	const json_t *findings;
	json_t *object;

	service.probed = true;
	answer_add(&service.answer, FINDING_CERTIFICATE_EXPIRING, "soon");
	answer_add(&service.answer, FINDING_AUTH_NOT_OFFERED, "no AUTH");
	object = parse(&view);
	findings = json_object_get(json_array_get(json_object_get(object, "services"), 0), "findings");
	assert_int_equal(json_array_size(findings), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(findings, 1), "name")),
			    "auth-not-offered");
	assert_string_equal(json_string_value(json_object_get(json_array_get(findings, 1), "detail")), "no AUTH");
	json_decref(object);

	service.finding = FINDING_MISSING;
	object = parse(&view);
	findings = json_object_get(json_array_get(json_object_get(object, "services"), 0), "findings");
	assert_int_equal(json_array_size(findings), 1);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_findings),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_accepts),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_write_makes_the_directory),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_unreadable_sources),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_surplus_and_conflicts),
		cmocka_unit_test(test_distrust),
		cmocka_unit_test(test_age),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
