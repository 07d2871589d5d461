// SPDX-License-Identifier: LGPL-2.1-or-later
/* Repairs as they are carried out, with real programs, from the loss of a listener to what the judge hears
 * of it; and that a budget is on disk before anything is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/daemon/repairs.h"
#include "agent/daemon/state_directory.h"
#include "base/file.h"
#include "base/text.h"

static char directory[64];
static struct core *core;
static struct repairs *repairs;
static struct service_set services;
static struct config config;
static struct fact repaired;
static unsigned int n_repaired, n_ended;
static bool runs; /* the loop */

static void on_taken(const struct fact *fact, bool news, void *userdata)
{
	if (fact->kind != FACT_REPAIRED)
		return;
	n_repaired++;
	repaired = *fact;
	if (runs)
		(void)sd_event_exit(core_event(core), 0);
}

static const struct core_callbacks callbacks = { .taken = on_taken };

/* The look before a repair finds nothing against it. */
static void on_check(const struct action *action, void *userdata)
{
	struct fact fact = core_fact(core, FACT_CHECKED, 0);

	fact.checked.ok = true;
	memcpy(fact.checked.incident, action->record.incident, sizeof(fact.checked.incident));
	assert_int_equal(core_post(core, &fact), 0);
}

static void on_ended(void *userdata)
{
	n_ended++;
}

static int on_restart(const char *name, repairs_done *done, void *done_userdata, void *userdata)
{
	return -ENOENT;
}

static int on_act(const char *unit, enum rung rung, repairs_done *done, void *done_userdata, void *userdata)
{
	return -ENOTCONN;
}

static const struct repairs_callbacks on_repairs = { .act = on_act, .restart = on_restart, .ended = on_ended };

static void begin(const char *program)
{
	struct policy policy = policy_default;
	struct service *service = service_set_add(&services);

	(void)text_copy(directory, sizeof(directory), "/tmp/hearken-test-repairs.XXXXXX");
	assert_non_null(mkdtemp(directory));
	memset(&config, 0, sizeof(config));
	(void)text_copy(config.state, sizeof(config.state), directory);
	n_repaired = n_ended = 0;
	runs = false;
	*service = (struct service){ .name = "imap", .expected = true, .want.port = 143 };
	(void)text_copy(service->server.unit, sizeof(service->server.unit), "dovecot.service");
	if (program) {
		char path[128];

		(void)text_format(path, sizeof(path), "%s/repair", directory);
		assert_int_equal(file_replace(path, program, strlen(program), 0755), 0);
		(void)text_copy(service->server.restart_command, sizeof(service->server.restart_command), path);
	}
	policy.repair = RUNG_RESTART;
	policy.settle_usec = 0;
	assert_int_equal(core_new(&callbacks, NULL, &core), 0);
	assert_int_equal(core_adopt(core, &policy, &services), 0);
	core_handle(core, ACTION_CHECK, on_check, NULL);
	assert_int_equal(repairs_new(core, &config, &on_repairs, NULL, &repairs), 0);
}

static int end(void **state)
{
	char command[128];

	repairs_free(repairs);
	core_free(core);
	service_set_clear(&services);
	(void)text_format(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata)
{
	return sd_event_exit(core_event(core), 1);
}

/* It was there, and its server crashes; then until a repair has ended. */
static void lose(void)
{
	struct fact fact = core_fact(core, FACT_COVERAGE, 0);

	fact.coverage.coverage = COVERAGE_FULL;
	assert_int_equal(core_post(core, &fact), 0);
	fact.coverage.coverage = COVERAGE_NONE;
	fact.coverage.seen = fact.coverage.end_known = fact.coverage.end.exiting = true;
	fact.coverage.end.signal = SIGKILL;
	fact.coverage.at_usec = core_now(core).usec;
	assert_int_equal(core_post(core, &fact), 0);
	if (n_repaired)
		return;
	runs = true;
	assert_true(sd_event_add_time_relative(core_event(core), NULL, CLOCK_MONOTONIC, 20 * USEC_PER_SEC, 0, on_late,
					       NULL) >= 0);
	assert_int_equal(sd_event_loop(core_event(core)), 0);
}

static size_t stored(void)
{
	struct budgets *budgets = calloc(1, sizeof(*budgets));
	size_t n;

	assert_non_null(budgets);
	assert_int_equal(state_directory_load_budgets(directory, budgets), 0);
	n = budgets->n ? budgets->list[0].n : 0;
	free(budgets);
	return n;
}

static void test_it_works(void **state)
{
	begin("#!/bin/sh\ntest -s \"$(dirname \"$0\")/repairs.json\"\n"); /* stored before it is tried */
	lose();
	assert_int_equal(n_repaired, 1);
	assert_int_equal(n_ended, 1);
	assert_true(repaired.repaired.ok);
	assert_int_equal(strlen(repaired.repaired.incident), INCIDENT_ID_SIZE - 1);
	assert_int_equal(stored(), 1);
}

static void test_it_fails(void **state)
{
	begin("#!/bin/sh\necho starting\nprintf 'no such \\033[1mfile\\n'\nexit 7\n");
	lose();
	assert_false(repaired.repaired.ok);
	assert_non_null(strstr(repaired.repaired.detail, "7"));
	assert_non_null(strstr(repaired.repaired.detail, "no such ")); /* the last line that it wrote */
	assert_null(strchr(repaired.repaired.detail, '\033'));
	assert_int_equal(stored(), 1);
}

static void test_it_cannot_be_started(void **state)
{
	begin("no program\n");
	(void)chmod(services.list[0].server.restart_command, 0600);
	lose();
	assert_false(repaired.repaired.ok);
	assert_int_equal(stored(), 1);
}

/* What fails while the action is carried out is heard all the same. */
static void test_no_bus(void **state)
{
	begin(NULL);
	lose();
	assert_int_equal(n_repaired, 1);
	assert_false(repaired.repaired.ok);
	assert_non_null(strstr(repaired.repaired.detail, "D-Bus"));
}

static void test_budgets_are_loaded(void **state)
{
	begin(NULL);
	assert_int_equal(judge_budgets(core_judge(core))->n, 0);
	repairs_load_budgets(repairs); /* none is stored */
	assert_int_equal(judge_budgets(core_judge(core))->n, 0);
	lose();
	assert_int_equal(stored(), 1);
	repairs_load_budgets(repairs);
	assert_int_equal(judge_budgets(core_judge(core))->n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_it_works, end),
		cmocka_unit_test_teardown(test_it_fails, end),
		cmocka_unit_test_teardown(test_it_cannot_be_started, end),
		cmocka_unit_test_teardown(test_no_bus, end),
		cmocka_unit_test_teardown(test_budgets_are_loaded, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
