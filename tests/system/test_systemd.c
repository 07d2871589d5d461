// SPDX-License-Identifier: LGPL-2.1-or-later
/* Against a real systemd that runs a real dovecot.service, as root: units are stopped, killed and
 * restarted, and at the end the system bus is killed. Exits with 77 where there is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "act/systemd.h"

#define SERVER	  "dovecot.service"
#define STEP_USEC (50 * USEC_PER_MSEC)
#define PATIENCE  200 /* steps */
#define EXIT_SKIP 77

struct seen {
	sd_event *event;
	struct systemd *systemd;
	enum unit_state state;
	bool job, stopped_by_job, is_deaf;
	struct unit_end end;
	unsigned int told, jobs, stops, lost;
	bool is_done;
	int error;
	char detail[256];
};

static void on_unit(const char *unit, const struct unit_word *word, void *userdata)
{
	struct seen *seen = userdata;

	print_message("  %s: state %d, job %d, stopped by job %d, result %s\n", unit, word->state, word->job,
		      word->stopped_by_job, word->end.result);
	seen->state = word->state;
	seen->job = word->job;
	seen->stopped_by_job = word->stopped_by_job;
	seen->end = word->end;
	seen->is_deaf = word->is_deaf;
	seen->told++;
	seen->jobs += word->job;
	seen->stops += word->stopped_by_job;
}

static void on_lost(void *userdata)
{
	struct seen *seen = userdata;

	seen->lost++;
}

static void on_done(int error, const char *detail, void *userdata)
{
	struct seen *seen = userdata;

	print_message("  done: %d, %s\n", error, detail);
	assert_false(seen->is_done);
	seen->is_done = true;
	seen->error = error;
	(void)snprintf(seen->detail, sizeof(seen->detail), "%s", detail);
}

static void on_shutdown(bool begins, void *userdata)
{
}

static const struct systemd_callbacks callbacks = { .on_unit = on_unit,
						    .on_shutdown = on_shutdown,
						    .on_lost = on_lost };

static void forget(struct seen *seen)
{
	seen->told = seen->jobs = seen->stops = 0;
	seen->is_done = false;
}

static void step(struct seen *seen)
{
	assert_true(sd_event_run(seen->event, STEP_USEC) >= 0);
}

/* Until nothing comes any more. */
static void settle(struct seen *seen)
{
	int r;

	for (int i = 0; i < 10 * PATIENCE && (r = sd_event_run(seen->event, 4 * STEP_USEC)) != 0; i++)
		assert_true(r > 0);
}

static void wait_for(struct seen *seen, enum unit_state state)
{
	for (int i = 0; i < PATIENCE && (seen->state != state || seen->job); i++)
		step(seen);
	assert_int_equal(seen->state, state);
	assert_false(seen->job);
}

static void wait_until_done(struct seen *seen)
{
	for (int i = 0; i < PATIENCE && !seen->is_done; i++)
		step(seen);
	assert_true(seen->is_done);
}

static int setup(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	assert_non_null(seen);
	assert_int_equal(system("systemctl reset-failed " SERVER "; systemctl start " SERVER), 0);
	assert_true(sd_event_new(&seen->event) >= 0);
	assert_int_equal(systemd_open(&seen->systemd, seen->event, &callbacks, seen), 0);
	*state = seen;
	return 0;
}

static int teardown(void **state)
{
	struct seen *seen = *state;

	systemd_free(seen->systemd);
	sd_event_unref(seen->event);
	free(seen);
	return 0;
}

static int watch(void **state)
{
	struct seen *seen;

	(void)setup(state);
	seen = *state;
	assert_int_equal(systemd_watch_unit(seen->systemd, SERVER), 0);
	assert_int_equal(seen->told, 1);
	assert_int_equal(seen->state, UNIT_ACTIVE);
	assert_false(seen->job);
	assert_false(seen->stopped_by_job);
	forget(seen);
	return 0;
}

static void test_restart(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(systemd_act(seen->systemd, SERVER, RUNG_RESTART, on_done, seen), 0);
	wait_until_done(seen);
	assert_int_equal(seen->error, 0);
	assert_true(seen->jobs > 0);
	wait_for(seen, UNIT_ACTIVE);
	assert_int_equal(seen->stops, 0);
}

