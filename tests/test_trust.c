// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/trust.h"

#define HEX  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
#define HEX2 HEX HEX

static void test_minimum(void **state)
{
	static const struct {
		const char *s;
		int r;
		uint16_t version;
	} rows[] = {
		{ "1.2", 0, 0x0303 },	       { "TLSv1.3", 0, 0x0304 }, { "1.0", 0, 0x0301 },
		{ "TLSv1.1", 0, 0x0302 },      { "1.4", -EINVAL, 7 },	 { "TLSv", -EINVAL, 7 },
		{ "TLSvTLSv1.2", -EINVAL, 7 }, { "", -EINVAL, 7 },	 { "1.2 ", -EINVAL, 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint16_t version = 7;
		int r = tls_minimum_parse(rows[i].s, &version);

		if (r != rows[i].r || version != rows[i].version)
			fail_msg("%s: %d %#x", rows[i].s, r, version);
	}
}

static void test_pin(void **state)
{
	static const struct {
		const char *s;
		int r;
		enum pin_kind kind;
	} rows[] = {
		{ "sha256:" HEX, 0, PIN_CERTIFICATE },
		{ "spki-sha256:" HEX, 0, PIN_KEY },
		{ "sha256:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:"
		  "1D:1E:FF",
		  0, PIN_CERTIFICATE },
		{ HEX, -EINVAL, 0 },
		{ "sha1:" HEX, -EINVAL, 0 },
		{ "sha256:" HEX "00", -EINVAL, 0 },
		{ "sha256:0001", -EINVAL, 0 },
		{ "sha256:", -EINVAL, 0 },
		{ "sha256:g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pin pin = { 0 };
		int r = pin_parse(rows[i].s, &pin);

		if (r != rows[i].r ||
		    (r == 0 && (pin.kind != rows[i].kind || pin.sha256[10] != 10 || pin.sha256[31] != 0xff)))
			fail_msg("%s: %d", rows[i].s, r);
	}
}

static void test_tlsa(void **state)
{
	static const struct {
		const char *s;
		int r;
		uint8_t size;
	} rows[] = {
		{ "3 1 1 " HEX, 0, 32 },
		{ "2 0 2 " HEX2, 0, 64 },
		{ "3 1 1 000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1eff", 0, 32 },
		{ "3 1 1", -EINVAL, 0 },
		{ "3 1 1 0001", -EINVAL, 0 },
		{ "3 1 2 " HEX, -EINVAL, 0 },
		{ "1 1 1 " HEX, -EINVAL, 0 },
		{ "0 1 1 " HEX, -EINVAL, 0 },
		{ "4 1 1 " HEX, -EINVAL, 0 },
		{ "3 2 1 " HEX, -EINVAL, 0 },
		{ "3 1 0 " HEX, -EINVAL, 0 },
		{ "3 1 3 " HEX, -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trust trust = { 0 };
		int r = trust_add_tlsa(&trust, rows[i].s);

		if (r != rows[i].r || trust.n_tlsa != (r == 0) ||
		    (r == 0 && (trust.tlsa[0].size != rows[i].size || trust.tlsa[0].data[31] != 0xff)))
			fail_msg("%s: %d", rows[i].s, r);
	}
}

static void test_limits(void **state)
{
	struct trust trust = { 0 }, own = { 0 };

	assert_int_equal(trust_add_pins(&trust, "sha256:" HEX " sha256:" HEX "\tspki-sha256:" HEX), 0);
	assert_int_equal(trust_add_pins(&trust, "sha256:" HEX " sha256:" HEX), -ENOSPC);
	assert_int_equal(trust.n_pins, TRUST_PINS_MAX);
	for (int i = 0; i < TRUST_TLSA_MAX; i++)
		assert_int_equal(trust_add_tlsa(&trust, "3 1 1 " HEX), 0);
	assert_int_equal(trust_add_tlsa(&trust, "3 1 1 " HEX), -ENOSPC);
	assert_true(trust_is_valid(&trust));
	trust.tls_minimum = 0x0304;

	own.tls_minimum = 0x0301;
	trust_complete(&own, &trust);
	assert_int_equal(own.tls_minimum, 0x0301);
	assert_int_equal(own.n_pins, TRUST_PINS_MAX);
	assert_int_equal(own.n_tlsa, TRUST_TLSA_MAX);
	assert_int_equal(own.pins[2].kind, PIN_KEY);

	trust.n_pins = TRUST_PINS_MAX + 1;
	assert_false(trust_is_valid(&trust));
	trust.n_pins = 0;
	trust.tlsa[0].size = TLSA_DATA_MAX + 1;
	assert_false(trust_is_valid(&trust));
	trust.n_tlsa = 0;
	trust.tls_minimum = 0x0305;
	assert_false(trust_is_valid(&trust));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minimum),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_tlsa),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
