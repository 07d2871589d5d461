// SPDX-License-Identifier: LGPL-2.1-or-later
/* The order in which facts are taken, what becomes of those that find no room, and of those that speak of a
 * set of services that is no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/daemon/core.h"
#include "base/text.h"

#define SERVICES 3

static struct core *core;
static struct service_set services;
static char taken[4096]; /* "coverage 0, ..." */
static size_t n_taken;
static bool last_was_news;
static uint64_t n_lost;
static unsigned int depth; /* of handlers in each other */
static void (*on_probe)(const struct action *action);

static const char *const kinds[] = {
	[FACT_COVERAGE] = "coverage", [FACT_ANSWER] = "answer", [FACT_BIND_FAILED] = "bind", [FACT_PLACE] = "place",
	[FACT_QUEUES] = "queues",     [FACT_UNIT] = "unit",	[FACT_LEARNED] = "learned",  [FACT_CHECKED] = "checked",
	[FACT_REPAIRED] = "repaired", [FACT_TICK] = "tick",
};

static void on_taken(const struct fact *fact, bool news, void *userdata)
{
	n_taken++;
	last_was_news = news;
	(void)text_append(taken, sizeof(taken), "%s%s %zu", *taken ? ", " : "", kinds[fact->kind], fact->service);
}

static void on_lost(uint64_t n, void *userdata)
{
	n_lost += n;
	(void)sd_event_exit(core_event(core), 0);
}

static const struct core_callbacks callbacks = { .taken = on_taken, .lost = on_lost };

static void on_action(const struct action *action, void *userdata)
{
	assert_int_equal(depth, 0);
	depth++;
	if (on_probe)
		on_probe(action);
	depth--;
}

static int begin(void **state)
{
	*taken = '\0';
	n_taken = 0;
	n_lost = 0;
	on_probe = NULL;
	assert_int_equal(core_new(&callbacks, NULL, &core), 0);
	core_handle(core, ACTION_PROBE, on_action, NULL);
	for (uint16_t i = 0; i < SERVICES; i++) {
		struct service *service = service_set_add(&services);

		(void)snprintf(service->name, sizeof(service->name), "s%u", i);
		service->want.port = (uint16_t)(1000 + i);
		service->expected = true;
	}
	assert_int_equal(core_adopt(core, &policy_default, &services), 0);
	return 0;
}

static int end(void **state)
{
	core_free(core);
	service_set_clear(&services);
	return 0;
}

static struct fact opened(size_t service)
{
	struct fact fact = core_fact(core, FACT_COVERAGE, service);

	fact.coverage.coverage = COVERAGE_FULL;
	return fact;
}

static void post(struct fact fact)
{
	assert_int_equal(core_post(core, &fact), 0);
}

static struct fact passed(size_t service)
{
	struct fact fact = core_fact(core, FACT_ANSWER, service);

	fact.answered.answer.complete = true;
	return fact;
}

static void test_taken_at_once(void **state)
{
	struct judge_view view;

	on_probe = NULL;
	post(opened(1));
	judge_view(core_judge(core), 1, &view);
	assert_true(view.looked);
	assert_string_equal(taken, "coverage 1");
	post(passed(1));
	assert_true(last_was_news);
	judge_view(core_judge(core), 1, &view);
	assert_int_equal(view.verdict, VERDICT_UP);
	post(passed(1)); /* the same again */
	assert_false(last_was_news);
}

/* A conversation that ends at once opens the next service, and so on. */
static void chain(const struct action *action)
{
	post(passed(action->service));
	if (action->service + 1 < SERVICES)
		post(opened(action->service + 1));
	post(core_fact(core, FACT_TICK, action->service));
}

static void test_what_follows_waits_its_turn(void **state)
{
	on_probe = chain;
	post(opened(0));
	assert_string_equal(taken, "coverage 0, answer 0, coverage 1, tick 0, answer 1, coverage 2, tick 1, "
				   "answer 2, tick 2");
	assert_int_equal(n_lost, 0);
}

