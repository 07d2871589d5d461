// SPDX-License-Identifier: LGPL-2.1-or-later
/* Never against the operator, nor ahead of systemd, nor against a port that another holds: what is asked before a
 * repair, and asked again when it begins. */
#include "tests/support/judge_story.h"

#define ENDED_CERTIFICATE VERDICT_DOWN, FINDING_CERTIFICATE_EXPIRED, CAUSE_NONE
#define TAKEN		  VERDICT_DOWN, FINDING_FOREIGN_OWNER, CAUSE_BIND_FAILED
#define ONE_LOST	  VERDICT_DOWN, FINDING_WRONG_ADDRESS, CAUSE_BIND_FAILED

/* What the kernel would have told, had anybody listened, systemd tells; and it is one incident. */
static void test_died_while_nobody_looked(void **state)
{
	static const struct row rows[] = {
		{ "systemd saw it", UNIT_DIED, 0, 0, "", ASKED },
		{ "of all", UNIT_DIED, 1, 0, "", ASKED },
		{ "gone at start: no operator ends a unit so", IS_GONE, 0, 1, "o", MISSING(OWNER_CRASHED) },
		{ "told with it", IS_GONE, 1, 1, "", MISSING(OWNER_CRASHED) },
		{ "a restart helps", TICK, 0, 1 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "and is done", FITS, 0, 1 * SEC, "sR", MISSING(OWNER_CRASHED) },
	};
	static const struct row loop[] = {
		{ "systemd gave it up", UNIT_LOOPS, 0, 0, "", ASKED },
		{ "gone at start: futile", IS_GONE, 0, 1, "ow", MISSING(UNIT_FAILED) },
		{ "left so", TICK, 0, 60 * SEC, "", MISSING(UNIT_FAILED) },
	};
	static const struct row guessed[] = {
		{ "systemd saw it", UNIT_DIED, 0, 0, "", ASKED },
		{ "of all", UNIT_DIED, 1, 0, "", ASKED },
		{ "who never was seen to serve them: told, not repaired", IS_GONE, 0, 1, "ow", MISSING(OWNER_CRASHED) },
		{ "the same", IS_GONE, 1, 1, "", MISSING(OWNER_CRASHED) },
		{ "left so", TICK, 0, 1 * SEC, "", MISSING(OWNER_CRASHED) },
	};
	/* The master closes its sockets first, and then falls. */
	static const struct row closed_first[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "let go", LETS_GO, 0, 1 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "and died: no grace for that", UNIT_DIED, 0, 1 * SEC + 9, "o", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(loop);
	assert_string_equal(last.detail, "dovecot.service has failed: exit-code, its main process ended with 89, and "
					 "systemd started it again 5 times in vain");
	begin(RUNG_RESTART, RENDERED_YES);
	for (size_t i = 0; i < services.n; i++)
		services.list[i].server.unit_is_guess = true;
	renew();
	PLAY(guessed);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(closed_first);
}

/* Who cannot hear systemd knows of no operator: it is waited for. */
static void test_nothing_is_done_while_deaf(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "a crash", CRASHES, 0, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "the bus goes", BUS_IS_LOST, 0, 1 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "not now", TICK, 0, 2 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "it is heard again", UNIT_DIED, 0, 9 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "now", TICK, 0, 10 * SEC, "k", MISSING(OWNER_CRASHED) },
	};
	static const struct row job[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", UP },
		{ "closed", EXITS_0, 0, 11 * SEC, "", MISSING(OWNER_EXITED) },
		{ "the bus goes: no job is planned work for ever", BUS_IS_LOST, 0, 12 * SEC, "",
		  MISSING(OWNER_EXITED) },
		{ "it should be back by now", TICK, 0, 14 * SEC, "o", MISSING(OWNER_EXITED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(job);
}

/* An incident that is open already is no right to undo what the operator does. */
static void test_a_stop_is_never_hidden(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "expired: once more", ENDED_ON_DISK, 0, 1 * SEC, "", ASKED },
		{ "asked again", TICK, 0, 3 * SEC, "p", ASKED },
		{ "expired", ENDED_ON_DISK, 0, 4 * SEC, "o", ENDED_CERTIFICATE },
		{ "systemctl stop", JOB_BEGINS, 0, 5 * SEC, "", ENDED_CERTIFICATE },
		{ "the port goes: planned", TERMINATED, 0, 6 * SEC, "", ENDED_CERTIFICATE },
		{ "stopped: told, with what it is now", STOPPED, 0, 7 * SEC, "cw", MISSING(UNIT_STOPPED) },
		{ "and left so", TICK, 0, 100 * SEC, "", MISSING(UNIT_STOPPED) },
	};
	static const struct row during_an_outage[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "let go", LETS_GO, 0, 1 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "not opened again", TICK, 0, 3 * SEC, "o", MISSING(CLOSED_BY_OWNER) },
		{ "the operator is at it", JOB_BEGINS, 0, 3 * SEC + 100, "", MISSING(CLOSED_BY_OWNER) },
		{ "so it is waited for", TICK, 0, 4 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "and it was a stop", STOPPED, 0, 5 * SEC, "cw", MISSING(UNIT_STOPPED) },
		{ "left so", TICK, 0, 100 * SEC, "", MISSING(UNIT_STOPPED) },
	};
	static const struct row between_look_and_repair[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "a crash", CRASHES, 0, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "looked at", TICK, 0, 2 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "the operator starts it", JOB_BEGINS, 0, 2 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "so we do not", FITS, 0, 2 * SEC + 2, "", MISSING(OWNER_CRASHED) },
		{ "and stops it after all", STOPPED, 0, 3 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "it is said why not", TICK, 0, 4 * SEC, "w", MISSING(OWNER_CRASHED) },
		{ "left so", TICK, 0, 100 * SEC, "", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(during_an_outage);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(between_look_and_repair);
	assert_int_equal(last.withheld, WITHHELD_STOPPED_BY_OPERATOR);
	assert_int_equal(judge_budgets(judge)->list[0].n, 0);
}

