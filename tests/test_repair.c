// SPDX-License-Identifier: LGPL-2.1-or-later
/* Incidents and repairs: one crash is one incident, closed on proof, repaired within bounds. */
#include "tests/support/judge_story.h"

static void test_crash_is_one_incident_and_is_repaired(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "587 works", PASSES, 0, 1, "", UP },
		{ "465 there", IS_THERE, 1, 2, "p", ASKED },
		{ "465 works", PASSES, 1, 3, "", UP },
		{ "crash: at once", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "the same crash, which was told of both", CRASHES, 1, 10 * SEC + 9, "", MISSING(OWNER_CRASHED) },
		{ "others still close", TICK, 0, 10 * SEC + 499999, "", MISSING(OWNER_CRASHED) },
		{ "settled", TICK, 0, 10 * SEC + 500000, "k", MISSING(OWNER_CRASHED) },
		{ "nothing against it", FITS, 0, 10 * SEC + 500000, "sR", MISSING(OWNER_CRASHED) },
		{ "587 back", OPENS, 0, 11 * SEC, "p", ASKED },
		{ "465 back", OPENS, 1, 11 * SEC + 7, "p", ASKED },
		{ "587 proven, not yet all", PASSES, 0, 12 * SEC, "", UP },
		{ "the command returns late", REPAIR_DONE, 0, 12 * SEC + 1, "f", UP },
		{ "465 proven", PASSES, 1, 12 * SEC + 2, "x", UP },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 1 * SEC + 7);
	assert_int_equal(judge_counts(judge)->incidents, 1);
	assert_int_equal(judge_counts(judge)->repairs[RUNG_RESTART][1], 1);
	assert_int_equal(judge_budgets(judge)->n, 1);
	assert_string_equal(judge_budgets(judge)->list[0].target, "dovecot.service");
	assert_int_equal(judge_budgets(judge)->list[0].n, 1);
}

/* What one dying server takes along falls within five seconds. */
static void test_the_window_to_join(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "465 there", IS_THERE, 1, 0, "p", ASKED },
		{ "993 there", IS_THERE, 2, 0, "p", ASKED },
		{ "a crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "the same one still", CRASHES, 1, 15 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "another one", CRASHES, 2, 15 * SEC + 1, "o", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(judge_counts(judge)->incidents, 2);
	assert_string_equal(view_of(0).incident, view_of(1).incident);
}

static void test_repair_is_off_by_default(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 1, "o", MISSING(OWNER_CRASHED) },
		{ "nothing is done", TICK, 0, 60 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "nor said of what it could not help", IS_GONE, 1, 60 * SEC, "o", MISSING(NOT_STARTED) },
	};

	begin(policy_default.repair, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(judge_counts(judge)->withheld[WITHHELD_OFF], 2);
	judge_remedy(judge, 0, last.remedy, sizeof(last.remedy));
	assert_string_equal(last.remedy, "restart dovecot.service.");
}

static void test_budget_of_a_crash_loop(void **state)
{
	struct actions actions;
	unsigned int repairs = 0, told = 0;
	char letters[JUDGE_ACTIONS_MAX + 1];
	uint64_t at = START;

	begin(RUNG_RESTART, RENDERED_YES);
	for (int i = 0; i < 600; i++) { /* half an hour of crashing every 3 s */
		static const enum happening loop[] = { OPENS, PASSES, CRASHES, TICK, FITS, REPAIR_DONE };

		for (size_t j = 0; j < ARRAY_SIZE(loop); j++) {
			struct fact fact = fact_of(loop[j], 0, at);
			struct moment now = { at, at };

			at += 600 * 1000;
			judge_feed(judge, &fact, now, &actions);
			letters_of(&actions, letters); /* remembers who asked */
			for (size_t k = 0; k < actions.n; k++) {
				repairs += actions.list[k].kind == ACTION_REPAIR;
				told += actions.list[k].kind == ACTION_SAY &&
					actions.list[k].record.withheld == WITHHELD_BUDGET;
			}
		}
	}
	assert_int_equal(repairs, 3);
	assert_true(told > 0);
}

static void test_a_repair_that_does_not_help(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 0, "o", MISSING(OWNER_CRASHED) },
		{ "repaired", TICK, 0, 500000, "k", MISSING(OWNER_CRASHED) },
		{ "nothing against it", FITS, 0, 500000, "sR", MISSING(OWNER_CRASHED) },
		{ "the command failed", REPAIR_FAILED, 0, 600000, "f", MISSING(OWNER_CRASHED) },
		{ "planned again", TICK, 0, 600000, "", MISSING(OWNER_CRASHED) },
		{ "too soon", TICK, 0, 1100000, "w", MISSING(OWNER_CRASHED) },
		{ "after the pause", TICK, 0, 10500000, "k", MISSING(OWNER_CRASHED) },
		{ "nothing against it", FITS, 0, 10500000, "sR", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
}