static void test_reload(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(systemd_act(seen->systemd, SERVER, RUNG_RELOAD, on_done, seen), 0);
	wait_until_done(seen);
	assert_int_equal(seen->error, 0);
	wait_for(seen, UNIT_ACTIVE);
	assert_int_equal(seen->stops, 0);
}

static void test_stop_by_operator(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(system("systemctl stop " SERVER), 0);
	wait_for(seen, UNIT_INACTIVE);
	assert_true(seen->jobs > 0);
	assert_true(seen->stopped_by_job);

	forget(seen);
	assert_int_equal(systemd_act(seen->systemd, SERVER, RUNG_RELOAD, on_done, seen), 0);
	wait_until_done(seen);
	assert_true(seen->error < 0); /* what is down cannot be reloaded */

	assert_int_equal(system("systemctl start " SERVER), 0);
	wait_for(seen, UNIT_ACTIVE);
	assert_false(seen->stopped_by_job);
}

/* Postfix on Debian is such a unit: it is gone the moment its stop job begins. */
static void test_stop_in_no_time(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(system("printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\n"
				"ExecStart=/bin/true\\n' >/run/systemd/system/at-once.service && "
				"systemctl daemon-reload && systemctl start at-once.service"),
			 0);
	assert_int_equal(systemd_watch_unit(seen->systemd, "at-once.service"), 0);
	assert_int_equal(seen->state, UNIT_ACTIVE);
	assert_int_equal(system("systemctl stop at-once.service"), 0);
	settle(seen);
	assert_int_equal(seen->state, UNIT_INACTIVE);
	assert_true(seen->stopped_by_job);
	assert_int_equal(system("rm /run/systemd/system/at-once.service && systemctl daemon-reload"), 0);
}

static void test_restart_by_operator(void **state)
{
	struct seen *seen = *state;

	for (int i = 0; i < 5; i++) {
		forget(seen);
		assert_int_equal(system("systemctl reset-failed " SERVER "; systemctl restart " SERVER), 0);
		settle(seen);
		assert_int_equal(seen->state, UNIT_ACTIVE);
		assert_false(seen->job);
		assert_true(seen->jobs > 0);
		assert_int_equal(seen->stops, 0);
	}
}

static void test_killed(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(system("systemctl kill -s KILL " SERVER), 0);
	wait_for(seen, UNIT_FAILED);
	assert_string_equal(seen->end.result, "signal");
	assert_int_equal(seen->end.signal, 9);
	assert_int_equal(seen->jobs, 0);
	assert_int_equal(seen->stops, 0);
}

/* A job that ends badly is not the operator's stop. */
static void test_restart_fails(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(system("mkdir -p /run/systemd/system/" SERVER ".d && "
				"printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\nType=oneshot\\n' "
				">/run/systemd/system/" SERVER ".d/broken.conf && systemctl daemon-reload"),
			 0);
	forget(seen);
	assert_int_equal(systemd_act(seen->systemd, SERVER, RUNG_RESTART, on_done, seen), 0);
	wait_until_done(seen);
	assert_int_equal(seen->error, -EIO);
	wait_for(seen, UNIT_FAILED);
	assert_false(seen->stopped_by_job);
	assert_int_equal(system("rm -r /run/systemd/system/" SERVER ".d && systemctl daemon-reload"), 0);
}

static void test_no_such_unit(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(systemd_act(seen->systemd, "no-such.service", RUNG_RESTART, on_done, seen), 0);
	wait_until_done(seen);
	assert_true(seen->error < 0);
	assert_non_null(strstr(seen->detail, "no-such.service"));

	assert_int_equal(systemd_watch_unit(seen->systemd, "no-such.service"), 0);
	assert_int_equal(seen->state, UNIT_UNKNOWN);
	assert_int_equal(seen->told, 1);
	assert_int_equal(systemd_watch_unit(seen->systemd, "no-such.service"), 0);
	assert_int_equal(seen->told, 1);
	assert_int_equal(systemd_act(seen->systemd, SERVER, RUNG_NONE, on_done, seen), -EINVAL);
}

