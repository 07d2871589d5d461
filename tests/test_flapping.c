// SPDX-License-Identifier: LGPL-2.1-or-later
/* What comes and goes is one outage: it is over when it has held, and told as what it is. */
#include "tests/support/judge_story.h"

#define HOLD (3 * SEC)

static void begin_held(enum rung repair)
{
	begin(repair, RENDERED_YES);
	policy.hold_usec = policy_default.hold_usec;
	renew();
}

static void test_it_must_hold(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 12 * SEC, "p", ASKED },
		{ "serves, which may not last", PASSES, 0, 12 * SEC + 1, "", UP },
		{ "not yet", TICK, 0, 12 * SEC + HOLD, "", UP },
		{ "it has held", TICK, 0, 12 * SEC + 1 + HOLD, "x", UP },
		{ "told once", TICK, 0, 30 * SEC, "", UP },
	};

	begin_held(RUNG_NONE);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 2 * SEC);
	assert_int_equal(last.finding, FINDING_MISSING);
	assert_int_equal(last.cause, CAUSE_OWNER_CRASHED);
	assert_string_equal(last.ports, "587");
	assert_null(view_of(0).incident);
}

/* A second loss before the proof is a new reason for a repair, in the same incident. */
static void test_a_second_loss(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "settled", TICK, 0, 11 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "fits", FITS, 0, 11 * SEC, "sR", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 12 * SEC, "p", ASKED },
		{ "done", REPAIR_DONE, 0, 12 * SEC, "f", ASKED },
		{ "works", PASSES, 0, 13 * SEC, "", UP },
		{ "and falls", CRASHES, 0, 14 * SEC, "c", MISSING(OWNER_CRASHED) },
		{ "a pause first", TICK, 0, 14 * SEC + 500000, "w", MISSING(OWNER_CRASHED) },
		{ "again", TICK, 0, 21 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "fits", FITS, 0, 21 * SEC, "sR", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 22 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 22 * SEC, "", UP },
		{ "done", REPAIR_DONE, 0, 22 * SEC + 1, "f", UP },
		{ "held", TICK, 0, 25 * SEC, "x", UP },
	};

	begin_held(RUNG_RESTART);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 10 * SEC); /* what lay between is none of it */
	assert_int_equal(closed_downtime(0), 10 * SEC);
	assert_int_equal(judge_counts(judge)->incidents, 1);
}

/* Two are two; from the third on it is one that comes and goes, and waits for longer than that. */
static void test_it_comes_and_goes(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "one", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 12 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 12 * SEC, "", UP },
		{ "held", TICK, 0, 15 * SEC, "x", UP },
		{ "two", CRASHES, 0, 30 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 32 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 32 * SEC, "", UP },
		{ "held", TICK, 0, 35 * SEC, "x", UP },
		{ "three", CRASHES, 0, 50 * SEC, "o", MISSING(OWNER_CRASHED) },
	};
	static const struct row on[] = {
		{ "back", OPENS, 0, 52 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 52 * SEC, "", UP },
		{ "for longer than it ever held", TICK, 0, 69 * SEC, "", UP },
		{ "four", CRASHES, 0, 70 * SEC, "c", MISSING(OWNER_CRASHED) },
	};
	static const struct row over[] = {
		{ "back", OPENS, 0, 72 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 72 * SEC, "", UP },
		{ "not yet", TICK, 0, 111 * SEC, "", UP },
		{ "twice the longest time between two", TICK, 0, 112 * SEC, "x", UP },
	};

	begin_held(RUNG_NONE);
	PLAY(rows);
	assert_non_null(strstr(last.detail, "; it has died 3 times in 40.0 s, each time 18.0 s after it was back"));
	PLAY(on);
	assert_non_null(strstr(last.detail, "; it has died 4 times in 1 min 0 s, each time 18.0 s after it was back"));
	PLAY(over);
	assert_int_equal(judge_counts(judge)->incidents, 3);
	assert_int_equal(last.downtime_usec, 4 * SEC);
}