static void test_reload_keeps_incidents(void **state)
{
	static const struct row before[] = { { "gone", IS_GONE, 0, 0, "ow", MISSING(NOT_CONFIGURED) } };
	static const struct row after[] = {
		{ "known already", IS_GONE, 0, 5 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "opens", OPENS, 0, 9 * SEC, "p", ASKED },
		{ "proven", PASSES, 0, 9 * SEC + 1, "x", UP },
	};
	char id[INCIDENT_ID_SIZE];

	begin(RUNG_RESTART, RENDERED_NO);
	PLAY(before);
	memcpy(id, last.incident, sizeof(id));
	assert_int_equal(judge_counts(judge)->withheld[WITHHELD_FUTILE], 1);
	assert_int_equal(strlen(id), 32);
	renew();
	PLAY(after);
	assert_string_equal(last.incident, id);
	assert_int_equal(last.downtime_usec, 9 * SEC);
}

/* Neither what was done is forgotten, nor what may still be done. */
static void test_reload_keeps_repairs(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 0, "o", MISSING(OWNER_CRASHED) },
		{ "looked at first", TICK, 0, 1 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "nothing against it", FITS, 0, 1 * SEC, "sR", MISSING(OWNER_CRASHED) },
	};
	static const struct row after[] = {
		{ "its end finds the incident", REPAIR_DONE, 3, 2 * SEC, "f", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(before);
	/* Its port is another of the set now, and the first one is gone. */
	services.list[0] = services.list[1];
	add("submission", 587, RENDERED_YES);
	renew();
	assert_non_null(view_of(3).incident);
	assert_null(view_of(0).incident);
	PLAY(after);
	assert_int_equal(judge_counts(judge)->incidents, 1);
	assert_int_equal(view_of(3).incidents[CAUSE_OWNER_CRASHED], 1);
	assert_int_equal(judge_budgets(judge)->list[0].n, 1);
	renew();
	assert_int_equal(judge_counts(judge)->repairs[RUNG_RESTART][1], 1);
	assert_int_equal(view_of(3).repair, REPAIR_PROVING);
}

/* The set of services is read anew while a conversation is under way: its answer finds nobody. */
static void test_reload_in_the_middle_of_a_conversation(void **state)
{
	static const struct row before[] = { { "there, and asked", IS_THERE, 0, 0, "p", ASKED } };
	static const struct row after[] = { { "asked again at once", TICK, 0, 5, "p", ASKED },
					    { "works", PASSES, 0, 6, "", UP } };

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(before);
	renew();
	assert_true(judge_deadline(judge, 0) <= START + 5);
	PLAY(after);
}

static void test_a_proof_is_not_put_off(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 0, "o", MISSING(OWNER_CRASHED) },
		{ "back, while the first question is still open", OPENS, 0, 1 * SEC, "", ASKED },
		{ "that answer is about the old socket", NO_ANSWER, 0, 1 * SEC, "p", ASKED },
		{ "the prober died", NO_ANSWER, 0, 2 * SEC, "", ASKED },
		{ "asked again soon, not in a minute", TICK, 0, 4 * SEC, "p", ASKED },
		{ "proven", PASSES, 0, 4 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 1 * SEC);
	assert_int_equal(last.verdict, VERDICT_UP);
	assert_int_equal(last.finding, FINDING_MISSING);
	assert_int_equal(last.cause, CAUSE_OWNER_CRASHED);
}

/* A guessed unit is never restarted, also when the one that could be is back already. */
static void test_a_guess_is_never_repaired(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "465 there", IS_THERE, 1, 0, "p", ASKED },
		{ "587 goes", CRASHES, 0, 1 * SEC, "ow", MISSING(OWNER_CRASHED) },
		{ "465 goes, and has a command", CRASHES, 1, 1 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "465 is back by itself", OPENS, 1, 1 * SEC + 1, "", ASKED },
		{ "its old answer", FAILS, 1, 1 * SEC + 2, "p", ASKED },
		{ "and works", PASSES, 1, 1 * SEC + 3, "", UP },
		{ "587 alone has nothing to be repaired by", TICK, 0, 2 * SEC, "", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	services.list[0].server.unit_is_guess = services.list[1].server.unit_is_guess = true;
	(void)text_copy(services.list[1].server.restart_command, SERVICE_COMMAND_SIZE, "/bin/true");
	renew();
	PLAY(rows);
	assert_int_equal(judge_counts(judge)->withheld[WITHHELD_NO_MEANS], 1);
	assert_int_equal(judge_budgets(judge)->n, 0);
}

