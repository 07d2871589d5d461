// SPDX-License-Identifier: LGPL-2.1-or-later
/* The judge as a specification: a story is a table of facts with their times; each row says what must
 * follow from it. No clock is read. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "judge.h"
#include "ladder.h"
#include "text.h"

#define SEC   USEC_PER_SEC
#define START (1000 * SEC)

enum happening {
	IS_GONE, /* seen at start */
	IS_THERE,
	CRASHES, /* signal 9 */
	OOM,
	EXITS_0,
	EXITS_1,
	EXITS_89,
	TERMINATED,
	LETS_GO, /* closed, the owner lives */
	LOST_EVENT,
	V6_LOST,
	FOREIGN,
	PORT_TAKEN, /* bind failed: somebody else listens there */
	TAKEN_BY_ITSELF, /* the server's own other socket does */
	NO_ADDRESS, /* bind failed: the host does not have it */
	OPENS,
	PASSES, /* the conversation */
	FAILS,
	WARNS,
	NO_ANSWER,
	JOB_BEGINS,
	JOB_ENDS,
	STOPPED, /* by a job of the operator */
	UNIT_FAILS,
	REPAIR_DONE,
	REPAIR_FAILED,
	TICK,
};

/* What must follow, in this order: letters for actions. o opened, c changed, x closed, p probe,
 * s repair started, f finished, w withheld, R restart, L reload. */
struct row {
	const char *why;
	enum happening happens;
	size_t service;
	uint64_t at;
	const char *actions;
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
};

static struct service_set services;
static struct judge *judge;
static struct record last; /* the newest record of any kind */

static struct fact fact_of(enum happening happens, size_t service, uint64_t at)
{
	struct fact fact = { .kind = FACT_COVERAGE, .service = service };

	fact.coverage.at_usec = at;
	fact.coverage.seen = true;
	fact.coverage.end_known = true;
	fact.coverage.end.kernel_pid = 42;
	fact.coverage.end.exiting = true;
	(void)text_copy(fact.coverage.end.command, COMMAND_SIZE, "dovecot");
	switch (happens) {
	case IS_GONE:
		fact.coverage.seen = fact.coverage.end_known = false;
		break;
	case IS_THERE:
	case OPENS:
		fact.coverage.coverage = COVERAGE_FULL;
		break;
	case CRASHES:
		fact.coverage.end.signal = SIGKILL;
		break;
	case OOM:
		fact.coverage.end.oom = true;
		fact.coverage.end.signal = SIGKILL;
		break;
	case EXITS_0:
		break;
	case EXITS_1:
		fact.coverage.end.exit_code = 1;
		break;
	case EXITS_89:
		fact.coverage.end.exit_code = 89;
		break;
	case TERMINATED:
		fact.coverage.end.signal = SIGTERM;
		break;
	case LETS_GO:
		fact.coverage.end.exiting = false;
		break;
	case LOST_EVENT:
		fact.coverage.end_known = false;
		break;
	case V6_LOST:
		fact.coverage.coverage = COVERAGE_PARTIAL;
		(void)text_copy(fact.coverage.detail, FACT_DETAIL_SIZE, "lost: ::");
		break;
	case FOREIGN:
		fact.coverage.coverage = COVERAGE_FOREIGN;
		break;
	case PORT_TAKEN:
	case TAKEN_BY_ITSELF:
	case NO_ADDRESS:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_BIND_FAILED;
		fact.service = service;
		fact.bind.at_usec = at;
		fact.bind.error = happens == NO_ADDRESS ? EADDRNOTAVAIL : EADDRINUSE;
		fact.bind.other_holds = happens == PORT_TAKEN;
		if (happens == PORT_TAKEN)
			(void)text_copy(fact.bind.holder, FACT_DETAIL_SIZE, "nc (pid 12)");
		(void)text_copy(fact.bind.detail, FACT_DETAIL_SIZE, "bind: refused");
		break;
	case PASSES:
	case FAILS:
	case WARNS:
	case NO_ANSWER:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_ANSWER;
		fact.service = service;
		fact.answer.complete = happens != NO_ANSWER;
		if (happens == FAILS)
			fact.answer.finding = FINDING_STARTTLS_NOT_OFFERED;
		else if (happens == WARNS)
			fact.answer.finding = FINDING_CERTIFICATE_EXPIRING;
		break;
	case JOB_BEGINS:
	case JOB_ENDS:
	case STOPPED:
	case UNIT_FAILS:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_UNIT;
		fact.service = service;
		fact.unit.job = happens == JOB_BEGINS;
		fact.unit.state = happens == JOB_BEGINS ? UNIT_CHANGING :
				  happens == JOB_ENDS	? UNIT_ACTIVE :
				  happens == STOPPED	? UNIT_INACTIVE :
							  UNIT_FAILED;
		fact.unit.stopped_by_job = happens == STOPPED;
		break;
	case REPAIR_DONE:
	case REPAIR_FAILED:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_REPAIRED;
		fact.service = service;
		fact.repaired.ok = happens == REPAIR_DONE;
		break;
	case TICK:
		fact.kind = FACT_TICK;
		break;
	}
	return fact;
}

