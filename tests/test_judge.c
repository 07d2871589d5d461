// SPDX-License-Identifier: LGPL-2.1-or-later
/* Causes, patience, conversations: what the judge finds, and when it says so. */
#include "tests/support/judge_story.h"

static void test_the_outage_it_was_born_from(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 1, 0, "p", ASKED },
		{ "works", PASSES, 1, 1000, "", UP },
		{ "587 is not configured: told at once, repair cannot help", IS_GONE, 0, 0, "ow",
		  MISSING(NOT_CONFIGURED) },
		{ "told once", TICK, 0, 30 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "added and reloaded: prove it", OPENS, 0, 60 * SEC, "p", ASKED },
		{ "proven", PASSES, 0, 60 * SEC + 5000, "x", UP },
	};

	begin(RUNG_RESTART, RENDERED_NO);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 60 * SEC); /* to the listener, not to the conversation */
	assert_int_equal(closed_downtime(0), 60 * SEC);
	assert_int_equal(judge_counts(judge)->withheld[WITHHELD_FUTILE], 1);
}

static void test_causes(void **state)
{
	static const struct row oom[] = { { "there", IS_THERE, 0, 0, "p", ASKED },
					  { "oom", OOM, 0, 1, "o", MISSING(OWNER_OOM_KILLED) } };
	static const struct row code[] = { { "there", IS_THERE, 0, 0, "p", ASKED },
					   { "exit 1", EXITS_1, 0, 1, "o", MISSING(OWNER_EXITED) } };
	static const struct row fatal[] = { { "there", IS_THERE, 0, 0, "p", ASKED },
					    { "exit 89", EXITS_89, 0, 1, "ow", MISSING(OWNER_EXITED) } };
	static const struct row lost[] = { { "there", IS_THERE, 0, 0, "p", ASKED },
					   { "lost", LOST_EVENT, 0, 0, "", MISSING(UNKNOWN) },
					   { "no restart", TICK, 0, 5 * SEC, "ow", MISSING(UNKNOWN) } };
	static const struct row idle[] = { { "never started", IS_GONE, 1, 0, "ow", MISSING(NOT_STARTED) } };
	static const struct row failed[] = {
		{ "systemd says failed", UNIT_FAILS, 1, 0, "", ASKED },
		{ "gone at start", IS_GONE, 1, 0, "ow", MISSING(UNIT_FAILED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(oom);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(code);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(fatal);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(lost);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(idle);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(failed);
}

static void test_grace_of_a_reload(void **state)
{
	static const struct row back[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "let go", LETS_GO, 0, 10 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "one usec too early", TICK, 0, 12 * SEC - 1, "", MISSING(CLOSED_BY_OWNER) },
		{ "back", OPENS, 0, 12 * SEC - 1, "p", ASKED },
		{ "no alert", PASSES, 0, 12 * SEC, "", UP },
	};
	static const struct row stays_away[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "let go", LETS_GO, 0, 10 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "grace is over", TICK, 0, 12 * SEC, "o", MISSING(CLOSED_BY_OWNER) },
		{ "a reload may help", TICK, 0, 12 * SEC + 500000, "k", MISSING(CLOSED_BY_OWNER) },
		{ "nothing against it", FITS, 0, 12 * SEC + 500000, "sL", MISSING(CLOSED_BY_OWNER) },
	};
	static const struct row unconfigured[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "let go", LETS_GO, 0, 10 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "and no longer configured: futile", TICK, 0, 12 * SEC, "ow", MISSING(NOT_CONFIGURED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(back);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(stays_away);
	begin(RUNG_RESTART, RENDERED_NO);
	PLAY(unconfigured);
	assert_string_equal(last.remedy, "add it.");
}

static void test_planned_work(void **state)
{
	static const struct row reload[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", UP },
		{ "no listener closed", JOB_ENDS, 0, 11 * SEC, "", UP },
		{ "what it loaded takes effect a moment later", TICK, 0, 12 * SEC - 1, "", UP },
		{ "and is asked for", TICK, 0, 12 * SEC, "p", UP },
		{ "TLS by the wrong door is no chance: told", MISTAKES_TLS, 0, 24 * SEC, "o", VERDICT_DOWN,
		  FINDING_WRONG_TLS_MODE, CAUSE_NONE },
	};
	static const struct row restart[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", UP },
		{ "closed", EXITS_0, 0, 11 * SEC, "", MISSING(OWNER_EXITED) },
		{ "still at it", TICK, 0, 60 * SEC, "", MISSING(OWNER_EXITED) },
		{ "back", OPENS, 0, 61 * SEC, "p", ASKED },
		{ "job ends", JOB_ENDS, 0, 62 * SEC, "", ASKED },
		{ "works", PASSES, 0, 63 * SEC, "", UP },
	};
	static const struct row stop[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", ASKED },
		{ "closed", EXITS_0, 0, 11 * SEC, "", MISSING(OWNER_EXITED) },
		{ "the operator stopped it: told, never repaired", STOPPED, 0, 12 * SEC, "ow", MISSING(UNIT_STOPPED) },
	};
	static const struct row not_inactive_yet[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", ASKED },
		{ "closed", EXITS_0, 0, 11 * SEC, "", MISSING(OWNER_EXITED) },
		{ "stopped, to be started again perhaps", ENDS_IN_JOB, 0, 12 * SEC, "", MISSING(OWNER_EXITED) },
		{ "it was not", TICK, 0, 14 * SEC, "ow", MISSING(UNIT_STOPPED) },
	};
	static const struct row stop_of_dovecot[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", ASKED },
		{ "the master lets go, and lives a little longer", LETS_GO, 0, 11 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "it was the operator", STOPPED, 0, 12 * SEC, "ow", MISSING(UNIT_STOPPED) },
	};
	static const struct row comes_not_back[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", ASKED },
		{ "closed", EXITS_0, 0, 11 * SEC, "", MISSING(OWNER_EXITED) },
		{ "job ends, active", JOB_ENDS, 0, 12 * SEC, "", MISSING(OWNER_EXITED) },
		{ "and the port is not there", TICK, 0, 14 * SEC, "o", MISSING(OWNER_EXITED) },
	};
	static const struct row by_hand[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "kill -TERM", TERMINATED, 0, 10 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "started again by hand, while a conversation is under way", OPENS, 0, 13 * SEC, "", ASKED },
		{ "that was about the old socket", FAILS, 0, 14 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 15 * SEC, "", UP },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(reload);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(restart);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(stop);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(not_inactive_yet);
	assert_int_equal(last.withheld, WITHHELD_STOPPED_BY_OPERATOR);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(stop_of_dovecot);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(comes_not_back);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(by_hand);
}

static void test_conversations(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "the prober died: we do not know", NO_ANSWER, 0, 1, "", ASKED },
		{ "slow schedule", TICK, 0, 60 * SEC + 1, "p", ASKED },
		{ "works", PASSES, 0, 61 * SEC, "", UP },
		{ "again", TICK, 0, 121 * SEC, "p", UP },
		{ "one fails: suspected only", FAILS, 0, 122 * SEC, "", UP },
		{ "asked again soon", TICK, 0, 124 * SEC, "p", UP },
		{ "by chance", PASSES, 0, 124 * SEC + 1, "", UP },
		{ "again", TICK, 0, 184 * SEC + 1, "p", UP },
		{ "fails", FAILS, 0, 185 * SEC, "", UP },
		{ "asked again", TICK, 0, 187 * SEC, "p", UP },
		{ "fails twice", FAILS, 0, 188 * SEC, "o", VERDICT_DOWN, FINDING_STARTTLS_NOT_OFFERED, CAUSE_NONE },
		{ "and then it crashes: the same incident, another finding", CRASHES, 0, 189 * SEC, "c",
		  MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 189 * SEC + 1, "p", ASKED },
		{ "warned", WARNS, 0, 189 * SEC + 2, "c", VERDICT_DEGRADED, FINDING_CERTIFICATE_EXPIRING, CAUSE_NONE },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
}

/* A 421 by chance is nothing; one that lasts is a warning: it lives. */
static void test_busy(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "again", TICK, 0, 60 * SEC, "p", UP },
		{ "a limit was met", TURNS_AWAY, 0, 60 * SEC + 1, "", UP },
		{ "asked again soon", TICK, 0, 62 * SEC + 1, "p", UP },
		{ "by chance", PASSES, 0, 62 * SEC + 2, "", UP },
		{ "again", TICK, 0, 122 * SEC + 2, "p", UP },
		{ "a limit was met", TURNS_AWAY, 0, 122 * SEC + 3, "", UP },
		{ "asked again soon", TICK, 0, 124 * SEC + 3, "p", UP },
		{ "it stays", TURNS_AWAY, 0, 124 * SEC + 4, "o", VERDICT_DEGRADED, FINDING_BUSY, CAUSE_NONE },
		{ "again", TICK, 0, 184 * SEC + 4, "p", VERDICT_DEGRADED, FINDING_BUSY, CAUSE_NONE },
		{ "over", PASSES, 0, 185 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
}

static void test_addresses_and_owners(void **state)
{
	static const struct row v6[] = {
		{ "v4 opens first", V6_LOST, 0, 0, "", ASKED },
		{ "v6 a moment later", OPENS, 0, 5, "p", ASKED },
		{ "works", PASSES, 0, 6, "", UP },
		{ "v6 goes", V6_LOST, 0, 10 * SEC, "", UP },
		{ "and stays away", TICK, 0, 12 * SEC, "o", VERDICT_DOWN, FINDING_WRONG_ADDRESS, CAUSE_NONE },
	};
	static const struct row held[] = {
		{ "465 is another's", FOREIGN, 1, 0, "", ASKED },
		{ "told", TICK, 1, 2 * SEC, "o", VERDICT_DOWN, FINDING_FOREIGN_OWNER, CAUSE_NONE },
		{ "587 there", IS_THERE, 0, 2 * SEC, "p", ASKED },
		{ "a restart now would lose every port", CRASHES, 0, 3 * SEC, "ow", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(v6);
	assert_string_equal(last.detail, "lost: ::");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(held);
	assert_int_equal(last.withheld, WITHHELD_PORT_HELD);
}

#define TAKEN	  VERDICT_DOWN, FINDING_FOREIGN_OWNER, CAUSE_BIND_FAILED
#define TALKS_ILL VERDICT_DOWN, FINDING_STARTTLS_NOT_OFFERED, CAUSE_NONE

static void test_failed_binds_of_what_is_missing(void **state)
{
	static const struct row at_start[] = {
		{ "refused before we looked", NO_ADDRESS, 0, 0, "", ASKED },
		{ "gone: told at once, never repaired", IS_GONE, 0, 1, "ow", MISSING(BIND_FAILED) },
		{ "refused again: told once", NO_ADDRESS, 0, 90 * SEC, "", MISSING(BIND_FAILED) },
		{ "still the same", TICK, 0, 300 * SEC, "", MISSING(BIND_FAILED) },
		{ "the address appears", OPENS, 0, 301 * SEC, "p", ASKED },
		{ "proven", PASSES, 0, 302 * SEC, "x", UP },
		{ "which is over: a crash is a crash", CRASHES, 0, 303 * SEC, "o", MISSING(OWNER_CRASHED) },
	};
	static const struct row reload[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "let go", LETS_GO, 0, 10 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "and refused: no grace", NO_ADDRESS, 0, 10 * SEC + 1, "ow", MISSING(BIND_FAILED) },
	};
	static const struct row restart[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "its heir is refused: the planned repair is off", PORT_TAKEN, 0, 10 * SEC + 9, "cw",
		  MISSING(BIND_FAILED) },
		{ "nothing is done", TICK, 0, 11 * SEC, "", MISSING(BIND_FAILED) },
	};
	static const struct row job[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", UP },
		{ "closed", EXITS_0, 0, 11 * SEC, "", MISSING(OWNER_EXITED) },
		{ "refused: it may try again", NO_ADDRESS, 0, 12 * SEC, "", MISSING(OWNER_EXITED) },
		{ "it did not", JOB_ENDS, 0, 13 * SEC, "ow", MISSING(BIND_FAILED) },
	};
	static const struct row remembered[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "refused", NO_ADDRESS, 0, 10 * SEC, "", ASKED },
		{ "the last moment", EXITS_1, 0, 70 * SEC - 1, "ow", MISSING(BIND_FAILED) },
	};
	static const struct row forgotten[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "refused", NO_ADDRESS, 0, 10 * SEC, "", ASKED },
		{ "too long ago", EXITS_1, 0, 70 * SEC, "o", MISSING(OWNER_EXITED) },
	};
	static const struct row crash[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "refused", NO_ADDRESS, 0, 10 * SEC, "", ASKED },
		{ "a crash after it says more", CRASHES, 0, 11 * SEC, "o", MISSING(OWNER_CRASHED) },
	};
	static const struct row late_news[] = {
		{ "gone", IS_GONE, 0, 0, "ow", MISSING(NOT_STARTED) },
		{ "opens", OPENS, 0, 10 * SEC, "p", ASKED },
		{ "was refused before that", NO_ADDRESS, 0, 10 * SEC - 1, "", ASKED },
		{ "works", PASSES, 0, 11 * SEC, "x", UP },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(at_start);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(reload);
	assert_string_equal(last.detail, "bind: refused");
	assert_non_null(strstr(last.remedy, "when the address appears"));
	assert_int_equal(last.withheld, WITHHELD_FUTILE);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(restart);
	assert_string_equal(last.remedy, "stop nc (pid 12), then reload or restart dovecot.service.");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(job);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(remembered);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(forgotten);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(crash);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(late_news);
}