static void test_a_guess_is_not_repaired_after_the_look_either(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "465 there", IS_THERE, 1, 0, "p", ASKED },
		{ "both go", CRASHES, 0, 1 * SEC, "ow", MISSING(OWNER_CRASHED) },
		{ "and 465 has a command", CRASHES, 1, 1 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "looked at", TICK, 1, 2 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "465 is back by itself", OPENS, 1, 2 * SEC + 1, "", ASKED },
		{ "its old answer", FAILS, 1, 2 * SEC + 2, "p", ASKED },
		{ "and works", PASSES, 1, 2 * SEC + 3, "", UP },
		{ "587 alone has nothing to be repaired by", FITS, 0, 2 * SEC + 4, "", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	services.list[0].server.unit_is_guess = services.list[1].server.unit_is_guess = true;
	(void)text_copy(services.list[1].server.restart_command, SERVICE_COMMAND_SIZE, "/bin/true");
	renew();
	PLAY(rows);
	assert_int_equal(judge_budgets(judge)->list[0].n, 0);
	assert_int_equal(view_of(0).repair, REPAIR_IDLE);
}

/* Two servers at once: each story_end of a repair goes to the incident that asked for it. */
static void test_two_repairs_at_once(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "465 there", IS_THERE, 1, 0, "p", ASKED },
		{ "587 goes", CRASHES, 0, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "465 is out of memory", OOM, 1, 1 * SEC, "o", MISSING(OWNER_OOM_KILLED) },
		{ "one", TICK, 0, 2 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "nothing against it", FITS, 0, 2 * SEC, "sR", MISSING(OWNER_CRASHED) },
		{ "other", TICK, 1, 2 * SEC, "k", MISSING(OWNER_OOM_KILLED) },
		{ "nothing against it", FITS, 1, 2 * SEC, "sR", MISSING(OWNER_OOM_KILLED) },
		{ "the other's is done", REPAIR_DONE, 1, 3 * SEC, "f", MISSING(OWNER_OOM_KILLED) },
		{ "told once", REPAIR_DONE, 1, 3 * SEC, "", MISSING(OWNER_OOM_KILLED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	(void)text_copy(services.list[1].server.unit, UNIT_NAME_SIZE, "postfix.service");
	renew();
	PLAY(rows);
	assert_int_equal(last.port, 465);
	assert_int_equal(view_of(0).repair, REPAIR_RUNNING);
	assert_int_equal(view_of(1).repair, REPAIR_PROVING);
}

/* With what is on disk the server would not come back: nothing is spent, and it is looked at again. */
static void test_a_broken_configuration_withholds(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 0, "o", MISSING(OWNER_CRASHED) },
		{ "looked at first", TICK, 0, 1 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "it would not start", FITS_NOT, 0, 1 * SEC, "w", MISSING(OWNER_CRASHED) },
		{ "too soon", TICK, 0, 31 * SEC - 1, "", MISSING(OWNER_CRASHED) },
		{ "looked at again", TICK, 0, 31 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "still not, told once", FITS_NOT, 0, 31 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "and again", TICK, 0, 61 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "mended", FITS, 0, 61 * SEC, "sR", MISSING(OWNER_CRASHED) },
		{ "a late word", FITS, 0, 61 * SEC, "", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	play(rows, 5);
	assert_int_equal(last.withheld, WITHHELD_CONFIGURATION);
	assert_string_equal(last.detail, "dovecot.conf:7: nonsense");
	assert_int_equal(judge_budgets(judge)->list[0].n, 0);
	play(rows + 5, ARRAY_SIZE(rows) - 5);
	assert_int_equal(judge_counts(judge)->withheld[WITHHELD_CONFIGURATION], 1);
	assert_int_equal(judge_budgets(judge)->list[0].n, 1);
}

/* The administrator mends it and reloads Hearken: that is news. */
static void test_a_reload_looks_again_at_once(void **state)
{
	static const struct row before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 0, "o", MISSING(OWNER_CRASHED) },
		{ "looked at first", TICK, 0, 1 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "it would not start", FITS_NOT, 0, 1 * SEC, "w", MISSING(OWNER_CRASHED) },
	};
	static const struct row after[] = { { "looked at again, and asked", TICK, 0, 2 * SEC, "pk",
					      MISSING(OWNER_CRASHED) } };

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(before);
	renew();
	PLAY(after);
}

static void test_back_while_it_is_looked_at(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 0, "o", MISSING(OWNER_CRASHED) },
		{ "looked at first", TICK, 0, 1 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "somebody started it", OPENS, 0, 1 * SEC, "", ASKED },
		{ "so it is left alone", FITS, 0, 1 * SEC + 1, "", ASKED },
		{ "its old answer", FAILS, 0, 1 * SEC + 2, "p", ASKED },
		{ "works", PASSES, 0, 2 * SEC, "x", UP },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(judge_budgets(judge)->list[0].n, 0);
}

