// SPDX-License-Identifier: LGPL-2.1-or-later
/* Services in a container: it ends, it is started anew, it stays away. */
#include "tests/support/judge_story.h"

/* As for "netns = container:". */
static void begin_in_container(void)
{
	begin(RUNG_RESTART, RENDERED_YES);
	policy.container_settle_usec = SEC / 2;
	renew();
}

static void test_restart_within_grace(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "killed with all of its container", CRASHES, 0, 10 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "which is known a moment later", PLACE_ENDS, 0, 10 * SEC + 100000, "", MISSING(CONTAINER_GONE) },
		{ "patience", TICK, 0, 40 * SEC - 1, "", MISSING(CONTAINER_GONE) },
		{ "a new one, nobody listens yet", PLACE_ANEW, 0, 40 * SEC - 1, "", MISSING(NOT_STARTED) },
		{ "now", OPENS, 0, 40 * SEC - 1, "p", ASKED },
		{ "works", PASSES, 0, 41 * SEC, "", UP },
		{ "a crash later is a crash", CRASHES, 0, 60 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "one usec too early", TICK, 0, 60 * SEC + SEC / 2 - 1, "", MISSING(OWNER_CRASHED) },
		{ "and the container lives", TICK, 0, 60 * SEC + SEC / 2, "o", MISSING(OWNER_CRASHED) },
	};

	begin_in_container();
	PLAY(rows);
}

static void test_stays_away(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "stopped politely", EXITS_0, 0, 10 * SEC, "", MISSING(OWNER_EXITED) },
		{ "its container too", PLACE_ENDS, 0, 11 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "grace is over; no restart of a unit can help", TICK, 0, 40 * SEC, "ow", MISSING(CONTAINER_GONE) },
		{ "started, and no listener yet", PLACE_ANEW, 0, 50 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "nor soon: the same incident", TICK, 0, 55 * SEC, "c", MISSING(NOT_STARTED) },
		{ "at last", OPENS, 0, 60 * SEC, "p", ASKED },
		{ "proven", PASSES, 0, 61 * SEC, "x", UP },
	};

	begin_in_container();
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 50 * SEC);
}

/* Whoever it was that served them: one container, one incident. */
static void test_one_incident(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "there", IS_THERE, 1, 0, "p", ASKED },
		{ "works", PASSES, 1, 1, "", UP },
		{ "both lost", CRASHES, 0, 10 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "this one unseen", LOST_EVENT, 1, 12 * SEC, "", MISSING(UNKNOWN) },
		{ "their container", PLACE_ENDS, 0, 12 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "is gone", PLACE_ENDS, 1, 12 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "one alert", TICK, 0, 50 * SEC, "ow", MISSING(CONTAINER_GONE) },
		{ "for both", TICK, 1, 50 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "back", OPENS, 0, 60 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 60 * SEC, "", UP },
		{ "back", OPENS, 1, 61 * SEC, "p", ASKED },
		{ "works: closed once", PASSES, 1, 61 * SEC, "x", UP },
	};

	begin_in_container();
	for (size_t i = 0; i < 2; i++)
		*services.list[i].server.unit = '\0';
	renew();
	PLAY(rows);
}

static void test_seen_late(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "crashes", CRASHES, 0, 10 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "its container lives on", TICK, 0, 10 * SEC + SEC / 2, "o", MISSING(OWNER_CRASHED) },
		{ "for a while", PLACE_ENDS, 0, 20 * SEC, "cw", MISSING(CONTAINER_GONE) },
	};
	static const struct row before[] = {
		{ "known before the loss is", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "gone", PLACE_ENDS, 0, 10 * SEC, "", UP },
		{ "and so are its listeners", LOST_EVENT, 0, 10 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "grace", TICK, 0, 40 * SEC - 1, "", MISSING(CONTAINER_GONE) },
		{ "over", TICK, 0, 40 * SEC, "ow", MISSING(CONTAINER_GONE) },
	};
	static const struct row at_start[] = {
		{ "no such container", PLACE_ENDS, 0, 0, "", VERDICT_UNKNOWN, FINDING_NONE, CAUSE_NONE },
		{ "is told at once", IS_GONE, 0, 0, "ow", MISSING(CONTAINER_GONE) },
	};
	static const struct row moved_unseen[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "another namespace, which has it too", PLACE_ANEW, 0, 10 * SEC, "", UP },
		{ "so it is asked there", OPENS, 0, 10 * SEC, "p", UP },
		{ "works", PASSES, 0, 11 * SEC, "", UP },
		{ "a crash after that is a crash", OOM, 0, 20 * SEC, "", MISSING(OWNER_OOM_KILLED) },
	};

	begin_in_container();
	PLAY(rows);
	assert_string_equal(last.detail, "gone");
	begin_in_container();
	PLAY(before);
	begin_in_container();
	PLAY(at_start);
	begin_in_container();
	PLAY(moved_unseen);
}

/* The operator stopped the unit that runs the container: that says more. */
static void test_stopped_by_operator(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "systemd works on it", JOB_BEGINS, 0, 10 * SEC, "", UP },
		{ "it ends", TERMINATED, 0, 10 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "all of it", PLACE_ENDS, 0, 11 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "stopped", STOPPED, 0, 12 * SEC, "ow", MISSING(UNIT_STOPPED) },
	};

	begin_in_container();
	PLAY(rows);
}

/* Outside of containers nothing waits for anything. */
static void test_elsewhere(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 1, "o", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_restart_within_grace, story_end),
		cmocka_unit_test_teardown(test_stays_away, story_end),
		cmocka_unit_test_teardown(test_one_incident, story_end),
		cmocka_unit_test_teardown(test_seen_late, story_end),
		cmocka_unit_test_teardown(test_stopped_by_operator, story_end),
		cmocka_unit_test_teardown(test_elsewhere, story_end),
	};

	return cmocka_run_group_tests_name("judge_place", tests, NULL, NULL);
}