#define ENDS_SOON VERDICT_DEGRADED, FINDING_CERTIFICATE_EXPIRING, CAUSE_NONE
#define AWAY	  VERDICT_DOWN, FINDING_CERTIFICATE_EXPIRING, CAUSE_NONE
#define WARNED                                           \
	{ "there", IS_THERE, 0, 0, "p", ASKED },         \
	{                                                \
		"ends soon", WARNS, 0, 1, "o", ENDS_SOON \
	}

/* A warning that lasts takes no grace from what is planned. */
static void test_a_warning_outlasts_restarts(void **state)
{
	static const struct row restart[] = {
		WARNED,
		{ "restarted", EXITS_0, 0, 10 * SEC, "", AWAY },
		{ "within its grace", OPENS, 0, 14 * SEC, "p", AWAY },
		{ "once more", EXITS_0, 0, 14 * SEC + 1, "", AWAY },
		{ "within its grace", OPENS, 0, 16 * SEC, "", AWAY },
		{ "that was asked of the one before", WARNS, 0, 17 * SEC, "p", AWAY },
		{ "no news", WARNS, 0, 18 * SEC, "", ENDS_SOON },
	};
	static const struct row job[] = {
		WARNED,
		{ "systemd begins", JOB_BEGINS, 0, 9 * SEC, "", ENDS_SOON },
		{ "and ends it", TERMINATED, 0, 10 * SEC, "", AWAY },
		{ "back", OPENS, 0, 40 * SEC, "p", AWAY },
		{ "done", JOB_ENDS, 0, 40 * SEC, "", AWAY },
		{ "the new certificate", PASSES, 0, 41 * SEC, "x", UP },
	};
	static const struct row container[] = {
		WARNED,
		{ "closed", EXITS_0, 0, 10 * SEC, "", AWAY },
		{ "with its container", PLACE_ENDS, 0, 10 * SEC + 1, "", AWAY },
		{ "started anew", OPENS, 0, 35 * SEC, "p", AWAY },
	};
	static const struct row stays_away[] = {
		WARNED,
		{ "restarted?", EXITS_0, 0, 10 * SEC, "", AWAY },
		{ "no", TICK, 0, 15 * SEC, "c", MISSING(OWNER_EXITED) },
	};
	static const struct row crash[] = {
		WARNED,
		{ "no grace for a crash", CRASHES, 0, 10 * SEC, "c", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(restart);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(job);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(container);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(stays_away);
	begin(RUNG_NONE, RENDERED_YES);
	PLAY(crash);
}

/* Somebody listens on the port, and is not who was refused. */
static void test_failed_binds_of_a_taken_port(void **state)
{
	static const struct row talks[] = {
		{ "another's", IS_THERE, 0, 0, "p", ASKED },
		{ "talks ill", FAILS, 0, 1, "", ASKED },
		{ "again", TICK, 0, 2 * SEC, "p", ASKED },
		{ "told", FAILS, 0, 3 * SEC, "o", TALKS_ILL },
		{ "now it is known why", PORT_TAKEN, 0, 10 * SEC, "c", TAKEN },
		{ "the next conversation is no news", TICK, 0, 100 * SEC, "p", TAKEN },
		{ "for as long as it lasts", FAILS, 0, 101 * SEC, "", TAKEN },
		{ "the holder ends", TERMINATED, 0, 102 * SEC, "c", MISSING(BIND_FAILED) },
		{ "the server gets it", OPENS, 0, 103 * SEC, "p", ASKED },
		{ "proven", PASSES, 0, 104 * SEC, "x", UP },
	};
	static const struct row two_witnesses[] = {
		{ "another's", IS_THERE, 0, 0, "p", ASKED },
		{ "refused while the conversation lasts", PORT_TAKEN, 0, 1, "", ASKED },
		{ "that one began before", FAILS, 0, 2, "p", ASKED },
		{ "no second look", FAILS, 0, 3, "o", TAKEN },
	};
	static const struct row in_vain[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "somebody starts a second server: asked, not told", PORT_TAKEN, 0, 10 * SEC, "p", UP },
		{ "works", PASSES, 0, 11 * SEC, "", UP },
		{ "that bind explains nothing any more", EXITS_1, 0, 12 * SEC, "o", MISSING(OWNER_EXITED) },
	};
	static const struct row in_the_end[] = {
		{ "gone", IS_GONE, 0, 0, "ow", MISSING(NOT_STARTED) },
		{ "refused", PORT_TAKEN, 0, 1, "cw", MISSING(BIND_FAILED) },
		{ "then it got the port", OPENS, 0, 1 * SEC, "p", ASKED },
		{ "and talks ill: that is its own fault", FAILS, 0, 2 * SEC, "", ASKED },
		{ "asked again", TICK, 0, 4 * SEC, "p", ASKED },
		{ "told", FAILS, 0, 5 * SEC, "c", TALKS_ILL },
	};
	static const struct row by_itself[] = {
		{ "both families in one socket", IS_THERE, 0, 0, "p", ASKED },
		{ "the second one is refused", TAKEN_BY_ITSELF, 0, 1, "", ASKED },
		{ "ask again, after that", FAILS, 0, 2, "p", ASKED },
		{ "suspected", FAILS, 0, 3, "", ASKED },
		{ "again", TICK, 0, 3 * SEC, "p", ASKED },
		{ "what is wrong is what it says", FAILS, 0, 4 * SEC, "o", TALKS_ILL },
	};
	static const struct row again_and_again[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "refused", PORT_TAKEN, 0, 10 * SEC, "p", UP },
		{ "again, while that is asked", PORT_TAKEN, 0, 10 * SEC + 1, "", UP },
		{ "works", PASSES, 0, 11 * SEC, "", UP },
		{ "again", PORT_TAKEN, 0, 11 * SEC + 1, "", UP },
		{ "again", PORT_TAKEN, 0, 12 * SEC, "", UP },
		{ "asked four times in an interval", PORT_TAKEN, 0, 25 * SEC, "p", UP },
	};
	static const struct row foreign[] = {
		{ "another unit's", FOREIGN, 0, 0, "", ASKED },
		{ "refused: no grace", PORT_TAKEN, 0, 1, "o", TAKEN },
	};
	static const struct row one_family[] = {
		{ "v4 is there", V6_LOST, 0, 0, "", ASKED },
		{ "v6 was refused: no grace", NO_ADDRESS, 0, 1, "o", VERDICT_DOWN, FINDING_WRONG_ADDRESS,
		  CAUSE_BIND_FAILED },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(talks);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(two_witnesses);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(in_vain);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(in_the_end);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(by_itself);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(again_and_again);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(foreign);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(one_family);
}

static void test_what_is_not_expected_is_not_judged(void **state)
{
	static const struct row rows[] = { { "gone", IS_GONE, 0, 0, "", ASKED },
					   { "tick", TICK, 0, 60 * SEC, "", ASKED } };

	begin(RUNG_RESTART, RENDERED_NO);
	services.list[0].expected = false;
	renew();
	PLAY(rows);
	assert_int_equal(judge_deadline(judge, 0), USEC_NEVER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_outage_it_was_born_from),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_grace_of_a_reload),
		cmocka_unit_test(test_planned_work),
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_addresses_and_owners),
		cmocka_unit_test(test_failed_binds_of_what_is_missing),
		cmocka_unit_test(test_failed_binds_of_a_taken_port),
		cmocka_unit_test(test_a_warning_outlasts_restarts),
		cmocka_unit_test(test_what_is_not_expected_is_not_judged),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, story_end);
}
