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
		record.port = (uint16_t)i;
		said += damper_admit(&damper, &record, 100 * SEC + i);
	}
	assert_int_equal(said, DAMPER_SAID_MAX);
	assert_int_equal(damper_deadline(&damper), 160 * SEC);
	assert_null(damper_due(&damper, 160 * SEC - 1));
	due = damper_due(&damper, 160 * SEC);
	assert_non_null(due);
	assert_int_equal(due->port, 999);
	assert_null(damper_due(&damper, 160 * SEC));
	assert_true(damper_deadline(&damper) == UINT64_MAX);
	/* It counts for the new window. */
	for (said = 0; damper_admit(&damper, &record, 161 * SEC); said++)
		;
	assert_int_equal(said, DAMPER_SAID_MAX - 1);
}

static void test_others_are_heard(void **state)
{
	static struct damper damper;
	struct record noisy = record_of(RECORD_INCIDENT_CHANGED, "one", "submission");
	struct record other = record_of(RECORD_INCIDENT_CHANGED, "one", "imaps");
	struct record closed = record_of(RECORD_INCIDENT_CLOSED, "one", "submission");

	for (size_t i = 0; i < 100; i++)
		(void)damper_admit(&damper, &noisy, SEC);
	assert_true(damper_admit(&damper, &other, SEC));
	assert_false(damper_admit(&damper, &noisy, SEC));
	/* The end is always said, and nothing old after it. */
	assert_true(damper_admit(&damper, &closed, SEC));
	assert_null(damper_due(&damper, 100 * SEC));
	assert_true(damper_admit(&damper, &noisy, 101 * SEC));
}

static void test_a_slow_one_is_never_damped(void **state)
{
	static struct damper damper;
	struct record record = record_of(RECORD_INCIDENT_CHANGED, "one", "submission");

	for (uint64_t at = SEC; at < 10000 * SEC; at += DAMPER_WINDOW_USEC / DAMPER_SAID_MAX + 1)
		assert_true(damper_admit(&damper, &record, at));
}

static void test_more_services_than_are_followed(void **state)
{
	static struct damper damper;
	struct record noisy = record_of(RECORD_INCIDENT_CHANGED, "one", "noisy");

	for (size_t i = 0; i < 100; i++)
		(void)damper_admit(&damper, &noisy, SEC);
	for (unsigned int i = 0; i < 10 * DAMPER_SERVICES_MAX; i++) {
		struct record record = record_of(RECORD_INCIDENT_CHANGED, "two", "s");

		snprintf(record.service, sizeof(record.service), "s%u", i);
		assert_true(damper_admit(&damper, &record, 2 * SEC + i));
	}
	assert_non_null(damper_due(&damper, 100 * SEC)); /* it has something to say yet */
}

static void test_one_ends_and_the_others_go_on(void **state)
{
	static const char *const names[] = { "first", "middle", "last" };
	static struct damper damper;
	struct record closed = record_of(RECORD_INCIDENT_CLOSED, "two", "middle");
	struct record fresh = record_of(RECORD_INCIDENT_CHANGED, "three", "fresh");
	const struct record *due;
	size_t told[ARRAY_SIZE(names)] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct record record = record_of(RECORD_INCIDENT_CHANGED, "two", names[i]);

		for (size_t n = 0; n < DAMPER_SAID_MAX; n++)
			assert_true(damper_admit(&damper, &record, SEC));
		assert_false(damper_admit(&damper, &record, SEC));
	}
	assert_true(damper_admit(&damper, &closed, 2 * SEC));
	assert_true(damper_admit(&damper, &closed, 2 * SEC)); /* of one that is not followed any more */
	assert_true(damper_admit(&damper, &fresh, 2 * SEC));  /* nothing of those before is held against it */
	while ((due = damper_due(&damper, 100 * SEC)))
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			told[i] += strcmp(due->service, names[i]) == 0;
	assert_int_equal(told[0], 1);
	assert_int_equal(told[1], 0);
	assert_int_equal(told[2], 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_storm_of_changes),
		cmocka_unit_test(test_others_are_heard),
		cmocka_unit_test(test_a_slow_one_is_never_damped),
		cmocka_unit_test(test_more_services_than_are_followed),
		cmocka_unit_test(test_one_ends_and_the_others_go_on),
	};

	return cmocka_run_group_tests_name("damper", tests, NULL, NULL);
}
