// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static void durations(void **state)
{
	static const struct {
		const char *s;
		int r;
		uint64_t usec;
	} rows[] = {
		{ "500ms", 0, 500000 },
		{ "2s", 0, 2000000 },
		{ "5min", 0, 300000000 },
		{ "1h", 0, UINT64_C(3600000000) },
		{ "14d", 0, UINT64_C(14) * 86400 * 1000000 },
		{ "0", 0, 0 },
		{ "0s", 0, 0 },
		{ "5", -EINVAL, 7 },
		{ "", -EINVAL, 7 },
		{ "s", -EINVAL, 7 },
		{ "-1s", -EINVAL, 7 },
		{ "1 s", -EINVAL, 7 },
		{ "1.5s", -EINVAL, 7 },
		{ "1S", -EINVAL, 7 },
		{ "1m", -EINVAL, 7 },
		{ "18446744073709551615s", -ERANGE, 7 },
		{ "18446744073709551616s", -ERANGE, 7 },
		{ "111111111111111111111111111s", -EINVAL, 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t usec = 7;
		int r = text_duration(rows[i].s, &usec);

		if (r != rows[i].r || usec != rows[i].usec)
			fail_msg("'%s': %d, %llu", rows[i].s, r, (unsigned long long)usec);
	}
}

static void ports(void **state)
{
	static const struct {
		const char *s;
		int r;
		uint16_t port;
	} rows[] = {
		{ "1", 0, 1 },
		{ "65535", 0, 65535 },
		{ "587", 0, 587 },
		{ "0", -ERANGE, 7 },
		{ "65536", -ERANGE, 7 },
		{ "", -EINVAL, 7 },
		{ " 25", -EINVAL, 7 },
		{ "25 ", -EINVAL, 7 },
		{ "+25", -EINVAL, 7 },
		{ "0x19", -EINVAL, 7 },
		{ "99999999999999999999", -ERANGE, 7 },
		{ "\xd9\xa2", -EINVAL, 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint16_t port = 7;
		int r = text_port(rows[i].s, &port);

		if (r != rows[i].r || port != rows[i].port)
			fail_msg("'%s': %d, %u", rows[i].s, r, port);
	}
}

static void booleans(void **state)
{
	bool value = false;

	assert_int_equal(text_bool("YES", &value), 0);
	assert_true(value);
	assert_int_equal(text_bool("off", &value), 0);
	assert_false(value);
	assert_int_equal(text_bool("", &value), -EINVAL);
	assert_int_equal(text_bool("yess", &value), -EINVAL);
}

static void copies_never_cut_a_character(void **state)
{
	char to[4];

	assert_int_equal(text_copy(to, sizeof(to), "abc"), 0);
	assert_string_equal(to, "abc");
	assert_int_equal(text_copy(to, sizeof(to), "abcd"), -E2BIG);
	assert_string_equal(to, "abc");
	assert_int_equal(text_copy(to, sizeof(to), "ab\xc3\xa9"), -E2BIG);
	assert_string_equal(to, "ab");
	assert_int_equal(text_format(to, sizeof(to), "%s", "x"), 0);
	assert_int_equal(text_append(to, sizeof(to), "%d", 1234), -E2BIG);
	assert_string_equal(to, "x12");
}

static void words_and_blanks(void **state)
{
	char text[] = " \t a bc\r\n", *cursor = text, blanks[] = " \t\r\n", padded[] = " x y\n";

	assert_string_equal(text_word(&cursor), "a");
	assert_string_equal(text_word(&cursor), "bc");
	assert_null(text_word(&cursor));
	assert_null(text_word(&cursor));
	assert_string_equal(text_trim(blanks), "");
	assert_string_equal(text_trim(padded), "x y");
	assert_string_equal(text_after("name:x", "name:"), "x");
	assert_null(text_after("nam", "name:"));
}

static void lines_one_by_one(void **state)
{
	const char *rest = "one\n\nfar too long\nlast";
	char line[5];

	assert_true(text_line(&rest, line, sizeof(line)));
	assert_string_equal(line, "one");
	assert_true(text_line(&rest, line, sizeof(line)));
	assert_string_equal(line, "");
	assert_true(text_line(&rest, line, sizeof(line)));
	assert_string_equal(line, "far ");
	assert_true(text_line(&rest, line, sizeof(line)));
	assert_string_equal(line, "last");
	assert_false(text_line(&rest, line, sizeof(line)));
	assert_string_equal(line, "");
	assert_false(text_line(&rest, line, sizeof(line)));
}

static void the_last_line_that_says_something(void **state)
{
	static const struct {
		const char *s, *line;
	} rows[] = {
		{ "", "" },
		{ " \n\t\r\n", "" },
		{ "one", "one" },
		{ "one\ntwo", "two" },
		{ "one\ntwo words \r\n\n \t\n", "two words" },
		{ "one\n  indented", "  indented" },
		{ "\none\n", "one" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = 99;
		const char *line = text_last_line(rows[i].s, &n);

		if (n != strlen(rows[i].line) || strncmp(line, rows[i].line, n) != 0)
			fail_msg("row %zu: %.*s", i, (int)n, line);
	}
}

static void the_nearest_name(void **state)
{
	static const char *const names[] = { "sources", "policy", "port", NULL };
	static const struct {
		const char *word, *near;
	} rows[] = {
		{ "source", "sources" },
		{ "sorces", "sources" },
		{ "polcy", "policy" },
		{ "prot", "port" },
		{ "zzzzzzzz", NULL },
		{ "", NULL },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *near = text_nearest(rows[i].word, names);

		if (!near != !rows[i].near || (near && strcmp(near, rows[i].near) != 0))
			fail_msg("%s: %s", rows[i].word, near ? near : "none");
	}
}

static void unprintable_text_becomes_harmless(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{ "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xac", "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xac" },
		{ "a\x1b[31mb\n", "a?[31mb?" },
		{ "\xff\xfe", "??" },
		{ "\xc0\xaf", "??" },
		{ "\xed\xa0\x80", "???" },
		{ "\xc2\x9b", "??" },
		{ "cut \xe2\x82", "cut ??" },
		{ "\x7f", "?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64];

		(void)strcpy(text, rows[i].from);
		text_sanitize(text);
		if (strcmp(text, rows[i].to) != 0)
			fail_msg("row %zu: %s", i, text);
	}
}

static void durations_for_people(void **state)
{
	static const struct {
		uint64_t usec;
		const char *shown;
	} rows[] = {
		{ 380, "380 µs" },
		{ 1500, "1.5 ms" },
		{ 2700000, "2.7 s" },
		{ UINT64_C(250) * 1000000, "4 min 10 s" },
		{ UINT64_C(3660) * 1000000, "1 h 1 min" },
		{ UINT64_C(90000) * 1000000, "1 d 1 h" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char shown[32];

		text_show_duration(rows[i].usec, shown, sizeof(shown));
		assert_string_equal(shown, rows[i].shown);
	}
}

static void times_in_utc(void **state)
{
	static const struct {
		int64_t unix_time;
		int r;
		const char *shown;
	} rows[] = {
		{ 0, 0, "1970-01-01 00:00:00" },	 { 1795505366, 0, "2026-11-24 07:29:26" },
		{ -1, 0, "1969-12-31 23:59:59" },	 { INT64_C(253402300799), 0, "9999-12-31 23:59:59" },
		{ INT64_C(253402300800), -ERANGE, "?" }, { INT64_MAX, -ERANGE, "?" },
	};
	char small[4];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char shown[32];
		int r = text_show_time(rows[i].unix_time, "%Y-%m-%d %H:%M:%S", shown, sizeof(shown));

		assert_int_equal(r, rows[i].r);
		assert_string_equal(shown, rows[i].shown);
	}
	assert_int_equal(text_show_time(0, "%Y", small, sizeof(small)), -ERANGE);
	assert_string_equal(small, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(ports),
		cmocka_unit_test(booleans),
		cmocka_unit_test(copies_never_cut_a_character),
		cmocka_unit_test(words_and_blanks),
		cmocka_unit_test(lines_one_by_one),
		cmocka_unit_test(the_last_line_that_says_something),
		cmocka_unit_test(the_nearest_name),
		cmocka_unit_test(unprintable_text_becomes_harmless),
		cmocka_unit_test(durations_for_people),
		cmocka_unit_test(times_in_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
