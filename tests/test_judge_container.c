// SPDX-License-Identifier: LGPL-2.1-or-later
/* What ends with its container is judged by the word of its runtime: who wanted it, and whether it comes back. */
#include "tests/support/judge_story.h"

#define IS_UP                                    \
	{ "there", IS_THERE, 0, 0, "p", ASKED }, \
	{                                        \
		"works", PASSES, 0, 1, "", UP    \
	}

static void begin_in_container(enum rung repair, enum rendered rendered)
{
	begin(repair, rendered);
	for (size_t i = 0; i < services.n; i++) {
		*services.list[i].server.unit = '\0';
		(void)text_copy(services.list[i].server.container, CONTAINER_NAME_SIZE, "front");
		services.list[i].place = 1;
	}
	renew();
}

static int end_story(void **state)
{
	judge_free(judge);
	judge = NULL;
	service_set_clear(&services);
	return 0;
}

/* docker stop, in the orders in which kernel and runtime tell of it. */
static void test_stopped(void **state)
{
	static const struct row told_first[] = {
		IS_UP,
		{ "somebody stops it", CONTAINER_TOLD, 0, 10 * SEC, "", UP },
		{ "its server goes politely", LETS_GO, 0, 10 * SEC + 1, "", MISSING(CONTAINER_STOPPED) },
		{ "and longer than a reload takes", TICK, 0, 15 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "the end of it", CONTAINER_STOPS, 0, 18 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "it may be made anew", TICK, 0, 40 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "it is not, and stays as its operator wants it", TICK, 0, 40 * SEC + 1, "ow",
		  MISSING(CONTAINER_STOPPED) },
	};
	static const struct row kernel_first[] = {
		IS_UP,
		{ "all of it ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "by somebody's wish", CONTAINER_STOPS, 0, 10 * SEC + 9, "", MISSING(CONTAINER_STOPPED) },
		{ "its namespace too", PLACE_ENDS, 0, 10 * SEC + 99, "", MISSING(CONTAINER_STOPPED) },
		{ "patience is over", TICK, 0, 40 * SEC, "ow", MISSING(CONTAINER_STOPPED) },
		{ "started again", CONTAINER_RUNS, 0, 50 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "elsewhere, which is no news", PLACE_ANEW, 0, 50 * SEC + 1, "", MISSING(CONTAINER_STOPPED) },
		{ "at last", OPENS, 0, 51 * SEC, "p", ASKED },
		{ "proven", PASSES, 0, 52 * SEC, "x", UP },
	};
	static const struct row in_vain[] = {
		IS_UP,
		{ "all of it ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "by somebody's wish", CONTAINER_STOPS, 0, 10 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "patience is over", TICK, 0, 40 * SEC, "ow", MISSING(CONTAINER_STOPPED) },
		{ "started again", CONTAINER_RUNS, 0, 50 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "elsewhere", PLACE_ANEW, 0, 50 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "it has its time", TICK, 0, 55 * SEC - 1, "", MISSING(CONTAINER_STOPPED) },
		{ "but its server does not start", TICK, 0, 55 * SEC, "cw", MISSING(NOT_STARTED) },
	};
	static const struct row polite[] = {
		IS_UP,
		{ "its server ends, and nobody has said why", EXITS_1, 0, 10 * SEC, "", MISSING(OWNER_EXITED) },
		{ "by somebody's wish", CONTAINER_TOLD, 0, 10 * SEC + 9, "", MISSING(CONTAINER_STOPPED) },
		{ "so it has its time", TICK, 0, 12 * SEC, "", MISSING(CONTAINER_STOPPED) },
	};

	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(told_first);
	assert_int_equal(last.withheld, WITHHELD_STOPPED_BY_OPERATOR);
	assert_string_equal(last.remedy, "start it again: docker start front");
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(kernel_first);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(in_vain);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(polite);
}

static void test_recreated(void **state)
{
	static const struct row rows[] = {
		IS_UP,
		{ "removed", CONTAINER_TOLD, 0, 10 * SEC, "", UP },
		{ "all of it ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "it has ended", CONTAINER_STOPS, 0, 10 * SEC + 1, "", MISSING(CONTAINER_STOPPED) },
		{ "gone", PLACE_ENDS, 0, 10 * SEC + 2, "", MISSING(CONTAINER_STOPPED) },
		{ "another runs", CONTAINER_RUNS, 0, 13 * SEC, "", MISSING(CONTAINER_STOPPED) },
		{ "found", PLACE_ANEW, 0, 13 * SEC, "", MISSING(NOT_STARTED) },
		{ "serves", OPENS, 0, 14 * SEC, "p", ASKED },
		{ "works, and nobody was paged", PASSES, 0, 15 * SEC, "", UP },
	};

	/* The words are read anew in the middle of that: the other container is another place, where nobody was seen to
	 * go. */
	static const struct row compared[] = {
		IS_UP,
		{ "the place is not there", PLACE_ENDS, 0, 10 * SEC, "", UP },
		{ "nor is who listened there", IS_GONE, 0, 10 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "another runs", CONTAINER_RUNS, 0, 13 * SEC, "", MISSING(CONTAINER_GONE) },
		{ "serves", OPENS, 0, 14 * SEC, "p", ASKED },
	};

	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(compared);
}

static void test_exited(void **state)
{
	static const struct row for_good[] = {
		IS_UP,
		{ "all of it ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "and nobody starts it again", CONTAINER_EXITS, 0, 10 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "nor says more", TICK, 0, 10 * SEC + SEC / 4, "o", MISSING(CONTAINER_EXITED) },
		{ "but we", TICK, 0, 11 * SEC, "k", MISSING(CONTAINER_EXITED) },
		{ "if it can", FITS, 0, 11 * SEC, "sR", MISSING(CONTAINER_EXITED) },
	};
	static const struct row comes_back[] = {
		IS_UP,
		{ "all of it ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "its runtime starts it again", CONTAINER_EXITS_ONCE, 0, 10 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "it runs", CONTAINER_RUNS, 0, 11 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "serves", OPENS, 0, 14 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 15 * SEC, "", UP },
	};
	static const struct row never[] = {
		IS_UP,
		{ "all of it ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "it will be back", CONTAINER_EXITS_ONCE, 0, 10 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "it is not", TICK, 0, 40 * SEC, "ow", MISSING(CONTAINER_EXITED) },
	};

	static const struct row again[] = {
		IS_UP,
		{ "its first process ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "its runtime starts it again", CONTAINER_EXITS_ONCE, 0, 10 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "it runs", CONTAINER_RUNS, 0, 11 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "serves", OPENS, 0, 12 * SEC, "p", ASKED },
		{ "ends again", ENDS_WITH_INIT, 0, 13 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "for the same reason", CONTAINER_EXITS_ONCE, 0, 13 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "and this is told", TICK, 0, 13 * SEC + SEC / 4, "ow", MISSING(CONTAINER_EXITED) },
	};
	static const struct row much_later[] = {
		IS_UP,
		{ "its first process ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "its runtime starts it again", CONTAINER_EXITS_ONCE, 0, 10 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "it runs", CONTAINER_RUNS, 0, 11 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "serves", OPENS, 0, 12 * SEC, "p", ASKED },
		{ "and works", PASSES, 0, 12 * SEC, "", UP },
		{ "ends, another day", ENDS_WITH_INIT, 0, 700 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "as before", CONTAINER_EXITS_ONCE, 0, 700 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
	};

	static const struct row shot[] = {
		IS_UP,
		{ "its first process ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "somebody had it killed", CONTAINER_IS_SHOT, 0, 10 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "it may be made anew", TICK, 0, 39 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "it is not: told, and left to who did that", TICK, 0, 40 * SEC, "ow", MISSING(CONTAINER_EXITED) },
	};
	static const struct row shot_again[] = {
		IS_UP,
		{ "its first process ends", ENDS_WITH_INIT, 0, 10 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "killed, to be removed", CONTAINER_IS_SHOT, 0, 10 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "another runs", CONTAINER_RUNS, 0, 11 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "serves", OPENS, 0, 12 * SEC, "p", ASKED },
		{ "and works", PASSES, 0, 12 * SEC, "", UP },
		{ "that ends, too", ENDS_WITH_INIT, 0, 20 * SEC, "", MISSING(CONTAINER_EXITED) },
		{ "by the same hand: no loop", CONTAINER_IS_SHOT, 0, 20 * SEC + 9, "", MISSING(CONTAINER_EXITED) },
		{ "so nobody is paged yet", TICK, 0, 25 * SEC, "", MISSING(CONTAINER_EXITED) },
	};

	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(shot);
	assert_int_equal(last.withheld, WITHHELD_STOPPED_BY_OPERATOR);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(shot_again);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(again);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(much_later);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(for_good);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(comes_back);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(never);
	assert_int_equal(last.withheld, WITHHELD_FUTILE);
}

/* A crash inside is told at once: its container lives. */
static void test_crash_inside(void **state)
{
	static const struct row rows[] = {
		IS_UP,
		{ "runs", CONTAINER_RUNS, 0, 2, "", UP },
		{ "crashes", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "a look", TICK, 0, 11 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "the container is restarted", FITS, 0, 11 * SEC, "sR", MISSING(OWNER_CRASHED) },
	};

	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	assert_string_equal(last.remedy, "restart container front.");
}

/* Whatever becomes of the container, nobody ever served it there. */
static void test_not_configured(void **state)
{
	static const struct row rows[] = {
		{ "never there", IS_GONE, 0, 0, "ow", MISSING(NOT_CONFIGURED) },
		{ "made anew", CONTAINER_STOPS, 0, 10 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "gone", PLACE_ENDS, 0, 10 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "runs", CONTAINER_RUNS, 0, 12 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "found", PLACE_ANEW, 0, 12 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "as before", TICK, 0, 60 * SEC, "", MISSING(NOT_CONFIGURED) },
	};

	begin_in_container(RUNG_RESTART, RENDERED_NO);
	PLAY(rows);
}

static void test_paused(void **state)
{
	static const struct row pause[] = {
		IS_UP,
		{ "paused", CONTAINER_PAUSES, 0, 10 * SEC, "ow", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
	};
	static const struct row rows[] = {
		{ "nobody answers", SILENT, 0, 20 * SEC, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "goes on", CONTAINER_RUNS, 0, 30 * SEC, "p", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "works", PASSES, 0, 30 * SEC + 1, "x", UP },
	};

	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(pause);
	assert_true(last.wanted); /* and pages nobody, then */
	PLAY(rows);
	assert_int_equal(closed_downtime(0), 20 * SEC + 1);
}

/* It listens as before, and nobody is led there: asked at once, and one incident for all of its ports. */
static void test_cut_off(void **state)
{
	static const struct row rows[] = {
		IS_UP,
		{ "another port", IS_THERE, 1, 1, "p", ASKED },
		{ "works", PASSES, 1, 1, "", UP },
		{ "its network is taken", CONTAINER_CUT_OFF, 0, 10 * SEC, "p", UP },
		{ "from both", CONTAINER_CUT_OFF, 1, 10 * SEC, "p", UP },
		{ "by chance?", UNREACHABLE, 0, 10 * SEC, "", UP },
		{ "by chance?", UNREACHABLE, 1, 10 * SEC, "", UP },
		{ "asked again", TICK, 0, 12 * SEC, "p", UP },
		{ "the other too", TICK, 1, 12 * SEC, "p", UP },
		{ "no", UNREACHABLE, 0, 12 * SEC, "o", VERDICT_DOWN, FINDING_UNREACHABLE, CAUSE_NONE },
		{ "which was told", UNREACHABLE, 1, 12 * SEC, "", VERDICT_DOWN, FINDING_UNREACHABLE, CAUSE_NONE },
		{ "it has one again", CONTAINER_RUNS, 0, 20 * SEC, "p", VERDICT_DOWN, FINDING_UNREACHABLE, CAUSE_NONE },
	};

	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
}

/* Whoever is called by an incident restarts the container: that is no other story, whoever tells of it first. */
static void test_restarted_in_an_incident(void **state)
{
	static const struct row silent[] = {
		IS_UP,
		{ "paused", CONTAINER_PAUSES, 0, 10 * SEC, "ow", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "goes on", CONTAINER_RUNS, 0, 20 * SEC, "p", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
	};
	static const struct row kernel_first[] = {
		{ "all of it ends", ENDS_WITH_INIT, 0, 21 * SEC, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "by somebody's wish", CONTAINER_STOPS, 0, 21 * SEC + 9, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING,
		  CAUSE_NONE },
		{ "which takes a while", TICK, 0, 23 * SEC, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "it runs", CONTAINER_RUNS, 0, 24 * SEC, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "serves", OPENS, 0, 25 * SEC, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "the last answer from before", PASSES, 0, 25 * SEC, "p", VERDICT_DOWN, FINDING_NOT_ACCEPTING,
		  CAUSE_NONE },
		{ "works", PASSES, 0, 26 * SEC, "x", UP },
	};
	static const struct row told_first[] = {
		{ "somebody stops it", CONTAINER_TOLD, 0, 21 * SEC, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING,
		  CAUSE_NONE },
		{ "its server ends", EXITS_1, 0, 21 * SEC + 9, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "and all of it", CONTAINER_STOPS, 0, 22 * SEC, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "where it stays", TICK, 0, 52 * SEC, "c", MISSING(CONTAINER_STOPPED) },
	};
	static const struct row unasked[] = {
		{ "all of it ends", ENDS_WITH_INIT, 0, 21 * SEC, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE },
		{ "nobody wanted that", CONTAINER_EXITS, 0, 21 * SEC + 9, "", VERDICT_DOWN, FINDING_NOT_ACCEPTING,
		  CAUSE_NONE },
		{ "and it is told", TICK, 0, 21 * SEC + SEC / 4, "c", MISSING(CONTAINER_EXITED) },
	};

	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(silent);
	PLAY(kernel_first);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(silent);
	PLAY(told_first);
	begin_in_container(RUNG_RESTART, RENDERED_YES);
	PLAY(silent);
	PLAY(unasked);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_stopped, end_story),
		cmocka_unit_test_teardown(test_recreated, end_story),
		cmocka_unit_test_teardown(test_exited, end_story),
		cmocka_unit_test_teardown(test_crash_inside, end_story),
		cmocka_unit_test_teardown(test_not_configured, end_story),
		cmocka_unit_test_teardown(test_paused, end_story),
		cmocka_unit_test_teardown(test_cut_off, end_story),
		cmocka_unit_test_teardown(test_restarted_in_an_incident, end_story),
	};

	return cmocka_run_group_tests_name("judge_container", tests, NULL, NULL);
}
