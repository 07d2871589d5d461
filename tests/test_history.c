// SPDX-License-Identifier: LGPL-2.1-or-later
/* What was said, as it is kept: records as objects, the history's file and what it tells, and the spool of events for
 * the hook. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/history.h"
#include "report/history_view.h"
#include "report/journal.h"
#include "report/record_json.h"
#include "report/spool.h"

#define T0 INT64_C(1790000000) /* 2026-09-21T14:13:20Z */

static char directory[64];

static int begin(void **state)
{
	(void)text_copy(directory, sizeof(directory), "/tmp/hearken-test-history.XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];

	(void)text_format(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static struct record record_of(enum record_kind kind, const char *incident, uint16_t port)
{
	struct record record = { .kind = kind, .port = port, .verdict = VERDICT_DOWN };

	(void)text_copy(record.incident, sizeof(record.incident), incident);
	(void)text_format(record.service, sizeof(record.service), "s%u", port);
	record.protocol = PROTOCOL_IMAP;
	record.finding = FINDING_MISSING;
	record.cause = CAUSE_OWNER_CRASHED;
	(void)text_copy(record.detail, sizeof(record.detail), "signal 9 (SIGKILL) ended dovecot");
	return record;
}

static json_t *object_of(struct record record, int64_t seconds)
{
	json_t *object = record_json(&record, (T0 + seconds) * (int64_t)USEC_PER_SEC + 7000);

	assert_non_null(object);
	return object;
}

/* Whoever reads the journal knows the names. */
static void test_the_fields_of_the_journal(void **state)
{
	struct record record = record_of(RECORD_INCIDENT_CLOSED, "0123", 143);
	cleanup(json_decrefp) json_t *object = NULL;
	struct journal_entry entry;

	record.downtime_usec = 1500000;
	(void)text_copy(record.unit, sizeof(record.unit), "dovecot.service");
	object = object_of(record, 0);
	journal_fill(&record, &entry);
	for (size_t i = 0; i < entry.n; i++) {
		const char *field = entry.fields[i].iov_base, *value = strchr(field, '=') + 1;
		char name[64];

		if (!text_starts_with(field, "HEARKEN_"))
			continue;
		(void)text_format(name, sizeof(name), "%.*s", (int)(value - 1 - field - 8), field + 8);
		for (char *s = name; *s; s++)
			*s = (char)tolower(*s);
		if (!json_object_get(object, name))
			fail_msg("no %s", name);
	}
	assert_string_equal(json_string_value(json_object_get(object, "event")), "incident-closed");
	assert_string_equal(json_string_value(json_object_get(object, "time")), "2026-09-21T14:13:20.007Z");
	assert_string_equal(json_string_value(json_object_get(object, "unit")), "dovecot.service");
	assert_int_equal(json_integer_value(json_object_get(object, "port")), 143);
	assert_int_equal(json_integer_value(json_object_get(object, "downtime_usec")), 1500000);
	assert_non_null(json_object_get(object, "message"));
}

static void test_bytes_that_are_no_text(void **state)
{
	struct record record = record_of(RECORD_INCIDENT_OPENED, "0123", 143);
	cleanup(json_decrefp) json_t *object = NULL;

	(void)text_copy(record.detail, sizeof(record.detail), "caf\xe9 \xff says \"no\"\n");
	object = object_of(record, 0);
	assert_non_null(json_string_value(json_object_get(object, "detail")));
	assert_non_null(strstr(json_string_value(json_object_get(object, "detail")), "says \"no\""));
}

static void keep(struct record record, int64_t seconds)
{
	cleanup(json_decrefp) json_t *object = object_of(record, seconds);

	assert_int_equal(history_append(directory, object), 0);
}

static int count(const json_t *record, void *userdata)
{
	++*(size_t *)userdata;
	return 0;
}

static size_t lines(size_t *ret_torn)
{
	size_t n = 0;

	assert_int_equal(history_read(directory, count, &n, ret_torn), 0);
	return n;
}

static void write_raw(const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	(void)text_format(path, sizeof(path), "%s/" HISTORY_FILE_NAME, directory);
	file = fopen(path, "a");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A crash in the middle of a line costs that line alone. */
static void test_torn_lines(void **state)
{
	size_t torn;

	assert_int_equal(history_read(directory, count, &torn, &torn), -ENOENT);
	keep(record_of(RECORD_INCIDENT_OPENED, "a", 143), 0);
	write_raw("{\"event\":\"incident-cl");
	keep(record_of(RECORD_INCIDENT_CLOSED, "a", 143), 1);
	write_raw("[1]\n\nnull\n");
	assert_int_equal(lines(&torn), 2);
	assert_int_equal(torn, 3);
}

static void test_it_is_bounded(void **state)
{
	struct record record = record_of(RECORD_INCIDENT_OPENED, "a", 143);
	char path[PATH_MAX], *filler = malloc(HISTORY_BYTES);
	struct stat st;
	size_t torn;

	assert_non_null(filler);
	memset(filler, 'x', HISTORY_BYTES - 2);
	filler[HISTORY_BYTES - 2] = '\n';
	filler[HISTORY_BYTES - 1] = '\0';
	keep(record, 0);
	write_raw(filler); /* full */
	keep(record, 1);
	assert_int_equal(lines(&torn), 2);
	(void)text_format(path, sizeof(path), "%s/" HISTORY_FILE_NAME, directory);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 4096);
	write_raw(filler);
	keep(record, 2); /* the oldest goes */
	assert_int_equal(lines(&torn), 2);
	free(filler);
}

static int add(const json_t *record, void *userdata)
{
	return history_view_add(userdata, record);
}

static json_t *view_since(int64_t since, int64_t until)
{
	cleanup(history_view_freep) struct history_view *view = history_view_new(T0 + since, T0 + until);
	size_t torn;

	assert_non_null(view);
	assert_int_equal(history_read(directory, add, view, &torn), 0);
	return history_view_end(view, torn);
}

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void test_incidents(void **state)
{
	struct record closed = record_of(RECORD_INCIDENT_CLOSED, "a", 143),
		      finished = record_of(RECORD_REPAIR_FINISHED, "a", 143),
		      withheld = record_of(RECORD_REPAIR_WITHHELD, "b", 587);
	cleanup(json_decrefp) json_t *all = NULL, *recent = NULL;
	const json_t *incidents, *one;

	closed.downtime_usec = 10 * USEC_PER_SEC;
	finished.rung = RUNG_RESTART;
	withheld.withheld = WITHHELD_FUTILE;
	keep((struct record){ .kind = RECORD_OBSERVER_DEGRADED, .detail = "blind" }, 0);
	keep(record_of(RECORD_INCIDENT_OPENED, "a", 143), 100);
	keep(record_of(RECORD_INCIDENT_CHANGED, "a", 993), 100);
	keep(record_of(RECORD_INCIDENT_CHANGED, "a", 993), 101);
	keep(finished, 105);
	keep(closed, 110);
	keep(record_of(RECORD_INCIDENT_OPENED, "b", 587), 900);
	keep(withheld, 901);
	keep(withheld, 902);
	all = view_since(-1000, 1000);
	incidents = json_object_get(all, "incidents");
	assert_int_equal(json_array_size(incidents), 2);
	assert_true(number(all, "observed_seconds") == 1000.0); /* since the first record */
	one = json_array_get(incidents, 0);
	assert_int_equal(json_array_size(json_object_get(one, "services")), 2);
	assert_true(number(one, "downtime_seconds") == 10.0);
	assert_int_equal(json_array_size(json_object_get(one, "repairs")), 1);
	one = json_array_get(incidents, 1);
	assert_true(json_is_null(json_object_get(one, "closed")));
	assert_true(number(one, "downtime_seconds") == 100.0); /* and goes on */
	assert_int_equal(json_array_size(json_object_get(one, "withheld")), 1);
	one = json_array_get(json_object_get(all, "services"), 0);
	assert_int_equal(number(one, "port"), 143);
	assert_true(number(one, "availability") == 0.99);
	recent = view_since(500, 1000);
	assert_int_equal(json_array_size(json_object_get(recent, "incidents")), 1);
	assert_true(number(recent, "observed_seconds") == 500.0);
}

/* One record speaks of a whole server. */
static void test_a_record_of_several(void **state)
{
	struct record opened = record_of(RECORD_INCIDENT_OPENED, "c", 143);
	cleanup(json_decrefp) json_t *all = NULL;
	const json_t *services;

	record_add_service(&opened, "s143", 143);
	record_add_service(&opened, "s993", 993);
	record_add_service(&opened, "s4190", 4190);
	keep(opened, 0);
	all = view_since(-10, 60);
	services = json_object_get(json_array_get(json_object_get(all, "incidents"), 0), "services");
	assert_int_equal(json_array_size(services), 3);
	services = json_object_get(all, "services");
	assert_int_equal(json_array_size(services), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(services, 2), "service")), "s4190");
	assert_int_equal(number(json_array_get(services, 2), "port"), 4190);
}

/* Clients are kept out for another reason than that nobody listens, or not at all. */
static void test_open_ones(void **state)
{
	struct record hung = record_of(RECORD_INCIDENT_OPENED, "a", 143),
		      warned = record_of(RECORD_INCIDENT_OPENED, "b", 993);
	cleanup(json_decrefp) json_t *view = NULL;
	const json_t *incidents;

	hung.finding = FINDING_NO_GREETING;
	warned.finding = FINDING_CERTIFICATE_EXPIRING;
	hung.cause = warned.cause = CAUSE_NONE;
	warned.verdict = VERDICT_DEGRADED;
	keep(hung, 100);
	keep(warned, 100);
	view = view_since(0, 200);
	incidents = json_object_get(view, "incidents");
	assert_true(number(json_array_get(incidents, 0), "downtime_seconds") == 100.0);
	assert_true(number(json_array_get(incidents, 1), "downtime_seconds") == 0.0);
}

static void test_for_people(void **state)
{
	cleanup(json_decrefp) json_t *view = NULL;
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");

	keep(record_of(RECORD_INCIDENT_OPENED, "a", 143), 0);
	keep(record_of(RECORD_INCIDENT_CHANGED, "a", 993), 0);
	view = view_since(-10, 60);
	history_view_print(view, out);
	fclose(out);
	assert_non_null(strstr(text, "1 incident since 2026-09-21"));
	assert_non_null(strstr(text, "2026-09-21 14:13:20  s143 143 +1"));
	assert_non_null(strstr(text, "owner-crashed"));
	assert_non_null(strstr(text, "open"));
}

static void put(struct spool *spool, uint16_t port)
{
	cleanup(json_decrefp) json_t *object = object_of(record_of(RECORD_INCIDENT_OPENED, "a", port), 0);

	assert_int_equal(spool_put(spool, directory, object), 0);
}

static uint16_t take(size_t *ret_dropped)
{
	cleanup(json_decrefp) json_t *event = NULL;
	char path[PATH_MAX];

	if (spool_first(directory, path, sizeof(path), &event) < 0)
		return 0;
	assert_int_equal(unlink(path), 0);
	if (ret_dropped)
		*ret_dropped = (size_t)json_integer_value(json_object_get(event, "dropped"));
	return (uint16_t)json_integer_value(json_object_get(event, "port"));
}

static void test_events_in_their_order(void **state)
{
	struct spool first = { 0 }, second = { 0 };

	assert_int_equal(take(NULL), 0);
	put(&first, 1);
	put(&first, 2);
	put(&second, 3); /* of the next Hearken */
	assert_int_equal(take(NULL), 1);
	put(&second, 4);
	assert_int_equal(take(NULL), 2);
	assert_int_equal(take(NULL), 3);
	assert_int_equal(take(NULL), 4);
	put(&second, 5); /* all were taken: it goes on */
	assert_int_equal(take(NULL), 5);
	assert_int_equal(take(NULL), 0);
}

/* Without the disk's own time. */
static void put_quickly(uint64_t number)
{
	char path[PATH_MAX];
	FILE *file;

	(void)text_format(path, sizeof(path), "%s/" SPOOL_DIRECTORY_NAME "/%020u.json", directory,
			  (unsigned int)number);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "{\"port\": %u}", (unsigned int)number);
	fclose(file);
}

