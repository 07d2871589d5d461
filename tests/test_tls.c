// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is offered, what is refused, and how a refusal is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "tests/support/handshake.h"

static void test_versions(void **state)
{
	static const struct {
		const char *why;
		int server_min, server_max;
		uint16_t minimum;
		const char *version; /* NULL: fails */
		const char *detail;
	} rows[] = {
		{ "1.3 alone", TLS1_3_VERSION, 0, 0, "TLSv1.3", "" },
		{ "1.2 alone", 0, TLS1_2_VERSION, 0, "TLSv1.2", "" },
		{ "1.1 alone", 0, TLS1_1_VERSION, 0, NULL, "takes neither TLSv1.2 nor later" },
		{ "1.0 alone", 0, TLS1_VERSION, 0, NULL, "takes neither TLSv1.2 nor later" },
		{ "1.2 under 1.3", 0, TLS1_2_VERSION, 0x0304, NULL, "takes neither TLSv1.3 nor later" },
		{ "1.3 under 1.3", 0, 0, 0x0304, "TLSv1.3", "" },
		{ "1.0 where it is allowed", 0, TLS1_VERSION, 0x0301, "TLSv1", "" },
		{ "1.1 where 1.0 is", 0, TLS1_1_VERSION, 0x0301, "TLSv1.1", "" },
		{ "1.0 where 1.1 is", 0, TLS1_VERSION, 0x0302, NULL, "takes neither TLSv1.1 nor later" },
		{ "the best that both have, handshake_certificates the same", 0, 0, 0x0301, "TLSv1.3", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
		struct tls_server server = { .which = GOOD,
					     .min_version = rows[i].server_min,
					     .max_version = rows[i].server_max };
		struct outcome outcome;

		plan.trust.tls_minimum = rows[i].minimum;
		shake_hands(&server, &plan, &outcome);
		if (rows[i].version) {
			handshake_expect(rows[i].why, &outcome, FINDING_NONE, "");
			assert_string_equal(outcome.answer.tls_version, rows[i].version);
		} else if (outcome.done || outcome.failure != FINDING_TLS_TOO_OLD ||
			   !strstr(outcome.reason, rows[i].detail)) {
			fail_msg("%s: %d %s %s", rows[i].why, outcome.done, finding_name(outcome.failure),
				 outcome.reason);
		}
	}
}

/* A server that has never heard of TLS 1.3 chooses, where one of today refuses. */
static void test_old_server_chooses(void **state)
{
	static const unsigned char hello[] = {
		0x16, 0x03, 0x02, 0x00, 0x2a, 0x02, 0x00, 0x00, 0x26, 0x03, 0x02, /* TLS 1.1 */
		1,    2,    3,	  4,	5,    6,    7,	  8,	9,    10,   11,	  12, 13, 14, 15,   16,	  17,	18,
		19,   20,   21,	  22,	23,   24,   25,	  26,	27,   28,   29,	  30, 31, 32, 0x00, 0xc0, 0x13, 0x00,
	};
	struct trust trust = { 0 };
	char reason[TLS_DETAIL_SIZE];
	struct tls *tls;

	assert_int_equal(tls_new(&tls, handshake_store, handshake_ca_file, HOST, &trust, PKI_NOW), 0);
	assert_int_equal(tls_handshake(tls), TLS_MORE);
	assert_int_equal(tls_push(tls, hello, sizeof(hello)), 0);
	assert_int_equal(tls_handshake(tls), TLS_FAILED);
	assert_int_equal(tls_failure(tls, reason), FINDING_TLS_TOO_OLD);
	if (!strstr(reason, "the server chose TLSv1.1, we take TLSv1.2 and later"))
		fail_msg("%s", reason);
	tls_free(tls);
}

static void test_weak_offers(void **state)
{
	static const struct {
		const char *why;
		int max_version;
		const char *ciphers, *groups;
		uint16_t minimum;
		enum which which;
		bool done;
	} rows[] = {
		{ "anonymous", TLS1_2_VERSION, "aNULL", NULL, 0, GOOD, false },
		{ "anonymous, old versions allowed", TLS1_2_VERSION, "aNULL", NULL, 0x0301, GOOD, false },
		{ "no encryption", TLS1_2_VERSION, "eNULL", NULL, 0, BY_RSA, false },
		{ "no encryption, old versions allowed", TLS1_2_VERSION, "eNULL", NULL, 0x0301, BY_RSA, false },
		{ "a curve of 160 bits", TLS1_2_VERSION, NULL, "secp160k1", 0, BY_RSA, false },
		{ "the same, old versions allowed", TLS1_2_VERSION, "ECDHE", "secp160k1", 0x0301, BY_RSA, false },
		{ "Diffie-Hellman of 1024 bits", TLS1_2_VERSION, "DHE", NULL, 0, WEAK, false },
		{ "the same, old versions allowed", TLS1_2_VERSION, "DHE", NULL, 0x0301, WEAK, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
		struct tls_server server = { .which = rows[i].which,
					     .max_version = rows[i].max_version,
					     .ciphers = rows[i].groups ? "ECDHE" : rows[i].ciphers,
					     .groups = rows[i].groups };
		struct outcome outcome;

		plan.trust.tls_minimum = rows[i].minimum;
		shake_hands(&server, &plan, &outcome);
		if (outcome.done || outcome.failure != FINDING_TLS_HANDSHAKE_FAILED || !outcome.reason[0])
			fail_msg("%s: %d, %s %s, %s", rows[i].why, outcome.done, finding_name(outcome.failure),
				 outcome.reason, outcome.answer.cipher);
	}
}

/* Old versions allowed must not allow old keys. */
static void test_weak_key_below(void **state)
{
	struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
	struct tls_server server = { .which = WEAK, .max_version = TLS1_1_VERSION };
	struct outcome outcome;

	plan.trust.tls_minimum = 0x0301;
	shake_hands(&server, &plan, &outcome);
	handshake_expect("RSA 1024 by TLS 1.1", &outcome, FINDING_CERTIFICATE_WEAK, "RSA 1024");
}

static void test_client_certificate(void **state)
{
	static const struct {
		const char *why;
		int verify, max_version;
		bool done, wants;
		ssize_t read;
	} rows[] = {
		{ "not asked", SSL_VERIFY_NONE, 0, true, false, 0 },
		{ "asked", SSL_VERIFY_PEER, 0, true, true, 0 },
		{ "asked, TLS 1.2", SSL_VERIFY_PEER, TLS1_2_VERSION, true, true, 0 },
		{ "required, TLS 1.2", SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, TLS1_2_VERSION, false, true,
		  0 },
		{ "required, which TLS 1.3 says late", SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, 0, true, true,
		  -EPROTO },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
		struct tls_server server = { .which = GOOD,
					     .verify = rows[i].verify,
					     .max_version = rows[i].max_version };
		struct outcome outcome;

		shake_hands(&server, &plan, &outcome);
		if (outcome.done != rows[i].done || outcome.wants_certificate != rows[i].wants ||
		    outcome.read != rows[i].read ||
		    (outcome.done && outcome.answer.client_certificate_asked != rows[i].wants))
			fail_msg("%s: %d %d %zd %s", rows[i].why, outcome.done, outcome.wants_certificate, outcome.read,
				 outcome.reason);
		if (outcome.failure && !strstr(outcome.reason, "asked for a client certificate"))
			fail_msg("%s: %s", rows[i].why, outcome.reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),	   cmocka_unit_test(test_old_server_chooses),
		cmocka_unit_test(test_weak_offers),	   cmocka_unit_test(test_weak_key_below),
		cmocka_unit_test(test_client_certificate),
	};

	return cmocka_run_group_tests_name("tls", tests, handshake_set_up, handshake_tear_down);
}
