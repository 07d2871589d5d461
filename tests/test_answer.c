// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/answer.h"

static void test_order(void **state)
{
	struct answer answer = { .complete = true };

	answer_add(&answer, FINDING_NONE, "nothing");
	assert_int_equal(answer.n_findings, 0);
	answer_add(&answer, FINDING_CERTIFICATE_EXPIRING, "soon");
	answer_add(&answer, FINDING_AUTH_BEFORE_TLS, "EHLO lists AUTH PLAIN");
	answer_add(&answer, FINDING_AUTH_NOT_OFFERED, "");
	answer_add(&answer, FINDING_CERTIFICATE_EXPIRED, "2\n");
	answer_add(&answer, FINDING_AUTH_BEFORE_TLS, "again");
	assert_int_equal(answer.n_findings, 4);
	assert_int_equal(answer.findings[0].finding, FINDING_CERTIFICATE_EXPIRED);
	assert_int_equal(answer.findings[1].finding, FINDING_AUTH_BEFORE_TLS);
	assert_int_equal(answer.findings[2].finding, FINDING_CERTIFICATE_EXPIRING);
	assert_int_equal(answer.findings[3].finding, FINDING_AUTH_NOT_OFFERED);
	assert_string_equal(answer.findings[0].detail, "2?");
	assert_string_equal(answer.findings[1].detail, "EHLO lists AUTH PLAIN");
	assert_int_equal(answer.finding, FINDING_CERTIFICATE_EXPIRED);
	assert_string_equal(answer.detail, "2?; also auth-before-tls: EHLO lists AUTH PLAIN; also "
					   "certificate-expiring: soon; also auth-not-offered");
}

/* What lets nobody in leads, although the enum has it behind what lets everybody in. */
static void test_unusable_before_unsafe(void **state)
{
	struct answer answer = { .complete = true };

	answer_add(&answer, FINDING_AUTH_BEFORE_TLS, "PLAIN");
	assert_int_equal(finding_verdict(answer.finding), VERDICT_DEGRADED);
	answer_add(&answer, FINDING_AUTH_NOT_OFFERED, "");
	answer_add(&answer, FINDING_CERTIFICATE_REVOKED, "gone");
	assert_int_equal(answer.finding, FINDING_CERTIFICATE_REVOKED);
	assert_int_equal(finding_verdict(answer.finding), VERDICT_DOWN);
	assert_int_equal(answer.findings[1].finding, FINDING_AUTH_BEFORE_TLS);
}

/* A critical one that comes last still leads; a warning that comes last is what is lost. */
static void test_limit(void **state)
{
	struct answer answer = { .complete = true };

	for (int i = 0; i < ANSWER_FINDINGS_MAX; i++)
		answer_add(&answer, (enum finding)(FINDING_STARTTLS_NOT_OFFERED + i), "x");
	answer_add(&answer, FINDING_SURPLUS, "a warning");
	assert_int_equal(answer.n_findings, ANSWER_FINDINGS_MAX);
	for (int i = 0; i < ANSWER_FINDINGS_MAX; i++)
		assert_int_not_equal(answer.findings[i].finding, FINDING_SURPLUS);

	answer = (struct answer){ .complete = true };
	answer_add(&answer, FINDING_CERTIFICATE_EXPIRING, "");
	answer_add(&answer, FINDING_CERTIFICATE_STALE, "");
	answer_add(&answer, FINDING_AUTH_NOT_OFFERED, "");
	answer_add(&answer, FINDING_SURPLUS, "");
	answer_add(&answer, FINDING_BUSY, "");
	answer_add(&answer, FINDING_PROXY_HEADER_REQUIRED, "");
	answer_add(&answer, FINDING_REFUSED, "grave");
	assert_int_equal(answer.n_findings, ANSWER_FINDINGS_MAX);
	assert_int_equal(answer.finding, FINDING_REFUSED);
	assert_int_equal(answer.findings[ANSWER_FINDINGS_MAX - 1].finding, FINDING_SURPLUS);
}

static void test_merge(void **state)
{
	struct answer to = { .complete = true }, from = { .complete = true };

	answer_merge(&to, &from);
	assert_int_equal(to.finding, FINDING_NONE);
	answer_add(&to, FINDING_CERTIFICATE_EXPIRING, "soon");
	answer_add(&from, FINDING_COMMAND_INJECTION, "NOOP");
	answer_merge(&to, &from);
	assert_int_equal(to.finding, FINDING_COMMAND_INJECTION);
	assert_string_equal(to.detail, "NOOP; also certificate-expiring: soon");
}

