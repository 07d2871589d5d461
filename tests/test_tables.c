// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every table has a row for each word of its enum, and every word is documented where users look it up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "model/bind_error.h"
#include "model/finding.h"
#include "model/record.h"
#include "model/service.h"
#include "report/journal.h"

#define NAMES_MAX 64

struct names { /* of one table, to see that none is there twice */
	const char *list[NAMES_MAX];
	size_t n;
};

static char *events, *catalog;

static int begin(void **state)
{
	assert_int_equal(file_read("docs/events.md", 1 << 20, &events, NULL), 0);
	return file_read("packaging/hearken.catalog", 1 << 20, &catalog, NULL);
}

static int finish(void **state)
{
	free(events);
	free(catalog);
	return 0;
}

static void note(struct names *names, const char *name)
{
	if (!name || !*name)
		fail_msg("the row behind \"%s\" has no name", names->n ? names->list[names->n - 1] : "");
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->list[i], name) == 0)
			fail_msg("\"%s\" is there twice", name);
	assert_true(names->n < NAMES_MAX);
	names->list[names->n++] = name;
}

/* docs/events.md has a row of a table that begins with @name, and then @second where that is said. */
static void assert_documented(const char *name, const char *second)
{
	char row[128];

	(void)snprintf(row, sizeof(row), "\n| `%s` | %s", name, second ? second : "");
	if (!strstr(events, row))
		fail_msg("docs/events.md lacks a row that begins with: %s", row + 1);
}

static void test_findings(void **state)
{
	struct names names = { 0 };

	assert_string_equal(finding_name(FINDING_NONE), "");
	for (enum finding finding = FINDING_NONE + 1; finding < FINDING_COUNT; finding++) {
		note(&names, finding_name(finding));
		assert_true(*finding_text(finding));
		assert_int_not_equal(finding_severity(finding), SEVERITY_NONE);
		/* Of a source, not of a service: what it says is not known. */
		assert_int_equal(finding_verdict(finding) == VERDICT_UNKNOWN, finding == FINDING_SOURCE_UNREADABLE);
		assert_documented(finding_name(finding), finding == FINDING_SOURCE_UNREADABLE
								 ? NULL
								 : severity_name(finding_severity(finding)));
	}
}

static void test_causes(void **state)
{
	struct names names = { 0 };

	for (enum cause cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
		note(&names, cause_name(cause));
		assert_documented(cause_name(cause), NULL);
	}
}

static void test_verdicts(void **state)
{
	struct names names = { 0 };

	for (enum verdict verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		note(&names, verdict_name(verdict));
		assert_documented(verdict_name(verdict), NULL);
	}
}

static void test_events(void **state)
{
	struct names names = { 0 }, ids = { 0 };

	for (enum record_kind kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		const char *id = journal_message_id(kind);
		char head[64], row[64];

		note(&names, record_kind_name(kind));
		note(&ids, id);
		assert_int_equal(strlen(id), 32);
		(void)snprintf(row, sizeof(row), "`%s`", id);
		assert_documented(record_kind_name(kind), row);
		(void)snprintf(head, sizeof(head), "-- %s\n", id);
		if (!strstr(catalog, head))
			fail_msg("the catalog lacks %s (%s)", record_kind_name(kind), id);
	}
}

static void test_other_words(void **state)
{
	struct names withheld = { 0 }, protocols = { 0 }, modes = { 0 }, sources = { 0 }, errors = { 0 };

	for (enum withheld i = WITHHELD_NO + 1; i < WITHHELD_COUNT; i++)
		note(&withheld, withheld_name(i));
	for (enum protocol i = PROTOCOL_UNSET + 1; i < PROTOCOL_COUNT; i++)
		note(&protocols, protocol_name(i));
	for (enum tls_mode i = TLS_UNSET + 1; i < TLS_MODE_COUNT; i++)
		note(&modes, tls_mode_name(i));
	for (enum source_kind i = 0; i < SOURCE_KIND_COUNT; i++)
		note(&sources, source_name(i));
	for (enum bind_error i = 0; i < BIND_ERROR_COUNT; i++)
		note(&errors, bind_error_name(i));
}

/* A word that reads itself again: what is shown can be written into hearken.conf. */
static void test_words_are_read_back(void **state)
{
	for (enum protocol i = PROTOCOL_UNSET + 1; i < PROTOCOL_COUNT; i++) {
		enum protocol protocol;

		assert_int_equal(protocol_parse(protocol_name(i), &protocol), 0);
		assert_int_equal(protocol, i);
	}
	for (enum tls_mode i = TLS_UNSET + 1; i < TLS_MODE_COUNT; i++) {
		enum tls_mode mode;

		assert_int_equal(tls_mode_parse(tls_mode_name(i), &mode), 0);
		assert_int_equal(mode, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),    cmocka_unit_test(test_causes),
		cmocka_unit_test(test_verdicts),    cmocka_unit_test(test_events),
		cmocka_unit_test(test_other_words), cmocka_unit_test(test_words_are_read_back),
	};

	return cmocka_run_group_tests_name("tables", tests, begin, finish);
}
