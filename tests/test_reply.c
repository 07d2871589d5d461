// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "probe/wire/reply.h"

static const char wire[] = "220-a\r\n220 b\n\r\n\nx\0y\r\nz\rz\r\nrest";
static const char *const lines[] = { "220-a", "220 b", "", "", "x?y", "z\rz" };

static void read_piece(struct reply *reply, const char *bytes, size_t n, size_t *found)
{
	const char *line;

	while (reply_line(reply, &bytes, &n, &line) > 0) {
		assert_true(*found < ARRAY_SIZE(lines));
		assert_string_equal(line, lines[(*found)++]);
	}
	assert_int_equal(n, 0);
}

static void test_splits(void **state)
{
	for (size_t split = 0; split < sizeof(wire); split++) {
		struct reply reply = { 0 };
		size_t found = 0;

		read_piece(&reply, wire, split, &found);
		read_piece(&reply, wire + split, sizeof(wire) - 1 - split, &found);
		assert_int_equal(found, ARRAY_SIZE(lines));
		assert_string_equal(reply_rest(&reply), "rest");
		assert_null(reply_rest(&reply));
	}
}

/* "a {3}" is a line whose literal has an end of line, a NUL and a brace in it; then comes another. */
static void test_literals(void **state)
{
	static const char bytes[] = "a {5}\r\nx\r\n\0} {0}\r\n\r\nnext {5}\r\n";
	static const char *const expected[] = { "a {5}", "a {5}x\r\n?} {0}", "a {5}x\r\n?} {0}", "next {5}" };
	static const char *const tails[] = { "a {5}", " {0}", "", "next {5}" };

	for (size_t split = 0; split < sizeof(bytes); split++) {
		struct reply reply = { 0 };
		size_t found = 0;

		for (int part = 0; part < 2; part++) {
			const char *at = part ? bytes + split : bytes, *line;
			size_t n = part ? sizeof(bytes) - 1 - split : split;

			if (part && split == sizeof(bytes) - 1)
				n = 0;
			while (reply_line(&reply, &at, &n, &line) > 0) {
				assert_string_equal(line, expected[found]);
				assert_string_equal(reply_tail(&reply), tails[found]);
				if (found == 0)
					reply_continue(&reply, 5);
				if (found == 1)
					reply_continue(&reply, 0);
				found++;
			}
		}
		assert_int_equal(found, ARRAY_SIZE(expected));
	}
}

/* A CR that belongs to a literal is no part of the line's end. */
static void test_literal_cr(void **state)
{
	struct reply reply = { 0 };
	const char *at = "{1}\r\n\r\n", *line;
	size_t n = strlen(at);

	assert_int_equal(reply_line(&reply, &at, &n, &line), 1);
	reply_continue(&reply, 1);
	assert_int_equal(reply_line(&reply, &at, &n, &line), 1);
	assert_string_equal(line, "{1}\r");
}

/* A literal that does not fit is a line that is too long, whatever its size claims. */
static void test_long_literal(void **state)
{
	struct reply reply = { 0 };
	char bytes[REPLY_LINE_MAX];
	const char *at = "{999999999999}\n", *line;
	size_t n = strlen(at);

	assert_int_equal(reply_line(&reply, &at, &n, &line), 1);
	reply_continue(&reply, SIZE_MAX);
	memset(bytes, '\n', sizeof(bytes));
	at = bytes;
	n = sizeof(bytes);
	assert_int_equal(reply_line(&reply, &at, &n, &line), -EMSGSIZE);
}

static void test_long_line(void **state)
{
	char bytes[REPLY_LINE_MAX + 1];
	struct reply reply = { 0 };
	const char *at = bytes, *line;
	size_t n = REPLY_LINE_MAX;

	memset(bytes, 'a', sizeof(bytes));
	assert_int_equal(reply_line(&reply, &at, &n, &line), 0);
	at = "\n";
	n = 1;
	assert_int_equal(reply_line(&reply, &at, &n, &line), 1);
	assert_int_equal(strlen(line), REPLY_LINE_MAX);

	at = bytes;
	n = sizeof(bytes);
	assert_int_equal(reply_line(&reply, &at, &n, &line), -EMSGSIZE);
}

static void test_total(void **state)
{
	struct reply reply = { 0 };
	const char *line;

	for (size_t i = 0; i < REPLY_TOTAL_MAX / 2; i++) {
		const char *at = "a\n";
		size_t n = 2;

		assert_int_equal(reply_line(&reply, &at, &n, &line), 1);
	}
	line = "a";
	assert_int_equal(reply_line(&reply, &line, &(size_t){ 1 }, &line), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splits),	   cmocka_unit_test(test_literals),
		cmocka_unit_test(test_literal_cr), cmocka_unit_test(test_long_literal),
		cmocka_unit_test(test_long_line),  cmocka_unit_test(test_total),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