static size_t n_posted, n_results;

static void flood(const struct action *action)
{
	struct fact tick = core_fact(core, FACT_TICK, 0), result = core_fact(core, FACT_REPAIRED, 0);

	on_probe = NULL;
	while (core_post(core, &tick) == 0 && n_posted < 10000)
		n_posted++;
	assert_int_equal(core_post(core, &tick), -ENOBUFS);
	while (core_post(core, &result) == 0 && n_results < 10000)
		n_results++;
}

static void test_a_full_queue(void **state)
{
	n_posted = n_results = 0;
	on_probe = flood;
	post(opened(0));
	assert_int_equal(n_posted, CORE_FACTS_MAX - CORE_FACTS_RESERVED);
	assert_int_equal(n_results, CORE_FACTS_RESERVED);
	assert_int_equal(n_taken, 1 + n_posted + n_results);
	assert_int_equal(n_lost, 0); /* not while others walk through their tables */
	assert_int_equal(sd_event_loop(core_event(core)), 0);
	assert_int_equal(n_lost, 3); /* two ticks and a result */
	/* There is room again. */
	n_posted = n_results = 0;
	on_probe = flood;
	post(opened(1));
	assert_int_equal(n_posted, CORE_FACTS_MAX - CORE_FACTS_RESERVED);
}

static void test_older_sets(void **state)
{
	struct fact old = opened(0), result = core_fact(core, FACT_REPAIRED, 0);
	struct fact nobody;
	uint64_t generation = core_generation(core);

	assert_int_equal(core_adopt(core, &policy_default, &services), 0);
	assert_true(core_generation(core) > generation);
	post(old);
	assert_string_equal(taken, "");
	post(result); /* of an incident, which goes on */
	assert_string_equal(taken, "repaired 0");
	nobody = core_fact(core, FACT_TICK, SERVICES);
	post(nobody);
	assert_string_equal(taken, "repaired 0");
	post(opened(0));
	assert_string_equal(taken, "repaired 0, coverage 0");
}

/* Whoever's turn comes first. */
static void test_the_next_tick(void **state)
{
	uint64_t first = USEC_NEVER, last = 0;

	for (size_t i = 0; i < 2; i++) {
		struct fact gone = core_fact(core, FACT_COVERAGE, i);

		post(opened(i));
		post(passed(i));
		gone.coverage.seen = true; /* why is not known yet */
		gone.coverage.at_usec = core_now(core).usec;
		post(gone);
		usleep(1000);
	}
	for (size_t i = 0; i < SERVICES; i++) {
		uint64_t deadline = judge_deadline(core_judge(core), i);

		if (deadline == USEC_NEVER)
			continue;
		first = deadline < first ? deadline : first;
		last = deadline > last ? deadline : last;
	}
	assert_true(first < last);
	assert_int_equal(timers_when(core_timers(core), TIMER_JUDGE), first);
}

static void test_without_handlers(void **state)
{
	core_handle(core, ACTION_PROBE, NULL, NULL);
	post(opened(0));
	assert_string_equal(taken, "coverage 0");
}

static void test_before_the_first_set(void **state)
{
	struct core *empty;
	struct fact fact = { .kind = FACT_TICK };

	assert_int_equal(core_new(&callbacks, NULL, &empty), 0);
	assert_int_equal(core_post(empty, &fact), 0);
	assert_int_equal(core_services(empty)->n, 0);
	assert_int_equal(core_generation(empty), 0);
	assert_string_equal(taken, "");
	core_free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_taken_at_once, begin, end),
		cmocka_unit_test_setup_teardown(test_what_follows_waits_its_turn, begin, end),
		cmocka_unit_test_setup_teardown(test_a_full_queue, begin, end),
		cmocka_unit_test_setup_teardown(test_older_sets, begin, end),
		cmocka_unit_test_setup_teardown(test_the_next_tick, begin, end),
		cmocka_unit_test_setup_teardown(test_without_handlers, begin, end),
		cmocka_unit_test_setup_teardown(test_before_the_first_set, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
