// SPDX-License-Identifier: LGPL-2.1-or-later
/* While an operator wants no alert and no repair: judged and kept as ever, nobody is paged, and what still is wrong at
 * the end is told. */
#include "tests/support/judge_story.h"

#include "base/cleanup.h"
#include "model/silence.h"

#define NOW 1795780800

static void test_a_file(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *target;
		uint64_t until;
	} rows[] = {
		{ "target = dovecot.service\nuntil = 1795781000\nreason = new disk\n", 0, "dovecot.service",
		  1795781000 },
		{ "# of a package\n\ntarget=imaps\nfor=10min", 0, "imaps", NOW + 600 },
		{ "for = 2h\n", 0, "all", NOW + 7200 }, /* the shortest */
		{ "target = imaps\n", -EINVAL, "", 0 }, /* for ever is no silence */
		{ "for = 400d\n", -EINVAL, "", 0 },
		{ "until = tomorrow\n", -EINVAL, "", 0 },
		{ "until = -1\n", -EINVAL, "", 0 },
		{ "for = 1h\nwhom = imaps\n", -EINVAL, "", 0 }, /* not of all by a slip of the pen */
		{ "nonsense", -EINVAL, "", 0 },
		{ "", -EINVAL, "", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char why[SILENCE_TEXT_SIZE] = "", text[SILENCE_TEXT_SIZE];
		struct silence silence = { 0 }, again = { 0 };
		int r = silence_parse(rows[i].text, NOW, &silence, why, sizeof(why));

		if (r != rows[i].r || strcmp(silence.target, rows[i].target) != 0 || silence.until_sec != rows[i].until)
			fail_msg("%s: %d, %s until %" PRIu64, rows[i].text, r, silence.target, silence.until_sec);
		assert_true((r < 0) == (*why != '\0'));
		if (r < 0)
			continue;
		assert_int_equal(silence_format(&silence, text, sizeof(text)), 0);
		assert_int_equal(silence_parse(text, NOW, &again, why, sizeof(why)), 0);
		assert_memory_equal(&silence, &again, sizeof(silence));
	}
}

static void test_of_whom(void **state)
{
	static const struct {
		const char *target;
		bool covers;
	} rows[] = {
		{ "all", true },       { "submission", true },
		{ "587", true },       { "postfix", true },
		{ "postfix@-", true }, { "postfix@-.service", true },
		{ "front", true },     { "submissions", false },
		{ "58", false },       { "post", false },
		{ "", false },	       { "dovecot.service", false },
	};
	const struct service service = { .name = "submission",
					 .want.port = 587,
					 .server = { .unit = "postfix@-.service", .container = "front" } };
	static const struct silence list[] = { { "all", NOW + 5, "" },
					       { "587", NOW + 9, "" },
					       { "imaps", NOW + 99, "" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct silence silence = { 0 };

		(void)text_copy(silence.target, sizeof(silence.target), rows[i].target);
		if (silence_covers(&silence, &service) != rows[i].covers)
			fail_msg("\"%s\"", rows[i].target);
	}
	assert_ptr_equal(silence_find(list, ARRAY_SIZE(list), &service, NOW), &list[1]);
	assert_ptr_equal(silence_find(list, ARRAY_SIZE(list), &service, NOW + 9), NULL);
}

static void test_a_silence(void **state)
{
	static const struct row over_in_time[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "maintenance", SILENCE_BEGINS, 0, 1 * SEC, "", UP },
		{ "a crash: kept, not paged, not repaired", CRASHES, 0, 2 * SEC, "OW", MISSING(OWNER_CRASHED) },
		{ "left so", TICK, 0, 60 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "opened", OPENS, 0, 61 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 62 * SEC, "X", UP },
		{ "over: nothing to tell", SILENCE_ENDS, 0, 63 * SEC, "", UP },
	};
	static const struct row still_down[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "maintenance", SILENCE_BEGINS, 0, 1 * SEC, "", UP },
		{ "a crash", CRASHES, 0, 2 * SEC, "OW", MISSING(OWNER_CRASHED) },
		{ "over: told", SILENCE_ENDS, 0, 60 * SEC, "c", MISSING(OWNER_CRASHED) },
		{ "and repaired", TICK, 0, 61 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "nothing against it", FITS, 0, 61 * SEC, "sR", MISSING(OWNER_CRASHED) },
		{ "done", REPAIR_DONE, 0, 62 * SEC, "f", MISSING(OWNER_CRASHED) },
		{ "opened", OPENS, 0, 62 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 63 * SEC, "x", UP },
	};
	static const struct row begun_in_an_outage[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a crash", CRASHES, 0, 2 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "looked at", TICK, 0, 3 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "let me do it", SILENCE_BEGINS, 0, 3 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "asked again, in the moment of the repair", FITS, 0, 3 * SEC + 2, "W", MISSING(OWNER_CRASHED) },
		{ "opened", OPENS, 0, 20 * SEC, "p", ASKED },
		{ "who was told of it is told that it is over", PASSES, 0, 21 * SEC, "x", UP },
		{ "silence is over", SILENCE_ENDS, 0, 22 * SEC, "", UP },
	};
	static const struct row told_before[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "a crash", CRASHES, 0, 2 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "silence", SILENCE_BEGINS, 0, 2 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "its repair", TICK, 0, 3 * SEC, "W", MISSING(OWNER_CRASHED) },
		{ "over, and as it was: told once more", SILENCE_ENDS, 0, 9 * SEC, "c", MISSING(OWNER_CRASHED) },
		{ "and repaired", TICK, 0, 10 * SEC, "k", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(over_in_time);
	assert_int_equal(judge_budgets(judge)->n, 0);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(still_down);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(begun_in_an_outage);
	assert_int_equal(judge_budgets(judge)->list[0].n, 0);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(told_before);
}

/* Of one port: the others are told of, but their server is left alone, since a restart is of all of it. */
static void test_of_one_port(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "there", IS_THERE, 1, 2, "p", ASKED },
		{ "works", PASSES, 1, 3, "", UP },
		{ "silence of 587", SILENCE_BEGINS, 0, 1 * SEC, "", UP },
		{ "all of the server: told, for 465", CRASHES, 0, 2 * SEC, "ow", MISSING(OWNER_CRASHED) },
		{ "which was named", CRASHES, 1, 2 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "over: nothing new", SILENCE_ENDS, 0, 9 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "repaired", TICK, 0, 10 * SEC, "k", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file),
		cmocka_unit_test(test_of_whom),
		cmocka_unit_test_teardown(test_a_silence, story_end),
		cmocka_unit_test_teardown(test_of_one_port, story_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
