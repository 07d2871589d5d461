// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where services are expected: in one place of several, in one that is not there, in none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/daemon/place_table.h"
#include "base/cleanup.h"

static const struct place_table table = {
	.list = { { .netns = 10 }, { .netns = 0 }, { .netns = 30, .path = "/run/netns/mail" } },
	.n = 3,
	.host_netns = 10,
};

static void test_whose_place(void **state)
{
	static const struct {
		const char *why;
		size_t place;
		uint32_t netns;
		bool has, unknown;
	} rows[] = {
		{ "our own", 0, 10, true, false },
		{ "another's", 0, 30, false, false },
		{ "the third", 2, 30, true, false },
		{ "one that is not there is nobody's", 1, 0, false, false },
		{ "and none of the others", 1, 10, false, false },
		{ "what the table does not have is nowhere", 3, 10, false, true },
		{ "nor far beyond it", PLACES_MAX, 10, false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct service service = { .place = rows[i].place };

		if (place_has(&table, &service, rows[i].netns) != rows[i].has ||
		    place_of(&table, &service)->unknown != rows[i].unknown)
			fail_msg("%s", rows[i].why);
	}
}

static void test_any_place(void **state)
{
	assert_true(place_is_any(&table, 10));
	assert_true(place_is_any(&table, 30));
	assert_false(place_is_any(&table, 20));
	assert_false(place_is_any(&table, 0));
}

static void test_paths(void **state)
{
	assert_null(place_path(&table.list[0]));
	assert_string_equal(place_path(&table.list[2]), "/run/netns/mail");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_place),
		cmocka_unit_test(test_any_place),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
