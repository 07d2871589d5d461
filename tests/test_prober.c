// SPDX-License-Identifier: LGPL-2.1-or-later
/* The daemon's end of the prober, against a child that has been taken over, or dies. The child's
 * program is here: what it does is told by the name of its CA file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/confined/prober.h"
#include "probe/confined/prober_child.h"

#define SHORT_PLAN_USEC (200 * USEC_PER_MSEC)

static const struct prober_patience impatient = {
	.restart_min_usec = 20 * USEC_PER_MSEC,
	.restart_max_usec = 80 * USEC_PER_MSEC,
	.healthy_usec = 300 * USEC_PER_MSEC,
	.overdue_usec = 100 * USEC_PER_MSEC,
};

/* -- the child
 * ---------------------------------------------------------------------------------------- */

static void say(int channel, uint64_t id, const struct answer *answer, size_t size)
{
	struct probe_reply reply = { .id = id, .answer = *answer };

	(void)send(channel, &reply, size, MSG_NOSIGNAL);
}

static void misbehave(int channel, const char *how, const struct probe_plan *plan)
{
	struct answer answer = { .complete = true, .detail = "as asked" };
	size_t size = sizeof(struct probe_reply);

	if (strcmp(how, "fine") == 0) {
		say(channel, plan->id, &answer, size);
	} else if (strcmp(how, "ugly") == 0) {
		memset(answer.detail, 'x', sizeof(answer.detail));
		memcpy(answer.detail, "\033[2J\n\377", 6);
		memset(answer.subject, '\n', sizeof(answer.subject));
		say(channel, plan->id, &answer, size);
	} else if (strcmp(how, "twice") == 0) {
		say(channel, plan->id, &answer, size);
		say(channel, plan->id, &answer, size);
	} else if (strcmp(how, "unasked") == 0) {
		say(channel, plan->id + 1, &answer, size);
	} else if (strcmp(how, "no finding") == 0) {
		answer.finding = (enum finding)FINDING_COUNT;
		say(channel, plan->id, &answer, size);
	} else if (strcmp(how, "negative finding") == 0) {
		answer.finding = (enum finding) - 1;
		say(channel, plan->id, &answer, size);
	} else if (strcmp(how, "no bool") == 0) {
		memset(&answer.complete, 2, 1);
		say(channel, plan->id, &answer, size);
	} else if (strcmp(how, "endless") == 0) {
		answer.total_usec = UINT64_MAX;
		say(channel, plan->id, &answer, size);
	} else if (strcmp(how, "short") == 0) {
		say(channel, plan->id, &answer, size - 1);
	} else if (strcmp(how, "dies") == 0) {
		_exit(3);
	} else if (strcmp(how, "forbidden") == 0) {
		raise(SIGSYS);
	} else if (strcmp(how, "floods") == 0) {
		for (;;)
			say(channel, plan->id, &answer, size);
	}
	/* else it hangs */
}

void prober_child_exec(const char *program, int channel, const char *how, pid_t parent)
{
}

_Noreturn void prober_child(int channel, const char *how, pid_t parent)
{
	struct probe_plan plan;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)signal(SIGSYS, SIG_DFL);
	if (strcmp(how, "stillborn") == 0)
		_exit(1);
	while (recv(channel, &plan, sizeof(plan), 0) == sizeof(plan))
		misbehave(channel, how, &plan);
	for (;;)
		pause();
}

/* -- the test
 * ----------------------------------------------------------------------------------------- */

struct seen {
	sd_event *event;
	struct prober *prober;
	unsigned int answers, complete, troubles, recoveries;
	uint64_t last_id;
	struct answer last;
	char trouble[256];
	bool ended; /* the time was up */
};

static void on_answered(uint64_t id, const struct answer *answer, void *userdata)
{
	struct seen *seen = userdata;

	seen->answers++;
	seen->complete += answer->complete;
	seen->last_id = id;
	seen->last = *answer;
}

