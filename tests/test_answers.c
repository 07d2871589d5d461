// SPDX-License-Identifier: LGPL-2.1-or-later
/* What several places say together, as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/answers.h"

#define UNASKED (-1)
#define UNKNOWN (-2)

static const char *const addresses[VANTAGE_COUNT] = { "127.0.0.1", "::1", "192.0.2.1", "2001:db8::1" };

static const struct {
	const char *why;
	int says[VANTAGE_COUNT]; /* a finding, or one of the two above */
	int together;
	const char *detail;
} rows[] = {
	{ "one, well", { FINDING_NONE, UNASKED, UNASKED, UNASKED }, FINDING_NONE, "its words" },
	{ "all well", { FINDING_NONE, FINDING_NONE, FINDING_NONE, FINDING_NONE }, FINDING_NONE, "its words" },
	{ "one, bad", { UNASKED, FINDING_REFUSED, UNASKED, UNASKED }, FINDING_REFUSED, "its words" },
	{ "both the same", { FINDING_REFUSED, FINDING_REFUSED, UNASKED, UNASKED }, FINDING_REFUSED, "its words" },
	{ "one family",
	  { FINDING_NONE, FINDING_NO_GREETING, UNASKED, UNASKED },
	  FINDING_NO_GREETING,
	  "at inside-ipv6 (::1), but up at inside-ipv4 (127.0.0.1): its words" },
	{ "the firewall",
	  { FINDING_NONE, FINDING_NONE, FINDING_UNREACHABLE, FINDING_NONE },
	  FINDING_UNREACHABLE,
	  "at published-ipv4 (192.0.2.1), but up at inside-ipv4 (127.0.0.1), inside-ipv6 (::1), "
	  "published-ipv6 "
	  "(2001:db8::1): its words" },
	{ "stripped outside",
	  { FINDING_NONE, UNASKED, FINDING_STARTTLS_NOT_OFFERED, UNASKED },
	  FINDING_STARTTLS_NOT_OFFERED,
	  "at published-ipv4 (192.0.2.1), but up at inside-ipv4 (127.0.0.1): its words" },
	{ "a critical one before a warning",
	  { FINDING_CERTIFICATE_EXPIRING, UNASKED, FINDING_UNREACHABLE, UNASKED },
	  FINDING_UNREACHABLE,
	  "at published-ipv4 (192.0.2.1), but certificate-expiring at inside-ipv4 (127.0.0.1): its "
	  "words" },
	{ "what lets nobody in before what lets everybody in",
	  { FINDING_AUTH_BEFORE_TLS, UNASKED, FINDING_UNREACHABLE, UNASKED },
	  FINDING_UNREACHABLE,
	  "at published-ipv4 (192.0.2.1), but auth-before-tls at inside-ipv4 (127.0.0.1): its words" },
	{ "of equals the inner one",
	  { FINDING_CERTIFICATE_EXPIRED, UNASKED, FINDING_UNREACHABLE, UNASKED },
	  FINDING_CERTIFICATE_EXPIRED,
	  "at inside-ipv4 (127.0.0.1), but unreachable at published-ipv4 (192.0.2.1): its words" },
	{ "a warning",
	  { FINDING_NONE, FINDING_CERTIFICATE_EXPIRING, UNASKED, UNASKED },
	  FINDING_CERTIFICATE_EXPIRING,
	  "at inside-ipv6 (::1), but up" },
	{ "one is not known: neither is all",
	  { FINDING_NONE, UNKNOWN, UNASKED, UNASKED },
	  UNKNOWN,
	  "at inside-ipv6 (::1), but up at inside-ipv4" },
	{ "not even with a warning",
	  { FINDING_CERTIFICATE_EXPIRING, UNKNOWN, UNASKED, UNASKED },
	  UNKNOWN,
	  "at inside-ipv6" },
	{ "but what is critical is known",
	  { UNKNOWN, FINDING_REFUSED, UNASKED, UNASKED },
	  FINDING_REFUSED,
	  "at inside-ipv6 (::1), but not known at inside-ipv4 (127.0.0.1)" },
	{ "nobody asked", { UNASKED, UNASKED, UNASKED, UNASKED }, UNKNOWN, "" },
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answers answers = { 0 };
		struct answer together;

		for (int v = 0; v < VANTAGE_COUNT; v++) {
			struct answer answer = { .complete = rows[i].says[v] >= 0, .detail = "its words" };
			struct address address;

			if (rows[i].says[v] == UNASKED)
				continue;
			if (rows[i].says[v] >= 0)
				answer.finding = (enum finding)rows[i].says[v];
			assert_int_equal(address_parse(addresses[v], &address), 0);
			answers_add(&answers, (enum vantage)v, &address, &answer);
		}
		answers_combine(&answers, &together);
		if ((together.complete ? (int)together.finding : UNKNOWN) != rows[i].together ||
		    !text_starts_with(together.detail, rows[i].detail))
			fail_msg("%s: %d %s: %s", rows[i].why, together.complete, finding_name(together.finding),
				 together.detail);
	}
}

/* What was dropped from a round does not speak in it. */
static void test_only_the_given(void **state)
{
	const struct address nowhere = { .family = AF_INET };
	const struct answer bad = { .complete = true, .finding = FINDING_REFUSED }, good = { .complete = true };
	struct answers answers = { 0 };
	struct answer together;

	answers_add(&answers, VANTAGE_INSIDE_IPV4, &nowhere, &good);
	answers_add(&answers, VANTAGE_PUBLISHED_IPV4, &nowhere, &bad);
	answers.given &= ~(UINT32_C(1) << VANTAGE_PUBLISHED_IPV4);
	answers_combine(&answers, &together);
	assert_true(together.complete);
	assert_int_equal(together.finding, FINDING_NONE);
	assert_string_equal(together.detail, "");
}

static void test_names(void **state)
{
	for (int v = 0; v < VANTAGE_COUNT; v++) {
		const char *name = vantage_name((enum vantage)v);

		assert_true(text_starts_with(name, v < 2 ? "inside-ipv" : "published-ipv"));
		assert_int_equal(name[strlen(name) - 1], v % 2 ? '6' : '4');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_only_the_given),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
