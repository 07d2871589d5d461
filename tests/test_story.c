// SPDX-License-Identifier: LGPL-2.1-or-later
/* The story of one service: four truths, each from its own source, and what is told when one of them is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/story.h"
#include "report/times.h"

#define EXPECTED                                                                                                       \
	"{'name': 'submission', 'port': 587, 'expected': true, 'rendered': 'no', 'unit': 'dovecot.service', 'said': [" \
	"{'source': 'policy', 'path': '', 'protocol': 'submission', 'tls': 'starttls', 'expected': true}]}"
#define RENDERED                                                                                             \
	"{'name': 'imap', 'port': 143, 'expected': true, 'rendered': 'yes', 'said': [{'source': 'dovecot', " \
	"'path': '/etc/dovecot/dovecot.conf', 'protocol': 'imap', 'tls': 'starttls', 'expected': true}]}"
#define DOWN                                                                                                     \
	"{'name': 'submission', 'port': 587, 'verdict': 'down', 'since': '2026-11-27T09:00:00Z', 'unit': null, " \
	"'reason': null, 'repair': 'withheld', 'incident': {'id': 'abc'}, 'listeners': [], 'probes': [], "       \
	"'notices': [], 'findings': [{'name': 'missing', 'cause': 'not-configured', 'detail': 'nobody tried', "  \
	"'remedy': 'add 587:\\n  PORTS=587'}]}"
#define UP                                                                                                       \
	"{'name': 'imap', 'port': 143, 'verdict': 'up', 'since': '2026-11-27T09:00:00Z', 'repair': 'idle', "     \
	"'incident': null, 'findings': [], 'notices': [], 'listeners': [{'address': '0.0.0.0', 'port': 143, "    \
	"'command': 'dovecot', 'pids': [7], 'unit': 'dovecot.service', 'container_name': 'front'}], 'probes': [" \
	"{'address': '127.0.0.1', 'complete': true, 'finding': null, 'tls_version': 'TLSv1.3', 'not_after': "    \
	"'2027-01-02T00:00:00Z'}, {'address': '::1', 'complete': true, 'finding': 'refused', 'detail': '421'}]}"
#define RECORDS                                                                                                       \
	"[{'event': 'incident-opened', 'incident': 'abc', 'time': '2026-11-27T09:00:00.000Z', 'finding': 'missing', " \
	"'cause': 'not-configured', 'detail': 'nobody tried', 'message': 'Port 587: nobody \\u001b[2J listens.'}, "   \
	"{'event': 'repair-withheld', 'incident': 'abc', 'time': '2026-11-27T09:00:01.000Z', 'reason': 'futile', "    \
	"'message': 'Port 587: no repair.'}, {'event': 'repair-withheld', 'reason': 'futile', 'message': 'again'}]"

static json_t *load(const char *text)
{
	char copy[4096];
	json_t *object;

	(void)text_copy(copy, sizeof(copy), text);
	for (char *s = copy; *s; s++)
		*s = *s == '\'' ? '"' : *s;
	object = json_loads(copy, JSON_DECODE_ANY, NULL);
	assert_non_null(object);
	return object;
}

static void test_stories(void **state)
{
	static const struct {
		const char *why, *expected, *status, *blind, *records, *incident, *telling;
	} rows[] = {
		{ "not configured", EXPECTED, DOWN, NULL, RECORDS, NULL,
		  "587 submission is down since 2026-11-27T09:00:00Z (1 min 0 s), incident abc\n"
		  "  declared   yes      policy: submission, tls starttls\n"
		  "  rendered   no       no configuration of a server here opens it\n"
		  "  observed   no       nobody listens\n"
		  "  working    no       nobody to ask\n"
		  "  why        missing (not-configured): nobody tried\n"
		  "  helps      add 587:\n"
		  "               PORTS=587\n"
		  "  repair     withheld\n"
		  "  withheld   futile: it cannot help\n"
		  "  2026-11-27 09:00:00.000  Port 587: nobody ?[2J listens.\n"
		  "  2026-11-27 09:00:01.000  Port 587: no repair.\n" },
		{ "well, but for one side", RENDERED, UP, NULL, NULL, NULL,
		  "143 imap is up since 2026-11-27T09:00:00Z (1 min 0 s)\n"
		  "  declared   yes      nobody declares it; a server's own configuration has it\n"
		  "  rendered   yes      dovecot (/etc/dovecot/dovecot.conf): imap, tls starttls\n"
		  "  observed   yes      0.0.0.0 port 143, dovecot (pid 7) of dovecot.service in container front\n"
		  "  working    no       127.0.0.1: a whole conversation, TLSv1.3, certificate until 2027-01-02\n"
		  "                      ::1: refused: 421\n" },
		{ "nobody runs: the last that was known", EXPECTED, NULL, "no daemon runs", RECORDS, NULL,
		  "587 submission is unknown, incident abc\n"
		  "  reason     no daemon runs\n"
		  "  declared   yes      policy: submission, tls starttls\n"
		  "  rendered   no       no configuration of a server here opens it\n"
		  "  observed   unknown  nobody looks\n"
		  "  working    unknown  nobody has asked\n"
		  "  why        missing (not-configured): nobody tried\n"
		  "  withheld   futile: it cannot help\n" },
		{ "of then", RENDERED, UP, NULL, RECORDS, "abc",
		  "  it was     missing (not-configured): nobody tried\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(json_decrefp) json_t *expected = load(rows[i].expected);
		cleanup(json_decrefp) json_t *status = rows[i].status ? load(rows[i].status) : NULL;
		cleanup(json_decrefp) json_t *records = rows[i].records ? load(rows[i].records) : NULL;
		const struct story_sources sources = {
			expected, status, rows[i].blind, records, NULL, rows[i].incident
		};
		cleanup(json_decrefp) json_t *story = story_build(&sources);
		char text[8192] = "";
		FILE *out = fmemopen(text, sizeof(text) - 1, "w");

		assert_non_null(story);
		story_print(story, times_read("2026-11-27T09:01:00Z"), out);
		fclose(out);
		if (!strstr(text, rows[i].telling))
			fail_msg("%s:\n%s", rows[i].why, text);
	}
}

static void test_no_service(void **state)
{
	const struct story_sources sources = { .blind = "no daemon runs" };

	assert_null(story_build(&sources));
}

static void test_times(void **state)
{
	char ago[TIMES_AGO_SIZE];

	assert_int_equal(times_read("2026-11-27T09:00:00.123Z"), 1795770000);
	assert_int_equal(times_read(""), -1);
	assert_int_equal(times_read("2026-11-27T09:00:00"), -1);
	times_ago("2026-11-27T09:00:00Z", 1795770000, ago);
	assert_string_equal(ago, " (just now)");
	times_ago("2026-11-27T09:00:00Z", 1795769000, ago); /* a clock that was set */
	assert_string_equal(ago, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_no_service),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
