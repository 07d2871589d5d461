// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "report/damper.h"

#define SEC UINT64_C(1000000)

static struct record record_of(enum record_kind kind, const char *incident, const char *service)
{
	struct record record = { .kind = kind };

	snprintf(record.incident, sizeof(record.incident), "%s", incident);
	snprintf(record.service, sizeof(record.service), "%s", service);
	return record;
}

/* As many as may be, then silence, then the last of the others. */
static void test_a_storm_of_changes(void **state)
{
	static struct damper damper;
	struct record record = record_of(RECORD_INCIDENT_CHANGED, "one", "submission");
	const struct record *due;
	size_t said = 0;

	for (unsigned int i = 0; i < 1000; i++) {
		record.finding = i % 2 ? FINDING_MISSING : FINDING_NO_GREETING;
		record.port = (uint16_t)i;
		said += damper_admit(&damper, &record, 100 * SEC + i);
	}
	assert_int_equal(said, DAMPER_SAID_MAX);
	assert_int_equal(damper_deadline(&damper), 3700 * SEC);
	assert_null(damper_due(&damper, 3700 * SEC - 1));
	due = damper_due(&damper, 3700 * SEC);
	assert_non_null(due);
	assert_int_equal(due->port, 999);
	assert_null(damper_due(&damper, 3700 * SEC));
	assert_true(damper_deadline(&damper) == UINT64_MAX);
}

/* What comes and goes says the same again and again. */
static void test_the_same_again_and_again(void **state)
{
	static struct damper damper;
	struct record opened = record_of(RECORD_INCIDENT_OPENED, "one", "submission");
	struct record record = record_of(RECORD_INCIDENT_CHANGED, "one", "submission");
	size_t said = 0;

	record.finding = FINDING_MISSING;
	assert_true(damper_admit(&damper, &opened, SEC));
	for (size_t i = 0; i < 100; i++)
		said += damper_admit(&damper, &record, 2 * SEC);
	assert_int_equal(said, 1 + DAMPER_SAME_MAX);
	/* Another cause is news. */
	record.cause = CAUSE_UNIT_STOPPED;
	assert_true(damper_admit(&damper, &record, 3 * SEC));
	assert_null(damper_due(&damper, 3602 * SEC)); /* which was the last word */
}

/* What is done is always said, and counts. */
static void test_repairs_are_heard(void **state)
{
	static struct damper damper;
	struct record repair = record_of(RECORD_REPAIR_STARTED, "one", "submission");
	struct record change = record_of(RECORD_INCIDENT_CHANGED, "one", "imaps");
	struct record other = record_of(RECORD_INCIDENT_CHANGED, "two", "imaps");
	struct record closed = record_of(RECORD_INCIDENT_CLOSED, "one", "submission");
	struct record none = record_of(RECORD_OBSERVER_DEGRADED, "", "");

	for (size_t i = 0; i < 2 * DAMPER_SAID_MAX; i++)
		assert_true(damper_admit(&damper, &repair, SEC));
	assert_false(damper_admit(&damper, &change, SEC));
	assert_true(damper_admit(&damper, &other, SEC));
	for (size_t i = 0; i < 100; i++)
		assert_true(damper_admit(&damper, &none, SEC));
	/* The end is always said, and nothing old after it. */
	assert_true(damper_admit(&damper, &closed, SEC));
	assert_null(damper_due(&damper, 4000 * SEC));
	assert_true(damper_admit(&damper, &change, 4001 * SEC));
}

static void test_a_slow_one_is_never_damped(void **state)
{
	static struct damper damper;
	struct record record = record_of(RECORD_INCIDENT_CHANGED, "one", "submission");

	for (uint64_t at = SEC; at < 100000 * SEC; at += DAMPER_WINDOW_USEC / DAMPER_SAME_MAX + 1)
		assert_true(damper_admit(&damper, &record, at));
}

static void test_more_incidents_than_are_followed(void **state)
{
	static struct damper damper;
	struct record noisy = record_of(RECORD_INCIDENT_CHANGED, "noisy", "s");

	for (size_t i = 0; i < 100; i++)
		(void)damper_admit(&damper, &noisy, SEC);
	for (unsigned int i = 0; i < 10 * DAMPER_INCIDENTS_MAX; i++) {
		struct record record = record_of(RECORD_INCIDENT_CHANGED, "", "s");

		snprintf(record.incident, sizeof(record.incident), "i%u", i);
		assert_true(damper_admit(&damper, &record, 2 * SEC + i));
	}
	assert_non_null(damper_due(&damper, 4000 * SEC)); /* it has something to say yet */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_storm_of_changes),
		cmocka_unit_test(test_the_same_again_and_again),
		cmocka_unit_test(test_repairs_are_heard),
		cmocka_unit_test(test_a_slow_one_is_never_damped),
		cmocka_unit_test(test_more_incidents_than_are_followed),
	};

	return cmocka_run_group_tests_name("damper", tests, NULL, NULL);
}
