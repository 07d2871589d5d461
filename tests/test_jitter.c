// SPDX-License-Identifier: LGPL-2.1-or-later
/* What was asked at one moment is not asked at one moment for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cleanup.h"
#include "judge.h"
#include "text.h"

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

		service->port = (uint16_t)(i + 1);
		service->expected = true;
	}
	assert_int_equal(judge_new(&policy, &services, seed, &judge), 0);
	for (size_t i = 0; i < SERVICES; i++) {
		const struct fact there = { .kind = FACT_COVERAGE,
					    .service = i,
					    .coverage = { .coverage = COVERAGE_FULL } };
		const struct fact well = { .kind = FACT_ANSWER,
					   .service = i,
					   .answer = { .complete = true } };
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_spread) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