/* Its owner lives: the same for a port that is closed and opened. */
static void test_it_is_let_go_again_and_again(void **state)
{
	static struct row rows[3 * 4];
	uint64_t at = 10 * SEC;

	begin_held(RUNG_NONE);
	for (size_t i = 0; i < 3; i++, at += 5 * SEC) {
		rows[4 * i] = (struct row){ "let go", LETS_GO, 0, at, "", MISSING(CLOSED_BY_OWNER) };
		rows[4 * i + 1] = (struct row){ "for longer than a reload", TICK, 0, at + 2 * SEC, i ? "c" : "o",
						MISSING(CLOSED_BY_OWNER) };
		rows[4 * i + 2] = (struct row){ "back", OPENS, 0, at + 3 * SEC, "p", ASKED };
		rows[4 * i + 3] = (struct row){ "works", PASSES, 0, at + 3 * SEC, "", UP };
	}
	PLAY(rows);
	assert_non_null(strstr(last.detail, "; it comes and goes every 5.0 s: 3 times in 12.0 s"));
}

/* The first record speaks of all that its server served; what follows is no news. */
static void test_a_server_is_one_record(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "465 there", IS_THERE, 1, 0, "p", ASKED },
		{ "works", PASSES, 1, 1, "", UP },
		{ "993 there", IS_THERE, 2, 0, "p", ASKED },
		{ "works", PASSES, 2, 1, "", UP },
		{ "the end", CRASHES, 1, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
	};
	static const struct row on[] = {
		{ "of all", CRASHES, 0, 10 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "of all", CRASHES, 2, 10 * SEC + 2, "", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 12 * SEC, "p", ASKED },
		{ "back", OPENS, 1, 12 * SEC, "p", ASKED },
		{ "back", OPENS, 2, 12 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 12 * SEC, "", UP },
		{ "works", PASSES, 2, 12 * SEC, "", UP },
		{ "works", PASSES, 1, 12 * SEC, "", UP },
		{ "held", TICK, 1, 15 * SEC, "x", UP },
	};

	begin_held(RUNG_NONE);
	PLAY(rows);
	assert_string_equal(last.ports, "587 465 993");
	PLAY(on);
	assert_string_equal(last.ports, "587 465 993");
}

/* One port of several is lost alone: nothing is said of the others. */
static void test_one_port_is_one(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "465 there", IS_THERE, 1, 0, "p", ASKED },
		{ "works", PASSES, 1, 1, "", UP },
		{ "let go", LETS_GO, 0, 10 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "for longer than a reload", TICK, 0, 12 * SEC, "o", MISSING(CLOSED_BY_OWNER) },
	};

	begin_held(RUNG_NONE);
	PLAY(rows);
	assert_string_equal(last.ports, "587");
}

/* What is planned while it must hold is planned. */
static void test_a_restart_meanwhile(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 12 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 12 * SEC, "", UP },
		{ "the operator restarts it", JOB_BEGINS, 0, 13 * SEC, "", UP },
		{ "closed", EXITS_0, 0, 13 * SEC + 1, "", MISSING(OWNER_EXITED) },
		{ "back", OPENS, 0, 14 * SEC, "p", ASKED },
		{ "done", JOB_ENDS, 0, 14 * SEC + 1, "", ASKED },
		{ "works", PASSES, 0, 14 * SEC + 2, "", UP },
		{ "held", TICK, 0, 18 * SEC, "x", UP },
	};

	begin_held(RUNG_NONE);
	PLAY(rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_must_hold),	       cmocka_unit_test(test_a_second_loss),
		cmocka_unit_test(test_it_comes_and_goes),      cmocka_unit_test(test_it_is_let_go_again_and_again),
		cmocka_unit_test(test_a_server_is_one_record), cmocka_unit_test(test_one_port_is_one),
		cmocka_unit_test(test_a_restart_meanwhile),
	};

	return cmocka_run_group_tests_name("flapping", tests, NULL, story_end);
}
