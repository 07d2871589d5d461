// SPDX-License-Identifier: LGPL-2.1-or-later
/* Clients wait and nobody accepts: what the judge makes of it, and what is done about it. */
#include "tests/support/judge_story.h"

#define HANGS VERDICT_DOWN, FINDING_NOT_ACCEPTING, CAUSE_NONE
#define TAKEN VERDICT_DOWN, FINDING_FOREIGN_OWNER, CAUSE_BIND_FAILED
#define MUTE  VERDICT_DOWN, FINDING_NO_GREETING, CAUSE_NONE

/* There, working, and then five looks at a queue in which nothing moves, from @at on. */
#define SERVED(service)                                \
	{ "there", IS_THERE, service, 0, "p", ASKED }, \
	{                                              \
		"works", PASSES, service, 1, "", UP    \
	}
#define QUIET(service, at)                                                                                   \
	{ "clients wait", WAITS, service, at, "", UP }, { "still", WAITS, service, (at) + 1 * SEC, "", UP }, \
		{ "still", WAITS, service, (at) + 2 * SEC, "", UP },                                         \
		{ "still", WAITS, service, (at) + 3 * SEC, "", UP },                                         \
	{                                                                                                    \
		"one usec too early", WAITS, service, (at) + 5 * SEC - 1, "", UP                             \
	}

