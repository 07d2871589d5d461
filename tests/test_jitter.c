// SPDX-License-Identifier: LGPL-2.1-or-later
/* What was asked at one moment is not asked at one moment for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "judge/judge.h"

#define SERVICES 50
#define NOW	 (1000 * USEC_PER_SEC)

static size_t spread(uint64_t jitter_usec, uint64_t seed)
{
	struct policy policy = policy_default;
	struct service_set services = { 0 };
	uint64_t deadlines[SERVICES];
	struct judge *judge;
	size_t distinct = 0;

	policy.probe_jitter_usec = jitter_usec;
	for (size_t i = 0; i < SERVICES; i++) {
		struct service *service = service_set_add(&services);

		service->want.port = (uint16_t)(i + 1);
		service->expected = true;
	}
	assert_int_equal(judge_new(&policy, &services, seed, &judge), 0);
	for (size_t i = 0; i < SERVICES; i++) {
		const struct fact there = { .kind = FACT_COVERAGE,
					    .service = i,
					    .coverage = { .coverage = COVERAGE_FULL } };
		const struct fact well = { .kind = FACT_ANSWER, .service = i, .answered.answer.complete = true };
		struct moment now = { .usec = NOW };
		struct actions actions;
		bool is_new = true;

		judge_feed(judge, &there, now, &actions);
		assert_int_equal(actions.n, 1);
		judge_feed(judge, &well, now, &actions);
		deadlines[i] = judge_deadline(judge, i);
		assert_in_range(deadlines[i], NOW + policy.probe_interval_usec,
				NOW + policy.probe_interval_usec + jitter_usec);
		for (size_t j = 0; j < i; j++)
			is_new &= deadlines[j] != deadlines[i];
		distinct += is_new;
	}
	judge_free(judge);
	service_set_clear(&services);
	return distinct;
}

static void test_spread(void **state)
{
	assert_int_equal(spread(0, 1), 1);
	assert_true(spread(6 * USEC_PER_SEC, 1) > SERVICES / 2);
	assert_true(spread(6 * USEC_PER_SEC, 2) > SERVICES / 2);
}

/* How many questions a tick each 10 ms brings in a minute, when every answer comes at once. */
static size_t asked_in_a_minute(uint64_t interval_usec)
{
	const struct fact there = { .kind = FACT_COVERAGE, .coverage = { .coverage = COVERAGE_FULL } };
	const struct fact well = { .kind = FACT_ANSWER, .answered.answer.complete = true };
	const struct fact tick = { .kind = FACT_TICK };
	struct policy policy = policy_default;
	struct service_set services = { 0 };
	struct service *service = service_set_add(&services);
	struct moment now = { .usec = NOW };
	struct actions actions;
	struct judge *judge;
	size_t n = 0;

	service->want.port = 587;
	service->expected = true;
	policy.probe_interval_usec = interval_usec;
	policy.probe_jitter_usec = interval_usec / 10;
	assert_int_equal(judge_new(&policy, &services, 1, &judge), 0);
	judge_feed(judge, &there, now, &actions);
	judge_feed(judge, &well, now, &actions);
	for (; now.usec < NOW + 60 * USEC_PER_SEC; now.usec += 10 * USEC_PER_MSEC) {
		judge_feed(judge, &tick, now, &actions);
		n += actions.n;
		if (actions.n > 0)
			judge_feed(judge, &well, now, &actions);
	}
	judge_free(judge);
	service_set_clear(&services);
	return n;
}

/* As often as was asked for, and not once more for each wake-up. */
static void test_short_intervals(void **state)
{
	assert_in_range(asked_in_a_minute(USEC_PER_SEC), 50, 69);
	assert_in_range(asked_in_a_minute(2 * USEC_PER_SEC), 25, 35);
	assert_in_range(asked_in_a_minute(10 * USEC_PER_SEC), 5, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_spread), cmocka_unit_test(test_short_intervals) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