static void letters_of(const struct actions *actions, char *to)
{
	for (size_t i = 0; i < actions->n; i++) {
		const struct action *action = &actions->list[i];

		switch (action->kind) {
		case ACTION_SAY:
			*to++ = "ocxsfw..."[action->record.kind];
			last = action->record;
			break;
		case ACTION_PROBE:
			*to++ = 'p';
			break;
		case ACTION_REPAIR:
			*to++ = ".LR"[action->rung];
			break;
		}
	}
	*to = '\0';
}

static void add(const char *name, uint16_t port, enum rendered rendered)
{
	struct service *service = service_set_add(&services);

	(void)text_copy(service->name, sizeof(service->name), name);
	(void)text_copy(service->unit, sizeof(service->unit), "dovecot.service");
	service->port = port;
	service->expected = true;
	service->rendered = rendered;
	(void)text_copy(service->remedy, sizeof(service->remedy), "add it.");
}

static void begin(enum rung repair, enum rendered rendered)
{
	struct policy policy = policy_default;

	policy.repair = repair;
	service_set_clear(&services);
	judge_free(judge);
	judge = NULL;
	add("submission", 587, rendered);
	add("submissions", 465, RENDERED_YES);
	add("imaps", 993, RENDERED_YES);
	assert_int_equal(judge_new(&policy, &services, 7, &judge), 0);
	memset(&last, 0, sizeof(last));
}

static void play(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		struct fact fact = fact_of(row->happens, row->service, START + row->at);
		struct moment now = { START + row->at, 1000000 * SEC + row->at };
		const struct watch *watch = &judge->watches[row->service];
		struct actions actions;
		char letters[JUDGE_ACTIONS_MAX + 1];

		judge_feed(judge, &fact, now, &actions);
		letters_of(&actions, letters);
		if (strcmp(letters, row->actions) != 0 || watch->verdict != row->verdict ||
		    watch->finding != row->finding || watch->cause != row->cause)
			fail_msg("row %zu, %s: actions \"%s\" not \"%s\", verdict %s, finding %s, cause %s",
				 i, row->why, letters, row->actions, verdict_name(watch->verdict),
				 finding_name(watch->finding), cause_name(watch->cause));
	}
}

#define PLAY(rows) play(rows, ARRAY_SIZE(rows))
#define UP	   VERDICT_UP, FINDING_NONE, CAUSE_NONE
#define ASKED	   VERDICT_UNKNOWN, FINDING_NONE, CAUSE_NONE
#define MISSING(c) VERDICT_DOWN, FINDING_MISSING, CAUSE_##c

static void test_the_outage_it_was_born_from(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 1, 0, "p", ASKED },
		{ "works", PASSES, 1, 1000, "", UP },
		{ "587 is not configured: told at once, repair cannot help", IS_GONE, 0, 0, "ow",
		  MISSING(NOT_CONFIGURED) },
		{ "told once", TICK, 0, 30 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "added and reloaded: prove it", OPENS, 0, 60 * SEC, "p", MISSING(NOT_CONFIGURED) },
		{ "proven", PASSES, 0, 60 * SEC + 5000, "x", UP },
	};

	begin(RUNG_RESTART, RENDERED_NO);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 60 * SEC); /* to the listener, not to the conversation */
	assert_int_equal(judge->watches[0].downtime_usec, 60 * SEC);
	assert_int_equal(judge->withheld[WITHHELD_FUTILE], 1);
}

