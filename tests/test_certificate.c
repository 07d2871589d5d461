// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/support/fake_server.h"
#include "probe/certificate/certificate.h"

#define FROM  (FAKE_NOW - 10 * FAKE_DAY)
#define UNTIL (FAKE_NOW + 10 * FAKE_DAY)
#define DAYS  (FAKE_DAY * (int64_t)USEC_PER_SEC)

static void test_judge(void **state)
{
	static const struct {
		const char *why;
		int64_t now;
		uint64_t warn_usec;
		enum finding finding;
	} rows[] = {
		{ "a second early", FROM - 1, 0, FINDING_CERTIFICATE_NOT_YET_VALID },
		{ "the first second", FROM, 0, FINDING_NONE },
		{ "well within", FAKE_NOW, 9 * DAYS, FINDING_NONE },
		{ "exactly as long as asked for", FAKE_NOW, 10 * DAYS, FINDING_NONE },
		{ "a second less", FAKE_NOW + 1, 10 * DAYS, FINDING_CERTIFICATE_EXPIRING },
		{ "the last second, no warning wanted", UNTIL, 0, FINDING_NONE },
		{ "the last second", UNTIL, DAYS, FINDING_CERTIFICATE_EXPIRING },
		{ "over", UNTIL + 1, DAYS, FINDING_CERTIFICATE_EXPIRED },
	};
	const struct certificate certificate = { .not_before = FROM, .not_after = UNTIL };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum finding finding = certificate_judge(&certificate, rows[i].now, rows[i].warn_usec);

		if (finding != rows[i].finding)
			fail_msg("%s: %s", rows[i].why, finding_name(finding));
	}
}

static void test_read(void **state)
{
	struct fake_certificate ca = fake_certify(NULL, "Root", NULL, 0, UNTIL);
	struct fake_certificate leaf =
		fake_certify(&ca, "m\303\274ll\001er", "DNS:a.example,IP:192.0.2.1,IP:2001:db8::1", FROM, UNTIL);
	struct certificate certificate;
	char shown[400];

	assert_int_equal(certificate_read(leaf.x509, &certificate), 0);
	assert_string_equal(certificate.subject, "CN=m\303\274ll\\01er");
	assert_string_equal(certificate.issuer, "CN=Root");
	assert_string_equal(certificate.names, "a.example, 192.0.2.1, 2001:db8::1");
	assert_int_equal(certificate.not_before, FROM);
	assert_int_equal(certificate.not_after, UNTIL);
	certificate_show(&certificate, shown, sizeof(shown));
	assert_string_equal(shown, "valid from 2027-01-05 08:00 to 2027-01-25 08:00 UTC, "
				   "CN=m\303\274ll\\01er, issued by CN=Root");
	fake_certificate_clear(&leaf);
	fake_certificate_clear(&ca);
}

static void test_many_names(void **state)
{
	struct fake_certificate c;
	struct certificate certificate;
	char names[64 * 60] = "DNS:0.example";

	for (int i = 1; i < 60; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), ",DNS:name-%d.example.org", i);
	c = fake_certify(NULL, "Many", names, FROM, UNTIL);
	assert_int_equal(certificate_read(c.x509, &certificate), 0);
	assert_true(strlen(certificate.names) < sizeof(certificate.names));
	assert_memory_equal(certificate.names, "0.example, name-1.example.org, ", 31);
	fake_certificate_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