static void on_troubled(const char *why, void *userdata)
{
	struct seen *seen = userdata;

	seen->troubles += why != NULL;
	seen->recoveries += why == NULL;
	(void)text_copy(seen->trouble, sizeof(seen->trouble), why ? why : "");
}

static int on_end(sd_event_source *source, uint64_t usec, void *userdata)
{
	*(bool *)userdata = true;
	return 0;
}

static const struct prober_callbacks callbacks = { .answered = on_answered, .troubled = on_troubled };

static void open_prober(struct seen *seen, const char *how)
{
	memset(seen, 0, sizeof(*seen));
	assert_int_equal(sd_event_new(&seen->event), 0);
	assert_int_equal(prober_start(&seen->prober, seen->event, NULL, how, &impatient, &callbacks, seen), 0);
}

static void close_prober(struct seen *seen)
{
	prober_free(seen->prober);
	sd_event_unref(seen->event);
}

static int ask(struct seen *seen, uint64_t id)
{
	struct probe_plan plan = { .id = id, .timeout_usec = SHORT_PLAN_USEC, .hurried = true };

	return prober_ask(seen->prober, &plan, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void run_for(struct seen *seen, uint64_t usec)
{
	sd_event_source *timer = NULL;

	seen->ended = false;
	assert_true(sd_event_add_time_relative(seen->event, &timer, CLOCK_MONOTONIC, usec, 1, on_end, &seen->ended) >=
		    0);
	while (!seen->ended)
		assert_true(sd_event_run(seen->event, UINT64_MAX) >= 0);
	sd_event_source_unref(timer);
}

/* Runs until @count has reached @wanted; a machine that is busy may take its time. */
static void run_until(struct seen *seen, const unsigned int *count, unsigned int wanted)
{
	for (int i = 0; i < 2000 && *count < wanted; i++)
		run_for(seen, 5 * USEC_PER_MSEC);
	assert_true(*count >= wanted);
}

static void run_until_another(struct seen *seen, pid_t before)
{
	for (int i = 0; i < 2000 && (prober_pid(seen->prober) == before || prober_pid(seen->prober) == 0); i++)
		run_for(seen, 5 * USEC_PER_MSEC);
}

static const struct {
	const char *how;
	unsigned int complete; /* of one probe's answers */
	bool is_ended;	       /* the child, by us or by itself */
} rows[] = {
	{ "fine", 1, false },
	{ "ugly", 1, false },
	{ "twice", 1, true },
	{ "unasked", 0, true },
	{ "no finding", 0, true },
	{ "no bool", 0, true },
	{ "negative finding", 0, true },
	{ "endless", 0, true },
	{ "short", 0, true },
	{ "dies", 0, true },
	{ "forbidden", 0, true },
	{ "hangs", 0, true },
	{ "floods", 1, true },
};

static void test_misbehaviour(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seen seen;
		pid_t first;

		open_prober(&seen, rows[i].how);
		first = prober_pid(seen.prober);
		assert_int_equal(ask(&seen, 7), 0);
		for (int patience = 0;
		     patience < 40 && (!seen.answers || (rows[i].is_ended && prober_pid(seen.prober) == first));
		     patience++)
			run_for(&seen, 50 * USEC_PER_MSEC);
		run_for(&seen, 50 * USEC_PER_MSEC); /* for what must not come */
		/* There is always exactly one, whatever the child does. */
		if (seen.answers != 1 || seen.complete != rows[i].complete || seen.last_id != 7)
			fail_msg("%s: %u answers, %u complete, id %lu", rows[i].how, seen.answers, seen.complete,
				 (unsigned long)seen.last_id);
		if ((prober_pid(seen.prober) != first) != rows[i].is_ended)
			fail_msg("%s: the child is %sthe same", rows[i].how, rows[i].is_ended ? "" : "not ");
		close_prober(&seen);
	}
}

/* Whatever it says, what goes on is text. */
static void test_texts_are_clean(void **state)
{
	struct seen seen;

	open_prober(&seen, "ugly");
	assert_int_equal(ask(&seen, 1), 0);
	run_for(&seen, 50 * USEC_PER_MSEC);
	assert_int_equal(seen.complete, 1);
	assert_int_equal(strlen(seen.last.detail), sizeof(seen.last.detail) - 1);
	assert_int_equal(strlen(seen.last.subject), sizeof(seen.last.subject) - 1);
	for (const char *s = seen.last.detail; *s; s++)
		assert_true((unsigned char)*s >= ' ' && *s != 0x7f);
	assert_null(strchr(seen.last.subject, '\n'));
	close_prober(&seen);
}

static void test_many_pending(void **state)
{
	struct seen seen;
	unsigned int asked = 0;

	open_prober(&seen, "dies"); /* at the first that it reads */
	while (asked < PROBER_PENDING_MAX + 10 && ask(&seen, asked + 1) == 0)
		asked++;
	assert_true(asked > 1 && asked <= PROBER_PENDING_MAX);
	run_until(&seen, &seen.answers, asked);
	run_for(&seen, 50 * USEC_PER_MSEC);
	assert_int_equal(seen.answers, asked);
	assert_int_equal(seen.complete, 0);
	close_prober(&seen);
}

/* One that is killed is started anew, and works. */
static void test_restart(void **state)
{
	struct seen seen;
	pid_t killed;

	open_prober(&seen, "fine");
	killed = prober_pid(seen.prober);
	assert_int_equal(kill(killed, SIGKILL), 0);
	run_until_another(&seen, killed);
	assert_int_equal(ask(&seen, 3), 0);
	run_until(&seen, &seen.answers, 1);
	assert_int_equal(seen.complete, 1);
	assert_int_equal(seen.troubles, 0);
	close_prober(&seen);
}

static void test_crash_loop(void **state)
{
	struct seen seen;
	unsigned int before;

	open_prober(&seen, "stillborn");
	run_until(&seen, &seen.troubles, 1); /* 0, 20, 60 ms: the third is trouble */
	assert_non_null(strstr(seen.trouble, "in a row"));
	assert_non_null(strstr(seen.trouble, "exited with status 1"));
	/* From then on one each 80 ms, not a busy loop. */
	before = seen.troubles;
	run_for(&seen, 400 * USEC_PER_MSEC);
	assert_true(seen.troubles - before <= 6);
	run_until(&seen, &seen.troubles, before + 2);
	assert_int_equal(seen.recoveries, 0);
	/* Between two lives there is nobody to be asked. */
	for (int i = 0; i < 2000 && ask(&seen, 1000 + (uint64_t)i) != -ENOTCONN; i++) {
		run_for(&seen, 1 * USEC_PER_MSEC);
		assert_true(i < 1999);
	}
	close_prober(&seen);
}

static void test_recovery(void **state)
{
	struct seen seen;

	open_prober(&seen, "dies");
	for (unsigned int i = 0; i < PROBER_SHORT_LIVES; i++) {
		while (ask(&seen, i + 1) < 0)
			run_for(&seen, 5 * USEC_PER_MSEC);
		run_until(&seen, &seen.answers, i + 1);
	}
	run_until(&seen, &seen.troubles, 1);
	assert_int_equal(seen.troubles, 1);
	run_until(&seen, &seen.recoveries, 1);
	/* The next end begins to count anew. */
	assert_int_equal(ask(&seen, 99), 0);
	run_until(&seen, &seen.answers, PROBER_SHORT_LIVES + 1);
	run_for(&seen, 20 * USEC_PER_MSEC);
	assert_int_equal(seen.troubles, 1);
	close_prober(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_misbehaviour), cmocka_unit_test(test_texts_are_clean),
		cmocka_unit_test(test_many_pending), cmocka_unit_test(test_restart),
		cmocka_unit_test(test_crash_loop),   cmocka_unit_test(test_recovery),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
