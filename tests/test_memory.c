// SPDX-License-Identifier: LGPL-2.1-or-later
/* What outlives Hearken: incidents go on in the next one as they were, from a file that may be torn. */
#include <unistd.h>

#include "agent/daemon/memory_file.h"
#include "base/file.h"
#include "judge/memory.h"
#include "tests/support/judge_story.h"

static char directory[] = "/var/tmp/hearken-memory.XXXXXX";

static struct moment moment_at(uint64_t at)
{
	return (struct moment){ START + at, 1000000 * SEC + at };
}

static int make_directory(void **state)
{
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, MEMORY_FILE_NAME);
	(void)unlink(path);
	return rmdir(directory);
}

static void store(uint64_t at)
{
	struct memory memory = { .services = calloc(services.n, sizeof(*memory.services)) };

	assert_non_null(memory.services);
	memory_keep(judge, moment_at(at), &memory);
	assert_int_equal(memory_file_save(directory, &memory), 0);
	memory_file_clear(&memory);
}

/* Hearken ends, and another begins at @at; its monotonic clock says @usec then. */
static void end_and_begin(uint64_t at, uint64_t usec)
{
	struct memory memory;
	struct moment now = { usec, 1000000 * SEC + at };

	store(at);
	judge_free(judge);
	judge = NULL;
	assert_int_equal(judge_new(&policy, &services, 8, &judge), 0);
	assert_int_equal(memory_file_load(directory, &memory), 0);
	memory_inherit(judge, &memory, now);
	memory_file_clear(&memory);
}

/* Killed before the repair began: it is the next one's, in the same incident. */
static void test_an_incident_goes_on(void **state)
{
	static const struct row before[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "465 there", IS_THERE, 1, 0, "p", ASKED },
		{ "works", PASSES, 1, 1, "", UP },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "of both", CRASHES, 1, 10 * SEC, "", MISSING(OWNER_CRASHED) },
	};
	static const struct row after[] = {
		{ "not seen yet: nothing is claimed", UNIT_FAILS, 0, 12 * SEC, "", ASKED },
		{ "as it was: no news", IS_GONE, 0, 12 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "nor this", IS_GONE, 1, 12 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "the repair that was planned", TICK, 0, 13 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "goes on", FITS, 0, 13 * SEC, "sR", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 14 * SEC, "p", ASKED },
		{ "back", OPENS, 1, 14 * SEC, "p", ASKED },
		{ "proven", PASSES, 0, 15 * SEC, "", UP },
		{ "all of it", PASSES, 1, 15 * SEC, "x", UP },
	};
	char id[INCIDENT_ID_SIZE];

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(before);
	(void)text_copy(id, sizeof(id), view_of(0).incident);
	end_and_begin(11 * SEC, START + 11 * SEC);
	assert_string_equal(view_of(0).incident, id);
	assert_string_equal(view_of(1).incident, id);
	assert_int_equal(view_of(0).since_usec, START + 10 * SEC);
	PLAY(after);
	assert_string_equal(last.incident, id);
	assert_int_equal(last.downtime_usec, 4 * SEC);
	assert_int_equal(closed_downtime(0), 4 * SEC);
	assert_int_equal(judge_counts(judge)->incidents, 0);
}

/* What was begun is waited for, as long as it may take, and then tried again. */
static void test_a_repair_is_not_repeated(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "settled", TICK, 0, 11 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "begun", FITS, 0, 11 * SEC, "sR", MISSING(OWNER_CRASHED) },
	};
	static const struct row after[] = {
		{ "not there yet", IS_GONE, 0, 12 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "waited for", TICK, 0, 41 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "in vain", TICK, 0, 42 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "again", TICK, 0, 43 * SEC, "k", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(before);
	end_and_begin(12 * SEC, START + 12 * SEC);
	assert_int_equal(view_of(0).repair, REPAIR_PROVING);
	PLAY(after);
}

/* It came back while nobody looked: proven, and closed with all of its time. */
static void test_back_meanwhile(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "an exit", EXITS_1, 0, 10 * SEC, "o", MISSING(OWNER_EXITED) },
	};
	static const struct row after[] = {
		{ "it listens", IS_THERE, 0, 20 * SEC, "p", ASKED },
		{ "and works", PASSES, 0, 21 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(before);
	end_and_begin(20 * SEC, START + 20 * SEC);
	PLAY(after);
	assert_int_equal(last.downtime_usec, 10 * SEC);
}

/* Whose stop it was is nothing that systemd tells afterwards; it is not undone for that. */
static void test_a_stop_is_remembered(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "systemctl stop", JOB_BEGINS, 0, 10 * SEC, "", UP },
		{ "closed", EXITS_0, 0, 11 * SEC, "", MISSING(OWNER_EXITED) },
		{ "stopped", STOPPED, 0, 12 * SEC, "ow", MISSING(UNIT_STOPPED) },
	};
	static const struct row after[] = {
		{ "it is down, nobody says why", UNIT_RESTS, 0, 20 * SEC, "", ASKED },
		{ "no news", IS_GONE, 0, 20 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "left so", TICK, 0, 100 * SEC, "", MISSING(UNIT_STOPPED) },
	};
	static const struct row crash[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
	};
	static const struct row since[] = {
		{ "it was up again, and ended well", UNIT_RESTS, 0, 20 * SEC, "", ASKED },
		{ "that was not the end that we saw", IS_GONE, 0, 20 * SEC, "cw", MISSING(NOT_STARTED) },
		{ "left so", TICK, 0, 100 * SEC, "", MISSING(NOT_STARTED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(before);
	end_and_begin(20 * SEC, START + 20 * SEC);
	PLAY(after);
	end_and_begin(110 * SEC, START + 110 * SEC); /* and a third one */
	PLAY(after);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(crash);
	end_and_begin(20 * SEC, START + 20 * SEC);
	PLAY(since);
}

/* What was told of a certificate is no news to the next one. */
static void test_a_warning_goes_on(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "a newer one is on disk", STALE, 0, 1, "o", VERDICT_DEGRADED, FINDING_CERTIFICATE_STALE, CAUSE_NONE },
	};
	static const struct row after[] = {
		{ "it listens", IS_THERE, 0, 20 * SEC, "p", VERDICT_DEGRADED, FINDING_CERTIFICATE_STALE, CAUSE_NONE },
		{ "the same", STALE, 0, 21 * SEC, "", VERDICT_DEGRADED, FINDING_CERTIFICATE_STALE, CAUSE_NONE },
		{ "now it may be mended", TICK, 0, 22 * SEC, "k", VERDICT_DEGRADED, FINDING_CERTIFICATE_STALE,
		  CAUSE_NONE },
		{ "reloaded", PASSES, 0, 90 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(before);
	policy.repair = RUNG_RELOAD;
	end_and_begin(20 * SEC, START + 20 * SEC);
	PLAY(after);
}

/* After a boot the clock begins at nothing, and the outage is still as old as it is. */
static void test_a_boot_between(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "let go", LETS_GO, 0, 10 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "for good", TICK, 0, 12 * SEC, "o", MISSING(CLOSED_BY_OWNER) },
	};
	struct moment now = { 30 * SEC, 1000000 * SEC + 100 * SEC };
	struct actions actions;
	struct fact fact;

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(before);
	end_and_begin(90 * SEC, 20 * SEC); /* lost 80 s ago, booted 20 s ago */
	assert_int_equal(view_of(0).since_usec, 1);
	assert_int_equal(view_of(0).since_older_usec, 60 * SEC + 1);
	store(90 * SEC); /* a second time: nothing is lost by it */
	fact = fact_of(IS_THERE, 0, now.usec);
	judge_feed(judge, &fact, now, &actions);
	fact = fact_of(PASSES, 0, now.usec);
	judge_feed(judge, &fact, now, &actions);
	assert_int_equal(actions.n, 1);
	assert_int_equal(actions.list[0].record.kind, RECORD_INCIDENT_CLOSED);
	assert_int_equal(actions.list[0].record.downtime_usec, 90 * SEC);
	assert_int_equal(closed_downtime(0), 90 * SEC);
}