/* Whoever looks may die over it: the look is asked for again. */
static void test_nobody_says_whether_it_fits(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 0, "o", MISSING(OWNER_CRASHED) },
		{ "looked at", TICK, 0, 1 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "no word", TICK, 0, 31 * SEC - 1, "", MISSING(OWNER_CRASHED) },
		{ "time is up", TICK, 0, 31 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "looked at again", TICK, 0, 31 * SEC, "k", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
}

#define SOON   VERDICT_DEGRADED, FINDING_CERTIFICATE_EXPIRING, CAUSE_NONE
#define NO_TLS VERDICT_DOWN, FINDING_STARTTLS_NOT_OFFERED, CAUSE_NONE

/* Two weeks of a certificate that ends soon are no two weeks of downtime. */
static void test_a_warning_is_no_downtime(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "ends soon", WARNS, 0, 1, "o", SOON },
		{ "asked again", TICK, 0, 100 * SEC, "p", SOON },
		{ "renewed", PASSES, 0, 101 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 0);
	assert_int_equal(closed_downtime(0), 0);
}

/* Only what keeps clients out counts, before and after what merely warns, and all of it. */
static void test_downtime_within_an_incident(void **state)
{
	static const struct row warns_around[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "ends soon", WARNS, 0, 1, "o", SOON },
		{ "asked again", TICK, 0, 1000 * SEC, "p", SOON },
		{ "no STARTTLS, perhaps", FAILS, 0, 1000 * SEC, "", SOON },
		{ "asked again", TICK, 0, 1002 * SEC, "p", SOON },
		{ "no STARTTLS", FAILS, 0, 1002 * SEC, "c", NO_TLS },
		{ "asked again", TICK, 0, 1032 * SEC, "p", NO_TLS },
		{ "as before", WARNS, 0, 1032 * SEC, "c", SOON },
		{ "asked again", TICK, 0, 2000 * SEC, "p", SOON },
		{ "renewed", PASSES, 0, 2000 * SEC, "x", UP },
	};
	static const struct row falls_twice[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "no STARTTLS, perhaps", FAILS, 0, 1, "", ASKED },
		{ "asked again", TICK, 0, 10 * SEC, "p", ASKED },
		{ "no STARTTLS", FAILS, 0, 10 * SEC, "o", NO_TLS },
		{ "and a crash", CRASHES, 0, 40 * SEC, "c", MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 50 * SEC, "p", ASKED },
		{ "and well", PASSES, 0, 51 * SEC, "x", UP },
	};

	/* What is shown of it never becomes less: to Prometheus that would be a restart from zero. */
	begin(RUNG_NONE, RENDERED_YES);
	for (size_t i = 0; i < ARRAY_SIZE(falls_twice); i++) {
		uint64_t shown = judge_downtime(judge, 0, START + falls_twice[i].at);

		play(&falls_twice[i], 1);
		assert_true(judge_downtime(judge, 0, START + falls_twice[i].at) >= shown);
	}
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(warns_around);
	assert_int_equal(last.downtime_usec, 30 * SEC);
	assert_int_equal(closed_downtime(0), 30 * SEC);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(falls_twice);
	assert_int_equal(last.downtime_usec, 40 * SEC);
	assert_int_equal(closed_downtime(0), 40 * SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crash_is_one_incident_and_is_repaired),
		cmocka_unit_test(test_the_window_to_join),
		cmocka_unit_test(test_repair_is_off_by_default),
		cmocka_unit_test(test_budget_of_a_crash_loop),
		cmocka_unit_test(test_a_repair_that_does_not_help),
		cmocka_unit_test(test_reload_keeps_incidents),
		cmocka_unit_test(test_reload_keeps_repairs),
		cmocka_unit_test(test_reload_in_the_middle_of_a_conversation),
		cmocka_unit_test(test_a_proof_is_not_put_off),
		cmocka_unit_test(test_a_guess_is_never_repaired),
		cmocka_unit_test(test_a_guess_is_not_repaired_after_the_look_either),
		cmocka_unit_test(test_two_repairs_at_once),
		cmocka_unit_test(test_a_warning_is_no_downtime),
		cmocka_unit_test(test_downtime_within_an_incident),
		cmocka_unit_test(test_a_broken_configuration_withholds),
		cmocka_unit_test(test_a_reload_looks_again_at_once),
		cmocka_unit_test(test_back_while_it_is_looked_at),
		cmocka_unit_test(test_nobody_says_whether_it_fits),
	};

	return cmocka_run_group_tests_name("repair", tests, NULL, story_end);
}