static void test_too_many_events(void **state)
{
	struct spool first = { 0 }, spool = { 0 };
	size_t dropped;

	put(&first, 1);
	for (uint64_t i = 2; i <= SPOOL_MAX; i++)
		put_quickly(i);
	put(&spool, 2000);
	put(&spool, 2001);
	assert_int_equal(take(&dropped), 3);
	assert_int_equal(dropped, 0);
	for (uint16_t i = 4; i <= SPOOL_MAX; i++)
		assert_int_equal(take(NULL), i);
	assert_int_equal(take(&dropped), 2000);
	assert_int_equal(dropped, 1);
	assert_int_equal(take(&dropped), 2001);
	assert_int_equal(dropped, 1);
}

static void test_what_is_no_event(void **state)
{
	cleanup(json_decrefp) json_t *event = NULL;
	char path[PATH_MAX], file[PATH_MAX];

	(void)text_format(path, sizeof(path), "%s/" SPOOL_DIRECTORY_NAME, directory);
	assert_int_equal(file_make_directory(path, 0700), 0);
	(void)text_format(file, sizeof(file), "%s/note.json", path);
	assert_int_equal(file_replace(file, "{}", 2, 0600), 0);
	assert_int_equal(spool_first(directory, path, sizeof(path), &event), -ENOENT);
	(void)text_format(file, sizeof(file), "%s/" SPOOL_DIRECTORY_NAME "/00000000000000000009.json", directory);
	assert_int_equal(file_replace(file, "{\"event\": ", 10, 0600), 0);
	assert_int_equal(spool_first(directory, path, sizeof(path), &event), -EBADMSG);
	assert_string_equal(path, file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_fields_of_the_journal),
		TEST(test_bytes_that_are_no_text),
		TEST(test_torn_lines),
		TEST(test_it_is_bounded),
		TEST(test_incidents),
		TEST(test_open_ones),
		TEST(test_a_record_of_several),
		TEST(test_for_people),
		TEST(test_events_in_their_order),
		TEST(test_too_many_events),
		TEST(test_what_is_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