/* What is only noticed makes nothing worse, and each is kept once. */
static void test_notices(void **state)
{
	struct answer to = { .complete = true }, from = { .complete = true };

	answer_notice(&to, FINDING_NONE, "nothing");
	answer_notice(&to, FINDING_CERTIFICATE_UNTRUSTED, "self-signed\n");
	answer_notice(&to, FINDING_CERTIFICATE_UNTRUSTED, "self-signed?");
	assert_int_equal(to.n_notices, 1);
	assert_string_equal(to.notices[0].detail, "self-signed?");
	assert_int_equal(to.finding, FINDING_NONE);
	assert_string_equal(to.detail, "");
	answer_notice(&from, FINDING_CERTIFICATE_UNTRUSTED, "self-signed?");
	for (int i = 0; i < ANSWER_NOTICES_MAX; i++)
		answer_notice(&from, (enum finding)(FINDING_SURPLUS + i), "x");
	assert_int_equal(from.n_notices, ANSWER_NOTICES_MAX);
	answer_merge(&to, &from);
	assert_int_equal(to.n_notices, ANSWER_NOTICES_MAX);
	assert_int_equal(to.notices[1].finding, FINDING_SURPLUS);
	assert_int_equal(to.n_findings, 0);
}

/* No finding is a notice by nature, and each has its row: a name of its own, a meaning. */
static void test_every_finding_has_its_row(void **state)
{
	for (enum finding a = FINDING_NONE + 1; a < FINDING_COUNT; a++) {
		if (!finding_name(a) || !*finding_name(a) || !finding_text(a) || finding_severity(a) < SEVERITY_WARNING)
			fail_msg("finding %d has no row", a);
		for (enum finding b = FINDING_NONE; b < a; b++)
			assert_string_not_equal(finding_name(a), finding_name(b));
	}
}

/* Several names on one port: each fault is told with its name. */
static void test_names(void **state)
{
	struct answer to = { .complete = true }, b = to, c = to;

	answer_add(&to, FINDING_AUTH_NOT_OFFERED, "no AUTH");
	answer_merge_named(&to, &b, "b.example");
	assert_int_equal(to.n_findings, 1);
	answer_add(&b, FINDING_AUTH_NOT_OFFERED, "no AUTH");
	answer_add(&b, FINDING_CERTIFICATE_STALE, "b.pem has a newer one");
	answer_merge_named(&to, &b, "b.example");
	assert_int_equal(to.n_findings, 2);
	assert_string_equal(to.findings[0].detail, "b.example: b.pem has a newer one");
	answer_add(&c, FINDING_CERTIFICATE_STALE, "c.pem is gone");
	answer_notice(&c, FINDING_CERTIFICATE_UNTRUSTED, "self-signed");
	answer_merge_named(&to, &c, "c.example");
	assert_string_equal(to.findings[0].detail, "b.example: b.pem has a newer one; c.example: c.pem is gone");
	assert_non_null(strstr(to.detail, "c.example: c.pem is gone; also auth-not-offered"));
	assert_string_equal(to.notices[0].detail, "c.example: self-signed");
}

static void test_clean(void **state)
{
	struct answer good = { .complete = true }, answer;

	answer_add(&good, FINDING_REFUSED, "x");
	answer = good;
	assert_true(answer_clean(&answer));
	memset(answer.findings[0].detail, 0x1b, sizeof(answer.findings[0].detail));
	memset(answer.subject, 0xff, sizeof(answer.subject));
	assert_true(answer_clean(&answer));
	assert_int_equal(strlen(answer.findings[0].detail), ANSWER_DETAIL_SIZE - 1);
	assert_int_equal(answer.findings[0].detail[0], '?');
	assert_int_equal(answer.subject[0], '?');
	answer = good;
	memset(&answer.complete, 2, sizeof(answer.complete));
	assert_false(answer_clean(&answer));
	answer = good;
	answer.finding = FINDING_COUNT;
	assert_false(answer_clean(&answer));
	answer = good;
	answer.n_findings = ANSWER_FINDINGS_MAX + 1;
	assert_false(answer_clean(&answer));
	answer = good;
	answer.findings[0].finding = FINDING_COUNT;
	assert_false(answer_clean(&answer));
	answer = good;
	answer.findings[0].finding = FINDING_NONE;
	assert_false(answer_clean(&answer));
	answer = good;
	answer.n_notices = ANSWER_NOTICES_MAX + 1;
	assert_false(answer_clean(&answer));
	answer = good;
	answer.n_notices = 1; /* of nothing */
	assert_false(answer_clean(&answer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_unusable_before_unsafe),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_every_finding_has_its_row),
		cmocka_unit_test(test_clean),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
