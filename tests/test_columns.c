// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/columns.h"
#include "base/text.h"

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *left;
	} rows[] = {
		{ "fits", 4, "fits" },
		{ "one two three", 13, "one two three" },
		{ "one two three", 12, "one two..." },
		{ "one two three", 10, "one two..." },
		{ "one two three", 9, "one..." },
		{ "one, two three", 9, "one..." },
		{ "abcdefghij", 6, "abc..." },
		{ "größere Wörter", 13, "größere..." },
		{ "größer", 5, "gr..." },
		{ "ends (here and there)", 12, "ends..." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64];
		bool cut;

		(void)text_copy(text, sizeof(text), rows[i].text);
		cut = columns_cut(text, sizeof(text), rows[i].columns);
		if (strcmp(text, rows[i].left) != 0 || columns_of(text) > rows[i].columns ||
		    cut != (strcmp(rows[i].text, rows[i].left) != 0))
			fail_msg("\"%s\" at %zu: \"%s\"", rows[i].text, rows[i].columns, text);
	}
}

/* However little room there is: no more than that, and no half character. */
static void test_every_width(void **state)
{
	static const char sentence[] = "eins zwei µs größer, drei (vier) fünf";

	for (size_t n = 3; n < sizeof(sentence) + 2; n++) {
		char text[sizeof(sentence) + 8], bytes[sizeof(sentence) + 8], sane[sizeof(sentence) + 8];

		(void)text_copy(text, sizeof(text), sentence);
		(void)text_copy(bytes, sizeof(bytes), sentence);
		(void)columns_cut(text, sizeof(text), n);
		(void)columns_cut_bytes(bytes, n);
		assert_in_range(columns_of(text), 1, n);
		assert_in_range(strlen(bytes), 1, n);
		(void)text_copy(sane, sizeof(sane), bytes);
		text_sanitize(sane);
		assert_string_equal(sane, bytes);
	}
}

static void test_break(void **state)
{
	assert_int_equal(columns_break("one two", 7), 7);
	assert_int_equal(columns_break("one two", 6), 3);
	assert_int_equal(columns_break("onetwo", 3), 3);
	assert_int_equal(columns_break("µµµ µ", 4), 6);
}

static void test_ascii(void **state)
{
	char text[] = "380 µs, größer";

	columns_ascii(text);
	assert_string_equal(text, "380 us, gr??er");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_every_width),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_ascii),
	};

	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
