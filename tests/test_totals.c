// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/totals.h"

#define HOST	 1
#define CARRIER	 2
#define SERVICES 3
#define SOCKETS	 6
#define VIEWS	 10000

static const struct service submission = { .name = "submission", .want.port = 587 };
static const struct service smtp = { .name = "smtp", .want.port = 25 };

static struct totals *totals;

static int begin(void **state)
{
	return totals_new(&totals);
}

static int finish(void **state)
{
	totals_free(totals);
	return 0;
}

static struct listener listener(uint64_t cookie, int family, uint64_t arrived, uint64_t accepted)
{
	return (struct listener){
		.cookie = cookie, .netns = HOST, .address.family = family, .arrived = arrived, .accepted = accepted
	};
}

static void take(const struct service *service, size_t n, const struct listener *list, uint64_t arrivals,
		 uint64_t accepts)
{
	struct service_view view = { .service = service, .n_listeners = n };

	for (size_t i = 0; i < n; i++)
		view.listeners[i] = &list[i];
	totals_take(totals, &view);
	assert_int_equal(view.arrivals, arrivals);
	assert_int_equal(view.accepts, accepts);
}

static void test_one_of_two_closes(void **state)
{
	const struct listener both[] = { listener(1, AF_INET, 16, 9), listener(2, AF_INET, 16, 7) };
	const struct listener second = listener(2, AF_INET, 18, 8);

	take(&submission, 2, both, 16, 16); /* of one port and family: arrivals have one count */
	take(&submission, 1, &second, 18, 17);
	take(&submission, 0, NULL, 18, 17);
}

static void test_families_are_apart(void **state)
{
	const struct listener both[] = { listener(1, AF_INET, 5, 4), listener(2, AF_INET6, 7, 6) };

	take(&submission, 2, both, 12, 10);
	take(&smtp, 1, both, 5, 4);
	take(&submission, 2, both, 12, 10);
}

static void test_a_server_that_is_restarted(void **state)
{
	const struct listener before = listener(1, AF_INET, 40, 38), after = listener(2, AF_INET, 45, 3);
	const struct listener forgotten = listener(2, AF_INET, 2, 5);

	take(&submission, 1, &before, 40, 38);
	take(&submission, 0, NULL, 40, 38);
	take(&submission, 1, &after, 45, 41);	  /* the kernel counted on, by port; accepts begin at 0 */
	take(&submission, 1, &forgotten, 47, 43); /* it made room, and counts anew */
}

static void test_a_container_made_anew(void **state)
{
	struct listener one = listener(1, AF_INET, 40, 40);

	take(&submission, 1, &one, 40, 40);
	one = listener(2, AF_INET, 50, 1);
	one.netns = CARRIER;
	take(&submission, 1, &one, 90, 41);
}

static void test_a_full_table_begins_anew(void **state)
{
	const struct listener one = listener(1, AF_INET, 2, 1);
	static struct service many[SERVICES_MAX];

	for (size_t i = 0; i < SERVICES_MAX; i++) {
		many[i] = (struct service){ .name = "x", .want.port = (uint16_t)(i + 1) };
		take(&many[i], 1, &one, 2, 1);
	}
	take(&(struct service){ .name = "y", .want.port = 1 }, 1, &one, 2, 1);
	take(&many[0], 1, &one, 2, 1);
}

static uint32_t chance(uint32_t below)
{
	static uint64_t seed = 42;

	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

/* Sockets are opened, used and closed, and namespaces change, at random. */
static void test_no_count_ever_falls(void **state)
{
	static const struct service services[SERVICES] = { { .name = "a", .want.port = 25 },
							   { .name = "b", .want.port = 587 },
							   { .name = "c", .want.port = 993 } };
	static struct listener sockets[SERVICES][SOCKETS];
	uint64_t cookie = 1, arrivals[SERVICES] = { 0 }, accepts[SERVICES] = { 0 };

	for (int i = 0; i < VIEWS; i++) {
		size_t s = chance(SERVICES);
		struct service_view view = { .service = &services[s] };

		for (size_t k = 0; k < SOCKETS; k++) {
			struct listener *one = &sockets[s][k];

			if (chance(4) == 0)
				*one = listener(chance(3) ? cookie++ : 0, chance(2) ? AF_INET : AF_INET6, chance(20),
						0);
			one->netns = chance(50) ? one->netns : HOST + chance(2);
			one->arrived += chance(9);
			one->accepted += chance(9);
			if (one->cookie)
				view.listeners[view.n_listeners++] = one;
		}
		totals_take(totals, &view);
		assert_true(view.arrivals >= arrivals[s] && view.accepts >= accepts[s]);
		arrivals[s] = view.arrivals;
		accepts[s] = view.accepts;
	}
	assert_true(arrivals[0] > 0 && accepts[0] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_of_two_closes, begin, finish),
		cmocka_unit_test_setup_teardown(test_families_are_apart, begin, finish),
		cmocka_unit_test_setup_teardown(test_a_server_that_is_restarted, begin, finish),
		cmocka_unit_test_setup_teardown(test_a_container_made_anew, begin, finish),
		cmocka_unit_test_setup_teardown(test_a_full_table_begins_anew, begin, finish),
		cmocka_unit_test_setup_teardown(test_no_count_ever_falls, begin, finish),
	};

	return cmocka_run_group_tests_name("totals", tests, NULL, NULL);
}