static void test_it_is_told_and_closed_on_proof(void **state)
{
	static const struct row rows[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "nobody accepts", WAITS, 0, 15 * SEC, "o", HANGS },
		{ "told once", WAITS, 0, 16 * SEC, "", HANGS },
		{ "it moves: does it serve?", FLOWS, 0, 20 * SEC, "p", HANGS },
		{ "asked once", EMPTY, 0, 21 * SEC, "", HANGS },
		{ "it does", PASSES, 0, 22 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
	/* From the first look at clients that wait to the conversation: the listener never was away. */
	assert_int_equal(last.downtime_usec, 12 * SEC);
	assert_int_equal(last.finding, FINDING_NOT_ACCEPTING);
	assert_true(judge_counts(judge)->withheld[WITHHELD_OFF] > 0);
}

static void test_what_is_no_fault(void **state)
{
	static const struct row slow[] = {
		SERVED(0),
		{ "clients wait", WAITS, 0, 10 * SEC, "", UP },
		{ "one accepted", FLOWS, 0, 14 * SEC, "", UP },
		{ "one accepted", FLOWS, 0, 18 * SEC, "", UP },
		{ "one accepted", FLOWS, 0, 22 * SEC, "", UP },
		{ "one accepted", FLOWS, 0, 26 * SEC, "", UP },
	};
	static const struct row planned[] = {
		SERVED(0),
		{ "systemd begins", JOB_BEGINS, 0, 9 * SEC, "", UP },
		QUIET(0, 10 * SEC),
		{ "what systemd works on is planned", WAITS, 0, 16 * SEC, "", UP },
		{ "it is done", JOB_ENDS, 0, 17 * SEC, "", UP },
		{ "and still nobody accepts; what the job loaded is asked for", WAITS, 0, 18 * SEC, "op", HANGS },
	};
	static const struct row gone[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "it crashes", CRASHES, 0, 15 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "what is missing says more", WAITS, 0, 16 * SEC, "", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(slow);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(planned);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(gone);
}

static void test_beside_conversations(void **state)
{
	static const struct row mute[] = {
		SERVED(0),
		{ "asked", TICK, 0, 60 * SEC, "p", UP },
		{ "no greeting: suspected", SILENT, 0, 70 * SEC, "", UP },
		{ "clients wait", WAITS, 0, 70 * SEC + 1, "", UP },
		{ "asked again", WAITS, 0, 71 * SEC + 1, "p", UP },
		{ "still", WAITS, 0, 72 * SEC + 1, "", UP },
		{ "still", WAITS, 0, 73 * SEC + 1, "", UP },
		{ "nobody accepts: that is known sooner", WAITS, 0, 75 * SEC + 1, "o", HANGS },
		{ "no news", SILENT, 0, 82 * SEC, "", HANGS },
	};
	static const struct row sharper[] = {
		SERVED(0),
		{ "asked", TICK, 0, 60 * SEC, "p", UP },
		{ "no greeting", SILENT, 0, 70 * SEC, "", UP },
		{ "asked again", TICK, 0, 72 * SEC, "p", UP },
		{ "no greeting", SILENT, 0, 82 * SEC, "o", MUTE },
		{ "clients wait", WAITS, 0, 83 * SEC, "", MUTE },
		{ "still", WAITS, 0, 84 * SEC, "", MUTE },
		{ "still", WAITS, 0, 85 * SEC, "", MUTE },
		{ "still", WAITS, 0, 86 * SEC, "", MUTE },
		{ "now it is known why", WAITS, 0, 88 * SEC, "c", HANGS },
	};
	static const struct row other_door[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "one of its sockets stands", WAITS, 0, 15 * SEC, "o", HANGS },
		{ "asked", TICK, 0, 61 * SEC, "p", HANGS },
		{ "served by the other: that proves nothing", PASSES, 0, 62 * SEC, "", HANGS },
		{ "it moves", EMPTY, 0, 63 * SEC, "p", HANGS },
		{ "proven", PASSES, 0, 64 * SEC, "x", UP },
	};
	static const struct row in_flight[] = {
		SERVED(0),
		QUIET(0, 53 * SEC),
		{ "nobody accepts, and it is asked", WAITS, 0, 59 * SEC + 1, "op", HANGS },
		{ "it moves, while a conversation lasts", EMPTY, 0, 61 * SEC, "", HANGS },
		{ "that one began before", SILENT, 0, 62 * SEC, "p", HANGS },
		{ "proven", PASSES, 0, 63 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(mute);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(sharper);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(other_door);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(in_flight);
}

/* It is another's queue that stands; who wants the port tries again and again. One story, not two in turn. */
static void test_beside_failed_binds(void **state)
{
	static const struct row later[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "nobody accepts", WAITS, 0, 15 * SEC, "o", HANGS },
		{ "another holds it", PORT_TAKEN, 0, 16 * SEC, "c", TAKEN },
		{ "that stays", WAITS, 0, 17 * SEC, "", TAKEN },
		{ "again", PORT_TAKEN, 0, 18 * SEC, "", TAKEN },
		{ "for as long as it lasts", WAITS, 0, 200 * SEC, "p", TAKEN },
		{ "it moves, while it is asked", EMPTY, 0, 201 * SEC, "", TAKEN },
		{ "that one began before", PASSES, 0, 202 * SEC, "p", TAKEN },
		{ "it serves", PASSES, 0, 203 * SEC, "x", UP },
	};
	static const struct row before[] = {
		SERVED(0),
		{ "somebody wants it too", PORT_TAKEN, 0, 9 * SEC, "p", UP },
		QUIET(0, 10 * SEC),
		{ "nobody accepts, and another holds it", WAITS, 0, 15 * SEC, "o", TAKEN },
		{ "that stays", WAITS, 0, 16 * SEC, "", TAKEN },
	};
	static const struct row own[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "nobody accepts", WAITS, 0, 15 * SEC, "o", HANGS },
		{ "its own socket holds it", TAKEN_BY_ITSELF, 0, 16 * SEC, "p", HANGS },
		{ "that stays", WAITS, 0, 17 * SEC, "", HANGS },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(later);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(before);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(own);
}

/* Who opens sockets beside it without story_end makes no answer worthless. */
static void test_beside_sockets_without_end(void **state)
{
	static const struct row rows[] = {
		SERVED(0),
		{ "another socket", OPENS, 0, 10 * SEC, "p", UP },
		{ "another", OPENS, 0, 10 * SEC + 1, "", UP },
		{ "that answer is of before", SILENT, 0, 11 * SEC, "p", UP },
		{ "another", OPENS, 0, 11 * SEC + 1, "", UP },
		{ "this one counts", SILENT, 0, 12 * SEC, "", UP },
		{ "again", TICK, 0, 14 * SEC, "p", UP },
		{ "another", OPENS, 0, 14 * SEC + 1, "", UP },
		{ "that answer is of before", SILENT, 0, 15 * SEC, "p", UP },
		{ "another", OPENS, 0, 15 * SEC + 1, "", UP },
		{ "told all the same", SILENT, 0, 16 * SEC, "o", MUTE },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
}

static void test_reload_then_restart(void **state)
{
	static const struct row rows[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "nobody accepts", WAITS, 0, 15 * SEC, "o", HANGS },
		{ "could it come back?", TICK, 0, 15 * SEC + 500000, "k", HANGS },
		{ "reload", FITS, 0, 15 * SEC + 600000, "sL", HANGS },
		{ "done", REPAIR_DONE, 0, 16 * SEC, "f", HANGS },
		{ "what it brought is asked", TICK, 0, 16 * SEC, "p", HANGS },
		{ "nothing", FAILS, 0, 40 * SEC, "", HANGS },
		{ "that did not help", TICK, 0, 46 * SEC, "", HANGS },
		{ "could it come back?", TICK, 0, 46 * SEC + 500000, "k", HANGS },
		{ "restart", FITS, 0, 46 * SEC + 600000, "sR", HANGS },
		{ "closed", EXITS_0, 0, 47 * SEC, "c", MISSING(OWNER_EXITED) },
		{ "back", OPENS, 0, 48 * SEC, "p", ASKED },
		{ "done", REPAIR_DONE, 0, 48 * SEC, "f", ASKED },
		{ "proven", PASSES, 0, 50 * SEC, "x", UP },
	};
	static const struct row moves_again[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "nobody accepts", WAITS, 0, 15 * SEC, "o", HANGS },
		{ "it moves before the repair", FLOWS, 0, 15 * SEC + 400000, "p", HANGS },
		{ "none is needed", TICK, 0, 16 * SEC, "", HANGS },
	};
	static const struct row moves_while_checked[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "nobody accepts", WAITS, 0, 15 * SEC, "o", HANGS },
		{ "could it come back?", TICK, 0, 15 * SEC + 500000, "k", HANGS },
		{ "it moves", EMPTY, 0, 16 * SEC, "p", HANGS },
		{ "none is needed", FITS, 0, 17 * SEC, "", HANGS },
	};
	static const struct row only_reload[] = {
		SERVED(0),
		QUIET(0, 10 * SEC),
		{ "nobody accepts", WAITS, 0, 15 * SEC, "o", HANGS },
		{ "could it come back?", TICK, 0, 15 * SEC + 500000, "k", HANGS },
		{ "reload", FITS, 0, 15 * SEC + 600000, "sL", HANGS },
		{ "done", REPAIR_DONE, 0, 16 * SEC, "f", HANGS },
		{ "what it brought is asked", TICK, 0, 16 * SEC, "p", HANGS },
		{ "nothing", FAILS, 0, 40 * SEC, "", HANGS },
		{ "more is not allowed", TICK, 0, 46 * SEC, "", HANGS },
		{ "and never done", TICK, 0, 90 * SEC, "p", HANGS },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(moves_again);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(moves_while_checked);
	begin(RUNG_RELOAD, RENDERED_YES);
	PLAY(only_reload);
	assert_non_null(strstr(last.remedy, "reload dovecot.service, or else restart it"));
}

/* One server's ports hang together, however far apart their clients come; one repair is enough. */
static void test_one_hang_is_one_incident(void **state)
{
	static const struct row rows[] = {
		SERVED(0),
		SERVED(1),
		QUIET(0, 10 * SEC),
		{ "587", WAITS, 0, 15 * SEC, "o", HANGS },
		QUIET(1, 30 * SEC),
		{ "465 joins", WAITS, 1, 35 * SEC, "c", HANGS },
		{ "587 moves", EMPTY, 0, 36 * SEC, "p", HANGS },
		{ "587 is back", PASSES, 0, 37 * SEC, "", UP },
		{ "465 moves", EMPTY, 1, 38 * SEC, "p", HANGS },
		{ "both are", PASSES, 1, 39 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 29 * SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_told_and_closed_on_proof), cmocka_unit_test(test_what_is_no_fault),
		cmocka_unit_test(test_beside_conversations),	       cmocka_unit_test(test_beside_failed_binds),
		cmocka_unit_test(test_beside_sockets_without_end),     cmocka_unit_test(test_reload_then_restart),
		cmocka_unit_test(test_one_hang_is_one_incident),
	};

	return cmocka_run_group_tests_name("not accepting", tests, NULL, story_end);
}