/* Nobody expects it any more: there is nobody to be told of its end. */
static void test_other_words_meanwhile(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(before);
	services.list[0].want.port = 588;
	end_and_begin(11 * SEC, START + 11 * SEC);
	assert_null(view_of(0).incident);
	assert_int_equal(view_of(0).verdict, VERDICT_UNKNOWN);
}

static void test_files_that_are_none(void **state)
{
	static const struct {
		const char *why;
		const char *text;
		int error;
	} rows[] = {
		{ "empty", "", -EBADMSG },
		{ "torn", "{\"version\": 1, \"incidents\": [{\"id\": \"0", -EBADMSG },
		{ "of another program", "[]", -EBADMSG },
		{ "no version", "{\"incidents\": [], \"services\": []}", -EBADMSG },
		{ "from the future", "{\"version\": 2, \"cases\": []}", -EPROTONOSUPPORT },
		{ "an incident of nothing", "{\"version\": 1, \"incidents\": [{}], \"services\": []}", -EBADMSG },
		{ "a service of nothing", "{\"version\": 1, \"incidents\": [], \"services\": [{}]}", -EBADMSG },
		{ "nothing to remember", "{\"version\": 1, \"incidents\": [], \"services\": []}", 0 },
	};
	char path[128];
	struct memory memory;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, MEMORY_FILE_NAME);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r;

		assert_int_equal(file_replace(path, rows[i].text, strlen(rows[i].text), 0600), 0);
		r = memory_file_load(directory, &memory);
		if (r != rows[i].error)
			fail_msg("%s: %d", rows[i].why, r);
		assert_true(r == 0 || !memory.services);
		memory_file_clear(&memory);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(memory_file_load(directory, &memory), 0);
	assert_int_equal(memory.n_incidents, 0);
	memory_file_clear(&memory);
}

/* Torn at any byte: nothing worse than nothing comes of it. */
static void test_torn_anywhere(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
	};
	cleanup(memory_freep) char *text = NULL;
	struct memory memory;
	char path[128];
	size_t size;

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(before);
	store(11 * SEC);
	(void)snprintf(path, sizeof(path), "%s/%s", directory, MEMORY_FILE_NAME);
	assert_int_equal(file_read(path, 1 << 20, &text, &size), 0);
	for (size_t n = 0; n + 1 < size; n += 7) {
		assert_int_equal(truncate(path, (off_t)0), 0);
		assert_int_equal(file_replace(path, text, n, 0600), 0);
		if (memory_file_load(directory, &memory) != -EBADMSG)
			fail_msg("%zu of %zu bytes", n, size);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_an_incident_goes_on, story_end),
		cmocka_unit_test_teardown(test_a_repair_is_not_repeated, story_end),
		cmocka_unit_test_teardown(test_back_meanwhile, story_end),
		cmocka_unit_test_teardown(test_a_stop_is_remembered, story_end),
		cmocka_unit_test_teardown(test_a_warning_goes_on, story_end),
		cmocka_unit_test_teardown(test_a_boot_between, story_end),
		cmocka_unit_test_teardown(test_other_words_meanwhile, story_end),
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test_teardown(test_torn_anywhere, story_end),
	};

	return cmocka_run_group_tests_name("memory", tests, make_directory, remove_directory);
}