static void test_bounds(void **state)
{
	struct seen *seen = *state;
	char name[32], longest[UNIT_NAME_SIZE + 1];
	int r = 0;

	memset(longest, 'u', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(systemd_watch_unit(seen->systemd, longest), -ENAMETOOLONG);
	for (int i = 0; i < SYSTEMD_UNITS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "no-such-%d.service", i);
		r = systemd_watch_unit(seen->systemd, name);
		assert_int_equal(r, 0);
	}
	assert_int_equal(systemd_watch_unit(seen->systemd, "one-more.service"), -ENOSPC);
}

static void lose(struct seen *seen)
{
	unsigned int before = seen->lost;

	assert_int_equal(system("systemctl kill -s KILL dbus.service"), 0);
	for (int i = 0; i < PATIENCE && seen->lost == before; i++)
		step(seen);
	assert_int_equal(seen->lost, before + 1);
}

static void reopen(struct seen *seen)
{
	int r = -ENOTCONN;

	assert_int_equal(system("systemctl start dbus.service"), 0);
	for (int i = 0; i < PATIENCE && r < 0; i++) {
		r = systemd_reopen(seen->systemd);
		if (r < 0)
			step(seen);
	}
	assert_int_equal(r, 0);
}

/* The last: it takes the bus away. */
static void test_bus_is_lost(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(systemd_act(seen->systemd, SERVER, RUNG_RESTART, on_done, seen), 0);
	assert_int_equal(system("systemctl kill -s KILL dbus.service"), 0);
	for (int i = 0; i < PATIENCE && !seen->lost; i++)
		step(seen);
	assert_int_equal(seen->lost, 1);
	assert_true(seen->is_deaf);
	assert_false(seen->job);
	assert_int_equal(systemd_watch_unit(seen->systemd, "one-more.service"), -ENOTCONN);
	assert_int_equal(systemd_act(seen->systemd, SERVER, RUNG_RESTART, on_done, seen), -ENOTCONN);
	assert_int_equal(seen->lost, 1);

	/* It is back, and all that was asked for is followed again. */
	reopen(seen);
	assert_false(seen->is_deaf);
	wait_until_done(seen);
	assert_int_equal(seen->error, 0);
	wait_for(seen, UNIT_ACTIVE);
	assert_int_equal(system("systemctl stop " SERVER), 0);
	wait_for(seen, UNIT_INACTIVE);
	assert_true(seen->stopped_by_job);

	/* What the operator wants is known after it, too; even what he did while nobody heard. */
	lose(seen);
	reopen(seen);
	assert_int_equal(seen->state, UNIT_INACTIVE);
	assert_true(seen->stopped_by_job);
	assert_int_equal(system("systemctl start " SERVER), 0);
	wait_for(seen, UNIT_ACTIVE);
	lose(seen);
	assert_int_equal(system("systemctl stop " SERVER), 0);
	reopen(seen);
	assert_int_equal(seen->state, UNIT_INACTIVE);
	assert_true(seen->stopped_by_job);
}

static int probe_bus(void)
{
	struct seen seen = { 0 };
	int r = sd_event_new(&seen.event);

	if (r >= 0)
		r = systemd_open(&seen.systemd, seen.event, &callbacks, &seen);
	systemd_free(seen.systemd);
	sd_event_unref(seen.event);
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_restart, watch, teardown),
		cmocka_unit_test_setup_teardown(test_reload, watch, teardown),
		cmocka_unit_test_setup_teardown(test_stop_by_operator, watch, teardown),
		cmocka_unit_test_setup_teardown(test_stop_in_no_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart_by_operator, watch, teardown),
		cmocka_unit_test_setup_teardown(test_killed, watch, teardown),
		cmocka_unit_test_setup_teardown(test_restart_fails, watch, teardown),
		cmocka_unit_test_setup_teardown(test_no_such_unit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bus_is_lost, watch, teardown),
	};
	int r = probe_bus();

	if (r < 0) {
		printf("SKIP no system bus here: %s\n", strerror(-r));
		return EXIT_SKIP;
	}
	return cmocka_run_group_tests_name("systemd", tests, NULL, NULL);
}
