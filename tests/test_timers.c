// SPDX-License-Identifier: LGPL-2.1-or-later
/* The table of deadlines: who is called, in which order, and when the loop wakes up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "agent/daemon/timers.h"
#include "base/cleanup.h"
#include "base/text.h"

#define SEC USEC_PER_SEC

static struct timers timers;
static sd_event *event;
static char called[256];

static void note(const char *who)
{
	(void)text_append(called, sizeof(called), "%s%s", *called ? " " : "", who);
}

static void on_row(void *userdata)
{
	note(userdata);
}

static void on_chain(void *userdata)
{
	note(userdata);
	timers_set(&timers, TIMER_PLACE, 0); /* a row above: the next time */
	timers_set(&timers, TIMER_WRITE, 0); /* below: in the same wake-up */
}

static void on_exit_loop(void *userdata)
{
	note(userdata);
	(void)sd_event_exit(event, 0);
}

static int begin(void **state)
{
	memset(&timers, 0, sizeof(timers));
	*called = '\0';
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(timers_open(&timers, event), 0);
	timers_handle(&timers, TIMER_PLACE, 0, on_row, "place");
	timers_handle(&timers, TIMER_JUDGE, 1 * SEC, on_row, "judge");
	timers_handle(&timers, TIMER_ROUNDS, 0, on_row, "rounds");
	timers_handle(&timers, TIMER_WRITE, 0, on_row, "write");
	return 0;
}

static int end(void **state)
{
	timers_close(&timers);
	sd_event_unref(event);
	return 0;
}

static void test_order_is_that_of_the_rows(void **state)
{
	timers_set(&timers, TIMER_WRITE, 10 * SEC);
	timers_set(&timers, TIMER_PLACE, 30 * SEC);
	timers_set(&timers, TIMER_ROUNDS, 20 * SEC);
	timers_run(&timers, 10 * SEC - 1);
	assert_string_equal(called, "");
	timers_run(&timers, 20 * SEC);
	assert_string_equal(called, "rounds write");
	timers_run(&timers, 30 * SEC);
	timers_run(&timers, 40 * SEC); /* once for each time that it is set */
	assert_string_equal(called, "rounds write place");
	assert_true(timers_when(&timers, TIMER_PLACE) == USEC_NEVER);
}

static void test_earlier(void **state)
{
	timers_set_earlier(&timers, TIMER_WRITE, 20 * SEC);
	timers_set_earlier(&timers, TIMER_WRITE, 30 * SEC);
	assert_true(timers_when(&timers, TIMER_WRITE) == 20 * SEC);
	timers_set_earlier(&timers, TIMER_WRITE, 10 * SEC);
	assert_true(timers_when(&timers, TIMER_WRITE) == 10 * SEC);
	timers_set(&timers, TIMER_WRITE, 30 * SEC);
	assert_true(timers_when(&timers, TIMER_WRITE) == 30 * SEC);
	timers_set(&timers, TIMER_WRITE, USEC_NEVER);
	timers_run(&timers, 100 * SEC);
	assert_string_equal(called, "");
}

/* Who has slack comes along with another, and is not forgotten. */
static void test_slack(void **state)
{
	timers_set(&timers, TIMER_JUDGE, 11 * SEC);
	timers_run(&timers, 10 * SEC - 1);
	assert_string_equal(called, "");
	timers_run(&timers, 10 * SEC);
	assert_string_equal(called, "judge");
}

static void test_handlers_may_set(void **state)
{
	timers_handle(&timers, TIMER_JUDGE, 0, on_chain, "judge");
	timers_set(&timers, TIMER_JUDGE, 5 * SEC);
	timers_run(&timers, 5 * SEC);
	assert_string_equal(called, "judge write");
	timers_run(&timers, 5 * SEC);
	assert_string_equal(called, "judge write place");
}

static void test_nobody_handles(void **state)
{
	timers_set(&timers, TIMER_FLOOD, 1);
	timers_run(&timers, 5 * SEC);
	assert_true(timers_when(&timers, TIMER_FLOOD) == USEC_NEVER);
}

static void test_in_the_loop(void **state)
{
	uint64_t now;

	assert_true(sd_event_now(event, CLOCK_MONOTONIC, &now) >= 0);
	timers_handle(&timers, TIMER_WRITE, 0, on_exit_loop, "write");
	timers_set(&timers, TIMER_WRITE, now + 40 * USEC_PER_MSEC);
	timers_set(&timers, TIMER_JUDGE, now + 3600 * SEC);
	timers_set(&timers, TIMER_PLACE, 0); /* long past: at once */
	timers_set(&timers, TIMER_ROUNDS, now + 20 * USEC_PER_MSEC);
	assert_int_equal(sd_event_loop(event), 0);
	assert_string_equal(called, "place rounds write");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order_is_that_of_the_rows, begin, end),
		cmocka_unit_test_setup_teardown(test_earlier, begin, end),
		cmocka_unit_test_setup_teardown(test_slack, begin, end),
		cmocka_unit_test_setup_teardown(test_handlers_may_set, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_handles, begin, end),
		cmocka_unit_test_setup_teardown(test_in_the_loop, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