static void test_systemd_goes_first(void **state)
{
	static const struct row comes_back[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a crash", CRASHES, 0, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "Restart=, in 3 s", UNIT_STARTS, 0, 1 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "not pre-empted", TICK, 0, 2 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "opened", OPENS, 0, 4 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 4 * SEC + 1, "x", UP },
	};
	static const struct row gives_up[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "a crash", CRASHES, 0, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "Restart=", UNIT_STARTS, 0, 1 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "not pre-empted", TICK, 0, 2 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "start limit hit", UNIT_FAILS, 0, 4 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "then it is our turn", TICK, 0, 4 * SEC + 500000, "k", MISSING(OWNER_CRASHED) },
		{ "nothing against it", FITS, 0, 4 * SEC + 500000, "sR", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(comes_back);
	assert_int_equal(judge_budgets(judge)->n, 0);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(gives_up);
}

/* Dovecot closes its sockets and then leaves: nobody lives on there, and a dead unit is started, not reloaded. */
static void test_the_end_after_the_close(void **state)
{
	static const struct row in_time[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "kill -TERM of the master", LETS_GO, 0, 1 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "no job, and inactive", UNIT_LEAVES, 0, 1 * SEC + 1, "", MISSING(OWNER_EXITED) },
		{ "perhaps a restart by hand", TICK, 0, 3 * SEC, "", MISSING(OWNER_EXITED) },
		{ "it was none", TICK, 0, 6 * SEC, "o", MISSING(OWNER_EXITED) },
		{ "looked at", TICK, 0, 7 * SEC, "k", MISSING(OWNER_EXITED) },
		{ "started", FITS, 0, 7 * SEC, "sR", MISSING(OWNER_EXITED) },
	};
	static const struct row late[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "kill -TERM of the master", LETS_GO, 0, 1 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "it takes its time", TICK, 0, 3 * SEC, "o", MISSING(CLOSED_BY_OWNER) },
		{ "and is dead", UNIT_LEAVES, 0, 3 * SEC + 1, "c", MISSING(OWNER_EXITED) },
		{ "looked at", TICK, 0, 4 * SEC, "k", MISSING(OWNER_EXITED) },
		{ "started", FITS, 0, 4 * SEC, "sR", MISSING(OWNER_EXITED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(in_time);
	assert_non_null(strstr(view_of(0).detail, "no job of systemd ended dovecot.service"));
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(late);
}

static void test_a_second_loss_is_a_new_reason(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a crash", CRASHES, 0, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "started by hand, slow to greet", OPENS, 0, 1 * SEC + 200000, "p", ASKED },
		{ "so left alone", TICK, 0, 2 * SEC, "", ASKED },
		{ "and again", CRASHES, 0, 2 * SEC + 200000, "", MISSING(OWNER_CRASHED) },
		{ "repaired", TICK, 0, 3 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "nothing against it", FITS, 0, 3 * SEC, "sR", MISSING(OWNER_CRASHED) },
		{ "done", REPAIR_DONE, 0, 4 * SEC, "f", MISSING(OWNER_CRASHED) },
		{ "opened", OPENS, 0, 4 * SEC, "", ASKED },
		{ "dies before the proof", OOM, 0, 5 * SEC, "c", MISSING(OWNER_OOM_KILLED) },
		{ "too soon", TICK, 0, 6 * SEC, "w", MISSING(OWNER_OOM_KILLED) },
		{ "after the pause", TICK, 0, 13 * SEC, "k", MISSING(OWNER_OOM_KILLED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(judge_counts(judge)->incidents, 1);
}

/* Taken at a reload: no restart while it is, and a reload once it is free. */
static void test_a_taken_port(void **state)
{
	static const struct row freed[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a reload lets go", LETS_GO, 0, 1 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "another was faster", FOREIGN, 0, 1 * SEC + 1, "", MISSING(CLOSED_BY_OWNER) },
		{ "refused", PORT_TAKEN, 0, 1 * SEC + 2, "o", TAKEN },
		{ "nothing is done", TICK, 0, 300 * SEC, "", TAKEN },
		{ "the holder lets IPv4 go", V6_LOST, 0, 301 * SEC, "", TAKEN },
		{ "nobody opens it by himself", TICK, 0, 301 * SEC + 500000, "k", TAKEN },
		{ "a reload", FITS, 0, 301 * SEC + 500000, "sL", TAKEN },
		{ "and what is lost meanwhile", TICK, 0, 303 * SEC, "c", ONE_LOST },
		{ "done", REPAIR_DONE, 0, 303 * SEC, "f", ONE_LOST },
		{ "opened", OPENS, 0, 303 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 304 * SEC, "x", UP },
	};
	static const struct row half[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a reload lets go", LETS_GO, 0, 1 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "and is refused IPv4", PORT_TAKEN, 0, 1 * SEC + 1, "ow", MISSING(BIND_FAILED) },
		{ "but not IPv6", V4_TAKEN, 0, 1 * SEC + 2, "", MISSING(BIND_FAILED) },
		{ "told", TICK, 0, 4 * SEC, "c", ONE_LOST },
		{ "nothing is done", TICK, 0, 300 * SEC, "", ONE_LOST },
		{ "the holder goes", V6_LOST, 0, 301 * SEC, "", ONE_LOST },
		{ "looked at", TICK, 0, 301 * SEC + 500000, "k", ONE_LOST },
		{ "a reload", FITS, 0, 301 * SEC + 500000, "sL", ONE_LOST },
	};
	/* The ring that tells of refusals is read after the one that tells of listeners, and which addresses are
	 * expected is read from the configuration later still. */
	static const struct row told_late[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a reload lets go", LETS_GO, 0, 1 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "and opens IPv6", OPENS_BESIDE, 0, 1 * SEC + 2, "p", ASKED },
		{ "after it was refused IPv4", PORT_TAKEN, 0, 1 * SEC + 1, "", ASKED },
		{ "which is expected too", V4_TAKEN, 0, 2 * SEC, "", ASKED },
		{ "so it is known why", TICK, 0, 4 * SEC, "o", ONE_LOST },
	};
	static const struct row crash_while_taken[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "993 there", IS_THERE, 2, 0, "p", ASKED },
		{ "another has IPv4's", V4_TAKEN, 0, 1 * SEC, "", ASKED },
		{ "refused", PORT_TAKEN, 0, 1 * SEC + 1, "o", ONE_LOST },
		{ "993's master dies", CRASHES, 2, 9 * SEC, "ow", MISSING(OWNER_CRASHED) },
		{ "and 587 is another's", FOREIGN, 0, 9 * SEC, "", ONE_LOST },
		{ "asked again", TICK, 2, 39 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "the holder goes", CRASHES, 0, 50 * SEC, "c", MISSING(BIND_FAILED) },
		{ "and now it helps", TICK, 2, 69 * SEC, "k", MISSING(OWNER_CRASHED) },
	};
	static const struct row taken_between[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "993 there", IS_THERE, 2, 0, "p", ASKED },
		{ "a crash", CRASHES, 2, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "looked at", TICK, 2, 2 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "another takes 587", FOREIGN, 0, 2 * SEC + 1, "", ASKED },
		{ "so no restart", FITS, 2, 2 * SEC + 2, "w", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(freed);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(half);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(told_late);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(crash_while_taken);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(taken_between);
	assert_int_equal(last.withheld, WITHHELD_PORT_HELD);
	assert_int_equal(judge_budgets(judge)->list[0].n, 0);
}

/* Who held the port at the start, or took it, is not who should: his end is no crash of the server. */
static void test_the_end_of_a_squatter(void **state)
{
	static const struct row rows[] = {
		{ "the unit is down", UNIT_LEAVES, 0, 0, "", ASKED },
		{ "another holds the port", FOREIGN, 0, 1 * SEC, "", ASKED },
		{ "told", TICK, 0, 3 * SEC, "o", VERDICT_DOWN, FINDING_FOREIGN_OWNER, CAUSE_NONE },
		{ "and is killed", CRASHES, 0, 10 * SEC, "cw", MISSING(NOT_STARTED) },
		{ "no repair", TICK, 0, 60 * SEC, "", MISSING(NOT_STARTED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
}

/* The operator starts a server whose port another has taken: what it was refused is told at the end of that. */
static void test_a_start_against_a_taken_port(void **state)
{
	static const struct row rows[] = {
		{ "another's", FOREIGN, 0, 0, "", ASKED },
		{ "told", TICK, 0, 2 * SEC, "o", VERDICT_DOWN, FINDING_FOREIGN_OWNER, CAUSE_NONE },
		{ "systemctl start", JOB_BEGINS, 0, 5 * SEC, "", VERDICT_DOWN, FINDING_FOREIGN_OWNER, CAUSE_NONE },
		{ "refused: it may try again", PORT_TAKEN, 0, 6 * SEC, "", VERDICT_DOWN, FINDING_FOREIGN_OWNER,
		  CAUSE_NONE },
		{ "it did not", UNIT_LOOPS, 0, 7 * SEC, "c", TAKEN },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	assert_non_null(strstr(last.remedy, "nc (pid 12)"));
}

/* A unit that is down when we come is one story, however many ports it has. */
static void test_down_at_the_start(void **state)
{
	static const struct row rows[] = {
		{ "the unit failed", UNIT_FAILS, 0, 0, "", ASKED },
		{ "so it is 465's", UNIT_FAILS, 1, 0, "", ASKED },
		{ "and 993's", UNIT_FAILS, 2, 0, "", ASKED },
		{ "587 is gone", IS_GONE, 0, 1, "ow", MISSING(UNIT_FAILED) },
		{ "465 was told with it", IS_GONE, 1, 1, "", MISSING(UNIT_FAILED) },
		{ "993, too", IS_GONE, 2, 1, "", MISSING(UNIT_FAILED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(judge_counts(judge)->incidents, 1);
}

static void test_a_masked_unit(void **state)
{
	static const struct row before_we_came[] = {
		{ "masked", UNIT_MASKS, 0, 0, "", ASKED },
		{ "nobody serves it, and nobody shall", IS_GONE, 0, 1, "", ASKED },
		{ "nor later", TICK, 0, 600 * SEC, "", ASKED },
		{ "unmasked and started", OPENS, 0, 601 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 602 * SEC, "", UP },
	};
	static const struct row while_it_served[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "a crash", CRASHES, 0, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "mask", UNIT_MASKS, 0, 1 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "so it is left", TICK, 0, 2 * SEC, "w", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(before_we_came);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(while_it_served);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_died_while_nobody_looked),
		cmocka_unit_test(test_nothing_is_done_while_deaf),
		cmocka_unit_test(test_a_stop_is_never_hidden),
		cmocka_unit_test(test_systemd_goes_first),
		cmocka_unit_test(test_the_end_after_the_close),
		cmocka_unit_test(test_a_second_loss_is_a_new_reason),
		cmocka_unit_test(test_a_taken_port),
		cmocka_unit_test(test_the_end_of_a_squatter),
		cmocka_unit_test(test_a_start_against_a_taken_port),
		cmocka_unit_test(test_down_at_the_start),
		cmocka_unit_test(test_a_masked_unit),
	};

	return cmocka_run_group_tests_name("operator", tests, NULL, story_end);
}
