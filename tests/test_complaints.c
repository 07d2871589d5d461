// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/complaints.h"

static void an_error_takes_the_place_of_a_warning(void **state)
{
	struct complaints complaints = { 0 };

	for (int i = 0; i < COMPLAINTS_MAX + 5; i++)
		complain_warning(&complaints, "warning %d", i);
	complain_error(&complaints, "error");
	assert_int_equal(complaints.n, COMPLAINTS_MAX);
	assert_int_equal(complaints.n_warnings, COMPLAINTS_MAX + 5);
	assert_int_equal(complaints.n_errors, 1);
	assert_true(complaints.list[COMPLAINTS_MAX - 1].is_error);
	assert_string_equal(complaints.list[COMPLAINTS_MAX - 1].text, "error");
	assert_string_equal(complaints.list[COMPLAINTS_MAX - 2].text, "warning 30");
}

static void errors_alone_keep_their_order(void **state)
{
	struct complaints complaints = { 0 };

	for (int i = 0; i < COMPLAINTS_MAX + 5; i++)
		complain_error(&complaints, "error %d", i);
	complain_warning(&complaints, "warning");
	assert_int_equal(complaints.n, COMPLAINTS_MAX);
	assert_string_equal(complaints.list[COMPLAINTS_MAX - 1].text, "error 31");
	assert_int_equal(complaints.n_errors, COMPLAINTS_MAX + 5);
	assert_int_equal(complaints.n_warnings, 1);
}

static void they_can_be_printed(void **state)
{
	struct complaints complaints = { 0 };

	complain_warning(&complaints, "a\033[31m\xff%s", "\n");
	assert_string_equal(complaints.list[0].text, "a?[31m??");
}

/* Want of descriptors is ours; that a file is not there is its writer's. */
static void whose_want_it_is(void **state)
{
	struct complaints complaints = { 0 };

	assert_string_equal(complaints_first_error(&complaints), "");
	complain_warning(&complaints, "by the way");
	complain_failure(&complaints, -ENOENT, "%s: cannot be read", "x.conf");
	assert_false(complaints.ours);
	complain_failure(&complaints, -EMFILE, "y.conf: cannot be read");
	assert_true(complaints.ours);
	assert_int_equal(complaints.n_errors, 2);
	assert_string_equal(complaints_first_error(&complaints), "x.conf: cannot be read: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_takes_the_place_of_a_warning),
		cmocka_unit_test(errors_alone_keep_their_order),
		cmocka_unit_test(they_can_be_printed),
		cmocka_unit_test(whose_want_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