static void test_crash_is_one_incident_and_is_repaired(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "587 works", PASSES, 0, 1, "", UP },
		{ "465 there", IS_THERE, 1, 2, "p", ASKED },
		{ "465 works", PASSES, 1, 3, "", UP },
		{ "crash: at once", CRASHES, 0, 10 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "the same crash", CRASHES, 1, 10 * SEC + 9, "c", MISSING(OWNER_CRASHED) },
		{ "others still close", TICK, 0, 10 * SEC + 499999, "", MISSING(OWNER_CRASHED) },
		{ "settled", TICK, 0, 10 * SEC + 500000, "sR", MISSING(OWNER_CRASHED) },
		{ "587 back", OPENS, 0, 11 * SEC, "p", MISSING(OWNER_CRASHED) },
		{ "465 back", OPENS, 1, 11 * SEC + 7, "p", MISSING(OWNER_CRASHED) },
		{ "587 proven, not yet all", PASSES, 0, 12 * SEC, "", UP },
		{ "the command returns late", REPAIR_DONE, 0, 12 * SEC + 1, "f", UP },
		{ "465 proven", PASSES, 1, 12 * SEC + 2, "x", UP },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(last.downtime_usec, 1 * SEC + 7);
	assert_int_equal(judge->n_incidents, 1);
	assert_int_equal(judge->repairs[RUNG_RESTART][1], 1);
	assert_true(judge->budgets_changed);
}

static void test_repair_is_off_by_default(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "crash", CRASHES, 0, 1, "o", MISSING(OWNER_CRASHED) },
		{ "nothing is done", TICK, 0, 60 * SEC, "", MISSING(OWNER_CRASHED) },
	};

	begin(policy_default.repair, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(judge->withheld[WITHHELD_OFF], 1);
	assert_string_equal(last.remedy, "restart dovecot.service.");
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
		{ "a reload may help", TICK, 0, 12 * SEC + 500000, "sL", MISSING(CLOSED_BY_OWNER) },
	};
	static const struct row unconfigured[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "let go", LETS_GO, 0, 10 * SEC, "", MISSING(CLOSED_BY_OWNER) },
		{ "and no longer configured: futile", TICK, 0, 12 * SEC, "ow", MISSING(CLOSED_BY_OWNER) },
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
		{ "the operator stopped it: told, never repaired", STOPPED, 0, 12 * SEC, "ow",
		  MISSING(UNIT_STOPPED) },
	};
	static const struct row stop_of_dovecot[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "systemd begins", JOB_BEGINS, 0, 10 * SEC, "", ASKED },
		{ "the master lets go, and lives a little longer", LETS_GO, 0, 11 * SEC, "",
		  MISSING(CLOSED_BY_OWNER) },
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
		{ "started again by hand, while a conversation is under way", OPENS, 0, 13 * SEC, "",
		  ASKED },
		{ "that was about the old socket", FAILS, 0, 14 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 15 * SEC, "", UP },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(restart);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(stop);
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
		{ "fails twice", FAILS, 0, 188 * SEC, "o", VERDICT_DOWN, FINDING_STARTTLS_NOT_OFFERED,
		  CAUSE_NONE },
		{ "and then it crashes: the same incident, another finding", CRASHES, 0, 189 * SEC, "c",
		  MISSING(OWNER_CRASHED) },
		{ "back", OPENS, 0, 189 * SEC + 1, "p", MISSING(OWNER_CRASHED) },
		{ "warned", WARNS, 0, 189 * SEC + 2, "c", VERDICT_DEGRADED, FINDING_CERTIFICATE_EXPIRING,
		  CAUSE_NONE },
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
		{ "a restart now would lose every port", CRASHES, 0, 3 * SEC, "ow",
		  MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(v6);
	assert_string_equal(last.detail, "lost: ::");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(held);
	assert_int_equal(last.withheld, WITHHELD_PORT_HELD);
}

#define TAKEN	   VERDICT_DOWN, FINDING_FOREIGN_OWNER, CAUSE_BIND_FAILED
#define TALKS_ILL  VERDICT_DOWN, FINDING_STARTTLS_NOT_OFFERED, CAUSE_NONE

