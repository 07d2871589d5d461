// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/cleanup.h"
#include "report/range.h"

/* The guidelines' own table, and what is none. */
static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		int r;
		double well, alerts; /* a value that is well, and one that is not */
	} rows[] = {
		{ "10", 0, 10, 10.5 },
		{ "10", 0, 0, -1 },
		{ "10:", 0, 10, 9.9 },
		{ "~:10", 0, -1e9, 11 },
		{ "10:20", 0, 20, 9 },
		{ "@10:20", 0, 21, 20 },
		{ "0", 0, 0, 1 },
		{ "-5:-1", 0, -3, 0 },
		{ "@~:0", 0, 1, -7 },
		{ ":3", 0, 3, 4 },
		{ "0.5", 0, 0.25, 0.75 },
		{ "@5", 0, 6, 5 },
		{ "", -EINVAL, 0, 0 },
		{ "20:10", -EINVAL, 0, 0 },
		{ "x", -EINVAL, 0, 0 },
		{ "1:2:3", -EINVAL, 0, 0 },
		{ "nan", -EINVAL, 0, 0 },
		{ "0x10", -EINVAL, 0, 0 },
		{ "10s", -EINVAL, 0, 0 },
		{ "/etc/f", -EINVAL, 0, 0 },
		{ "~", -EINVAL, 0, 0 },
		{ "@", -EINVAL, 0, 0 },
		{ ".", -EINVAL, 0, 0 },
		{ "1 2", -EINVAL, 0, 0 },
		{ "00000000000000000000000000000001", -E2BIG, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct range range = { 0 };
		int r = range_parse(rows[i].text, &range);

		if (r != rows[i].r)
			fail_msg("\"%s\": %d", rows[i].text, r);
		assert_int_equal(range.is_set, r == 0);
		if (r == 0 && (range_alerts(&range, rows[i].well) || !range_alerts(&range, rows[i].alerts)))
			fail_msg("\"%s\": %g, %g", rows[i].text, rows[i].well, rows[i].alerts);
	}
}

static void test_none(void **state)
{
	const struct range none = { 0 };

	assert_false(range_alerts(&none, 1e9));
	assert_string_equal(none.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
