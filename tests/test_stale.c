// SPDX-License-Identifier: LGPL-2.1-or-later
/* A certificate that was renewed and not loaded: one incident a server, one reload, and a proof. */
#include "tests/support/judge_story.h"

#define FOUND_STALE VERDICT_DEGRADED, FINDING_CERTIFICATE_STALE, CAUSE_NONE
#define FOUND_ENDED VERDICT_DOWN, FINDING_CERTIFICATE_EXPIRED, CAUSE_NONE

static void test_one_reload_for_all_ports(void **state)
{
	static const struct row rows[] = {
		{ "587 there", IS_THERE, 0, 0, "p", ASKED },
		{ "465 there", IS_THERE, 1, 0, "p", ASKED },
		{ "993 there", IS_THERE, 2, 0, "p", ASKED },
		{ "587 is stale", STALE, 0, 1 * SEC, "o", FOUND_STALE },
		{ "so is 465", STALE, 1, 1 * SEC, "c", FOUND_STALE },
		{ "and 993, much later", STALE, 2, 40 * SEC, "c", FOUND_STALE },
		{ "one reload, though all listen", TICK, 0, 41 * SEC, "k", FOUND_STALE },
		{ "nothing against it", FITS, 0, 41 * SEC, "sL", FOUND_STALE },
		{ "done", REPAIR_DONE, 0, 42 * SEC, "f", FOUND_STALE },
		{ "asked soon", TICK, 0, 42 * SEC + 500000, "p", FOUND_STALE },
		{ "asked soon too", TICK, 1, 42 * SEC + 500000, "p", FOUND_STALE },
		{ "and it", TICK, 2, 42 * SEC + 500000, "p", FOUND_STALE },
		{ "too soon for Dovecot", STALE, 0, 42 * SEC + 600000, "", FOUND_STALE },
		{ "asked again", TICK, 0, 44 * SEC + 600000, "p", FOUND_STALE },
		{ "587 proven", PASSES, 0, 45 * SEC, "", UP },
		{ "465 proven", PASSES, 1, 45 * SEC, "", UP },
		{ "993 proven: closed", PASSES, 2, 45 * SEC, "x", UP },
	};

	begin(RUNG_RELOAD, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(judge_counts(judge)->incidents, 1);
	assert_int_equal(judge_counts(judge)->repairs[RUNG_RELOAD][1], 1);
	assert_int_equal(judge_budgets(judge)->list[0].n, 1);
}

static void test_expired_with_a_newer_one_on_disk(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "expired: once more", ENDED, 0, 1 * SEC, "", ASKED },
		{ "asked again", TICK, 0, 3 * SEC, "p", ASKED },
		{ "expired", ENDED, 0, 4 * SEC, "o", FOUND_ENDED },
		{ "a reload", TICK, 0, 5 * SEC, "k", FOUND_ENDED },
		{ "nothing against it", FITS, 0, 5 * SEC, "sL", FOUND_ENDED },
	};

	begin(RUNG_RELOAD, RENDERED_YES);
	PLAY(rows);
	assert_string_equal(last.remedy, "reload dovecot.service: a newer certificate lies on disk.");
}

static void test_expired_then_renewed(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "expired: once more", ENDED_ON_DISK, 0, 1 * SEC, "", ASKED },
		{ "asked again", TICK, 0, 3 * SEC, "p", ASKED },
		{ "expired, on disk too: no reload", ENDED_ON_DISK, 0, 4 * SEC, "o", FOUND_ENDED },
		{ "no news", ENDED_ON_DISK, 0, 60 * SEC, "", FOUND_ENDED },
		{ "renewed on disk: news", ENDED, 0, 70 * SEC, "c", FOUND_ENDED },
		{ "would it load", TICK, 0, 71 * SEC, "k", FOUND_ENDED },
		{ "nothing against it", FITS, 0, 71 * SEC, "sL", FOUND_ENDED },
	};

	begin(RUNG_RELOAD, RENDERED_YES);
	PLAY(rows);
}

static void test_stale_then_expired_joins_nothing_new(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "stale", STALE, 0, 1 * SEC, "o", FOUND_STALE },
		{ "expired now: once more", ENDED, 0, 62 * SEC, "", FOUND_STALE },
		{ "asked again", TICK, 0, 64 * SEC, "p", FOUND_STALE },
		{ "expired", ENDED, 0, 65 * SEC, "c", FOUND_ENDED },
		{ "renewed at last", PASSES, 0, 66 * SEC, "x", UP },
	};

	begin(RUNG_NONE, RENDERED_YES);
	PLAY(rows);
	assert_int_equal(judge_counts(judge)->incidents, 1);
}

static void test_no_reload_that_cannot_help(void **state)
{
	static const struct {
		enum happening happens;
		enum verdict verdict;
		const char *remedy;
	} cases[] = {
		{ STALE_OLDER, VERDICT_DEGRADED,
		  "put the certificate that is served back on disk, or a newer one: a reload or restart of "
		  "dovecot.service now would go back to the older one." },
		{ STALE_UNUSABLE, VERDICT_DEGRADED,
		  "mend the certificate's file before dovecot.service is reloaded or restarted." },
		{ ENDED_ON_DISK, VERDICT_DOWN,
		  "renew the certificate (its file is the old one still), then reload dovecot.service." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct actions actions;
		uint64_t at = START;

		begin(RUNG_RESTART, RENDERED_YES);
		for (int k = 0; k < 200; k++) {
			struct fact fact = fact_of(k == 0 ? IS_THERE : k % 2 == 1 ? cases[i].happens : TICK, 0, at);
			struct moment now = { at, at };

			judge_feed(judge, &fact, now, &actions);
			for (size_t j = 0; j < actions.n; j++) {
				assert_int_not_equal(actions.list[j].kind, ACTION_REPAIR);
				if (actions.list[j].kind == ACTION_SAY)
					last = actions.list[j].record;
			}
			at += 3 * SEC;
		}
		assert_int_equal(view_of(0).verdict, cases[i].verdict);
		assert_string_equal(last.remedy, cases[i].remedy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_reload_for_all_ports),
		cmocka_unit_test(test_expired_with_a_newer_one_on_disk),
		cmocka_unit_test(test_expired_then_renewed),
		cmocka_unit_test(test_stale_then_expired_joins_nothing_new),
		cmocka_unit_test(test_no_reload_that_cannot_help),
	};

	return cmocka_run_group_tests_name("stale", tests, NULL, story_end);
}