static void test_failed_binds_of_what_is_missing(void **state)
{
	static const struct row at_start[] = {
		{ "refused before we looked", NO_ADDRESS, 0, 0, "", ASKED },
		{ "gone: told at once, never repaired", IS_GONE, 0, 1, "ow", MISSING(BIND_FAILED) },
		{ "refused again: told once", NO_ADDRESS, 0, 90 * SEC, "", MISSING(BIND_FAILED) },
		{ "still the same", TICK, 0, 300 * SEC, "", MISSING(BIND_FAILED) },
		{ "the address appears", OPENS, 0, 301 * SEC, "p", MISSING(BIND_FAILED) },
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
		{ "opens", OPENS, 0, 10 * SEC, "p", MISSING(NOT_STARTED) },
		{ "was refused before that", NO_ADDRESS, 0, 10 * SEC - 1, "", MISSING(NOT_STARTED) },
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
		{ "the server gets it", OPENS, 0, 103 * SEC, "p", MISSING(BIND_FAILED) },
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
		{ "then it got the port", OPENS, 0, 1 * SEC, "p", MISSING(BIND_FAILED) },
		{ "and talks ill: that is its own fault", FAILS, 0, 2 * SEC, "", MISSING(BIND_FAILED) },
		{ "asked again", TICK, 0, 4 * SEC, "p", MISSING(BIND_FAILED) },
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
	PLAY(foreign);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(one_family);
}

static void test_budget_of_a_crash_loop(void **state)
{
	struct actions actions;
	unsigned int repairs = 0, told = 0;
	uint64_t at = START;

	begin(RUNG_RESTART, RENDERED_YES);
	for (int i = 0; i < 600; i++) { /* half an hour of crashing every 3 s */
		static const enum happening loop[] = { OPENS, PASSES, CRASHES, TICK, REPAIR_DONE };

		for (size_t j = 0; j < ARRAY_SIZE(loop); j++) {
			struct fact fact = fact_of(loop[j], 0, at);
			struct moment now = { at, at };

			at += 600 * 1000;
			judge_feed(judge, &fact, now, &actions);
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
		{ "repaired", TICK, 0, 500000, "sR", MISSING(OWNER_CRASHED) },
		{ "the command failed", REPAIR_FAILED, 0, 600000, "f", MISSING(OWNER_CRASHED) },
		{ "planned again", TICK, 0, 600000, "", MISSING(OWNER_CRASHED) },
		{ "too soon", TICK, 0, 1100000, "w", MISSING(OWNER_CRASHED) },
		{ "after the pause", TICK, 0, 10500000, "sR", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
}

static void test_what_is_not_expected_is_not_judged(void **state)
{
	static const struct row rows[] = { { "gone", IS_GONE, 0, 0, "", ASKED },
					   { "tick", TICK, 0, 60 * SEC, "", ASKED } };

	begin(RUNG_RESTART, RENDERED_NO);
	services.list[0].expected = false;
	PLAY(rows);
	assert_int_equal(judge_deadline(judge, 0), USEC_NEVER);
}

static void test_reload_keeps_incidents(void **state)
{
	static const struct row before[] = { { "gone", IS_GONE, 0, 0, "ow", MISSING(NOT_CONFIGURED) } };
	static const struct row after[] = {
		{ "known already", IS_GONE, 0, 5 * SEC, "", MISSING(NOT_CONFIGURED) },
		{ "opens", OPENS, 0, 9 * SEC, "p", MISSING(NOT_CONFIGURED) },
		{ "proven", PASSES, 0, 9 * SEC + 1, "x", UP },
	};
	char id[INCIDENT_ID_SIZE];
	struct judge *fresh;

	begin(RUNG_RESTART, RENDERED_NO);
	PLAY(before);
	memcpy(id, last.incident, sizeof(id));
	assert_int_equal(strlen(id), 32);
	assert_int_equal(judge_new(&policy_default, &services, 8, &fresh), 0);
	judge_inherit(fresh, judge);
	judge_free(judge);
	judge = fresh;
	PLAY(after);
	assert_string_equal(last.incident, id);
	assert_int_equal(last.downtime_usec, 9 * SEC);
}

static int end(void **state)
{
	service_set_clear(&services);
	judge_free(judge);
	judge = NULL;
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_outage_it_was_born_from),
		cmocka_unit_test(test_crash_is_one_incident_and_is_repaired),
		cmocka_unit_test(test_repair_is_off_by_default),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_grace_of_a_reload),
		cmocka_unit_test(test_planned_work),
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_addresses_and_owners),
		cmocka_unit_test(test_failed_binds_of_what_is_missing),
		cmocka_unit_test(test_failed_binds_of_a_taken_port),
		cmocka_unit_test(test_budget_of_a_crash_loop),
		cmocka_unit_test(test_a_repair_that_does_not_help),
		cmocka_unit_test(test_what_is_not_expected_is_not_judged),
		cmocka_unit_test(test_reload_keeps_incidents),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, end);
}
