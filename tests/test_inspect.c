// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a handshake shows, one row for each thing that can be wrong with a certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "tests/support/handshake.h"

/* ---- pins and records for a certificate ---- */

static void digest(enum which which, bool key, const EVP_MD *md, char *hex)
{
	unsigned char *der = NULL, out[64];
	unsigned int size;
	int n = key ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(handshake_certificates[which].x509), &der)
		    : i2d_X509(handshake_certificates[which].x509, &der);

	pki_must(n > 0 && EVP_Digest(der, (size_t)n, out, &size, md, NULL) == 1);
	OPENSSL_free(der);
	for (unsigned int i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", out[i]);
}

/* @pin: 'c' the certificate of @which, 'k' its key. */
static void add_pin(struct trust *trust, char pin, enum which which)
{
	char hex[129], text[160];

	digest(which, pin == 'k', EVP_sha256(), hex);
	snprintf(text, sizeof(text), "%ssha256:%s", pin == 'k' ? "spki-" : "", hex);
	assert_int_equal(trust_add_pins(trust, text), 0);
}

static void add_tlsa(struct trust *trust, const char *how, enum which which)
{
	char hex[129], text[160];

	digest(which, how[2] == '1', how[4] == '1' ? EVP_sha256() : EVP_sha512(), hex);
	snprintf(text, sizeof(text), "%s %s", how, hex);
	assert_int_equal(trust_add_tlsa(trust, text), 0);
}

static void test_certificates(void **state)
{
	static const struct {
		const char *why;
		enum which which;
		const char *name;
		enum finding finding;
		const char *detail;
	} rows[] = {
		{ "good", GOOD, HOST, FINDING_NONE, "" },
		{ "RSA", BY_RSA, HOST, FINDING_NONE, "" },
		{ "Ed25519", ED25519, HOST, FINDING_NONE, "" },
		{ "case does not matter", GOOD, "MAIL.Example.Test", FINDING_NONE, "" },
		{ "an absolute name", GOOD, HOST ".", FINDING_NONE, "" },
		{ "no name, no check", WRONG, "", FINDING_NONE, "" },
		{ "expired", EXPIRED, HOST, FINDING_CERTIFICATE_EXPIRED, "certificate has expired; valid from" },
		{ "not yet", NOT_YET, HOST, FINDING_CERTIFICATE_NOT_YET_VALID, "valid from" },
		{ "soon", SOON, HOST, FINDING_CERTIFICATE_EXPIRING, "valid from" },
		{ "its intermediate, soon", BEHIND_OLD, HOST, FINDING_CERTIFICATE_EXPIRING, "CN=Old intermediate" },
		{ "wrong name", WRONG, HOST, FINDING_CERTIFICATE_NAME_MISMATCH,
		  "not for " HOST " but for other.example.test" },
		{ "a common name is no host name", CN_ONLY, HOST, FINDING_CERTIFICATE_NAME_MISMATCH, "RFC 9525" },
		{ "wildcard", STAR, HOST, FINDING_NONE, "" },
		{ "not for the domain itself", STAR, "example.test", FINDING_CERTIFICATE_NAME_MISMATCH, "" },
		{ "nor two labels", STAR, "a.b.example.test", FINDING_CERTIFICATE_NAME_MISMATCH, "" },
		{ "nor twice", STAR_STAR, HOST, FINDING_CERTIFICATE_NAME_MISMATCH, "" },
		{ "nor part of a label", PARTIAL_STAR, HOST, FINDING_CERTIFICATE_NAME_MISMATCH, "" },
		{ "nor a whole top level", TOP_STAR, "example.test", FINDING_CERTIFICATE_NAME_MISMATCH, "" },
		{ "IPv4", BY_IP, "192.0.2.1", FINDING_NONE, "" },
		{ "IPv6", BY_IP, "2001:DB8::1", FINDING_NONE, "" },
		{ "an address as a DNS name is none", BY_IP, "192.0.2.2", FINDING_CERTIFICATE_NAME_MISMATCH,
		  "but for 192.0.2.1" },
		{ "nor as a common name", BY_IP, "192.0.2.9", FINDING_CERTIFICATE_NAME_MISMATCH, "" },
		{ "a name is no address", BY_IP, HOST, FINDING_CERTIFICATE_NAME_MISMATCH, "" },
		{ "self-signed", SELF, HOST, FINDING_CERTIFICATE_UNTRUSTED, "self-signed" },
		{ "self-signed, and expired", SELF_EXPIRED, HOST, FINDING_CERTIFICATE_EXPIRED,
		  "also certificate-untrusted: self-signed" },
		{ "self-signed, and for another", SELF_WRONG, HOST, FINDING_CERTIFICATE_NAME_MISMATCH,
		  "also certificate-untrusted: self-signed" },
		{ "unknown CA", STRANGER, HOST, FINDING_CERTIFICATE_UNTRUSTED, "self-signed certificate in" },
		{ "RSA 1024", WEAK, HOST, FINDING_CERTIFICATE_WEAK, "RSA 1024" },
		{ "SHA-1", BY_SHA1, HOST, FINDING_CERTIFICATE_WEAK, "SHA1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_plan plan = handshake_plan(rows[i].name, PROTOCOL_IMAP);
		struct tls_server server = { .which = rows[i].which };
		struct outcome outcome;

		shake_hands(&server, &plan, &outcome);
		handshake_expect(rows[i].why, &outcome, rows[i].finding, rows[i].detail);
	}
}

static void test_incomplete_chain(void **state)
{
	struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
	struct tls_server server = { .which = GOOD, .alone = true };
	struct outcome outcome;

	shake_hands(&server, &plan, &outcome);
	handshake_expect("no intermediate", &outcome, FINDING_CERTIFICATE_UNTRUSTED, "sends no intermediate");
	assert_int_equal(outcome.answer.chain_length, 1);
	assert_int_equal(outcome.answer.n_findings, 1);
}

static void test_pins(void **state)
{
	static const struct {
		const char *why;
		enum which served;
		const char *name;
		char pin;
		enum which pinned;
		enum finding finding;
		const char *detail;
	} rows[] = {
		{ "self-signed and pinned", SELF, HOST, 'c', SELF, FINDING_NONE, "" },
		{ "by its key", SELF, HOST, 'k', SELF, FINDING_NONE, "" },
		{ "another is pinned", SELF, HOST, 'c', GOOD, FINDING_CERTIFICATE_UNTRUSTED,
		  "not the pinned certificate: this one is sha256:" },
		{ "another key is pinned", SELF, HOST, 'k', GOOD, FINDING_CERTIFICATE_UNTRUSTED, "pinned" },
		{ "a CA's word does not outdo a pin", GOOD, HOST, 'c', SELF, FINDING_CERTIFICATE_UNTRUSTED, "pinned" },
		{ "a pin does not outdo the date", SELF_EXPIRED, HOST, 'c', SELF_EXPIRED, FINDING_CERTIFICATE_EXPIRED,
		  "valid from" },
		{ "nor the name", SELF_WRONG, HOST, 'c', SELF_WRONG, FINDING_CERTIFICATE_NAME_MISMATCH,
		  "other.example.test" },
		{ "nor its strength", WEAK, HOST, 'c', WEAK, FINDING_CERTIFICATE_WEAK, "RSA 1024" },
		{ "unknown CA, pinned", STRANGER, HOST, 'k', STRANGER, FINDING_NONE, "" },
		{ "an intermediate that ends does not matter to a pin", BEHIND_OLD, HOST, 'c', BEHIND_OLD, FINDING_NONE,
		  "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_plan plan = handshake_plan(rows[i].name, PROTOCOL_IMAP);
		struct tls_server server = { .which = rows[i].served };
		struct outcome outcome;

		add_pin(&plan.trust, rows[i].pin, rows[i].pinned);
		shake_hands(&server, &plan, &outcome);
		handshake_expect(rows[i].why, &outcome, rows[i].finding, rows[i].detail);
		/* Any of several will do. */
		add_pin(&plan.trust, 'k', rows[i].served);
		shake_hands(&server, &plan, &outcome);
		if (strstr(outcome.answer.detail, "pinned"))
			fail_msg("%s, and the right one: %s", rows[i].why, outcome.answer.detail);
	}
}

static void test_dane(void **state)
{
	static const struct {
		const char *why;
		enum protocol protocol;
		enum which served;
		const char *how;
		enum which of;
		enum dane dane;
		enum finding finding;
		const char *detail;
	} rows[] = {
		{ "DANE-EE, key", PROTOCOL_SMTP, GOOD, "3 1 1", GOOD, DANE_MATCH, FINDING_NONE, "" },
		{ "DANE-EE, certificate", PROTOCOL_SMTP, GOOD, "3 0 1", GOOD, DANE_MATCH, FINDING_NONE, "" },
		{ "DANE-EE, SHA-512", PROTOCOL_SMTP, GOOD, "3 1 2", GOOD, DANE_MATCH, FINDING_NONE, "" },
		{ "DANE-EE, self-signed", PROTOCOL_SMTP, SELF, "3 1 1", SELF, DANE_MATCH, FINDING_NONE, "" },
		{ "DANE-EE, name and date do not matter", PROTOCOL_SMTP, EXPIRED, "3 1 1", EXPIRED, DANE_MATCH,
		  FINDING_NONE, "" },
		{ "nor the name", PROTOCOL_SMTP, SELF_WRONG, "3 1 1", SELF_WRONG, DANE_MATCH, FINDING_NONE, "" },
		{ "nor that it ends soon", PROTOCOL_SMTP, SOON, "3 1 1", SOON, DANE_MATCH, FINDING_NONE, "" },
		{ "but its strength does", PROTOCOL_SMTP, BY_SHA1, "3 1 1", BY_SHA1, DANE_MATCH,
		  FINDING_CERTIFICATE_WEAK, "SHA1" },
		{ "DANE-EE of another", PROTOCOL_SMTP, GOOD, "3 1 1", SELF, DANE_MISMATCH, FINDING_DANE_MISMATCH,
		  "it would be 3 1 1 " },
		{ "the certificate's digest as the key's", PROTOCOL_SMTP, GOOD, "3 0 1", SELF, DANE_MISMATCH,
		  FINDING_DANE_MISMATCH, "none of 1 TLSA record matches" },
		{ "DANE-TA, intermediate", PROTOCOL_SMTP, GOOD, "2 1 1", INTER, DANE_MATCH, FINDING_NONE, "" },
		{ "DANE-TA of an unknown CA", PROTOCOL_SMTP, STRANGER, "2 0 1", OTHER_ROOT, DANE_MATCH, FINDING_NONE,
		  "" },
		{ "DANE-TA, the name does matter", PROTOCOL_SMTP, WRONG, "2 1 1", INTER, DANE_MISMATCH,
		  FINDING_CERTIFICATE_NAME_MISMATCH, "also dane-mismatch" },
		{ "DANE-TA, the date too", PROTOCOL_SMTP, EXPIRED, "2 1 1", INTER, DANE_MISMATCH,
		  FINDING_CERTIFICATE_EXPIRED, "also dane-mismatch" },
		{ "mail programs know no DANE", PROTOCOL_SUBMISSION, SELF, "3 1 1", SELF, DANE_MATCH,
		  FINDING_CERTIFICATE_UNTRUSTED, "self-signed" },
		{ "and still it should match", PROTOCOL_SUBMISSION, GOOD, "3 1 1", SELF, DANE_MISMATCH,
		  FINDING_DANE_MISMATCH, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_plan plan = handshake_plan(HOST, rows[i].protocol);
		struct tls_server server = { .which = rows[i].served };
		struct outcome outcome;

		add_tlsa(&plan.trust, rows[i].how, rows[i].of);
		shake_hands(&server, &plan, &outcome);
		handshake_expect(rows[i].why, &outcome, rows[i].finding, rows[i].detail);
		if (outcome.answer.dane != rows[i].dane)
			fail_msg("%s: %s", rows[i].why, dane_name(outcome.answer.dane));
	}
}

/* The same certificate, by who comes to the port. */
static void test_scrutiny(void **state)
{
	static const struct {
		const char *why;
		enum which served;
		enum scrutiny scrutiny;
		bool name_is_guess;
		enum finding finding, notice;
		const char *detail; /* of the one or the other */
	} rows[] = {
		{ "self-signed, mail programs", SELF, SCRUTINY_FULL, false, FINDING_CERTIFICATE_UNTRUSTED, FINDING_NONE,
		  "self-signed" },
		{ "self-signed, mail servers", SELF, SCRUTINY_NOTICE, false, FINDING_NONE,
		  FINDING_CERTIFICATE_UNTRUSTED, "self-signed" },
		{ "self-signed, and more is asked", SELF, SCRUTINY_WARNING, false, FINDING_CERTIFICATE_UNVERIFIED,
		  FINDING_NONE, "certificate-untrusted: self-signed" },
		{ "self-signed, the host itself", SELF, SCRUTINY_LOCAL, false, FINDING_NONE, FINDING_NONE, "" },
		{ "of an unknown CA, mail servers", STRANGER, SCRUTINY_NOTICE, false, FINDING_NONE,
		  FINDING_CERTIFICATE_UNTRUSTED, "self-signed certificate in certificate chain" },
		{ "expired, mail servers", EXPIRED, SCRUTINY_NOTICE, false, FINDING_NONE, FINDING_CERTIFICATE_EXPIRED,
		  "expired" },
		{ "expired, and more is asked", EXPIRED, SCRUTINY_WARNING, false, FINDING_CERTIFICATE_UNVERIFIED,
		  FINDING_NONE, "certificate-expired" },
		{ "expired, the host itself", EXPIRED, SCRUTINY_LOCAL, false, FINDING_NONE, FINDING_CERTIFICATE_EXPIRED,
		  "expired" },
		{ "soon, mail servers", SOON, SCRUTINY_NOTICE, false, FINDING_NONE, FINDING_CERTIFICATE_EXPIRING,
		  "valid from" },
		{ "soon, and more is asked", SOON, SCRUTINY_WARNING, false, FINDING_CERTIFICATE_EXPIRING, FINDING_NONE,
		  "valid from" },
		{ "weak, mail servers", WEAK, SCRUTINY_NOTICE, false, FINDING_CERTIFICATE_WEAK, FINDING_NONE,
		  "RSA 1024" },
		{ "another name, mail programs", WRONG, SCRUTINY_FULL, false, FINDING_CERTIFICATE_NAME_MISMATCH,
		  FINDING_NONE, "not for" },
		{ "another name than was guessed", WRONG, SCRUTINY_FULL, true, FINDING_NONE,
		  FINDING_CERTIFICATE_NAME_MISMATCH, "server-name =" },
		{ "another name, mail servers", WRONG, SCRUTINY_NOTICE, false, FINDING_NONE,
		  FINDING_CERTIFICATE_NAME_MISMATCH, "not for" },
		{ "another name, the host itself", WRONG, SCRUTINY_LOCAL, false, FINDING_NONE, FINDING_NONE, "" },
		{ "a guess does not excuse the date", EXPIRED, SCRUTINY_FULL, true, FINDING_CERTIFICATE_EXPIRED,
		  FINDING_NONE, "expired" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
		struct tls_server server = { .which = rows[i].served };
		struct outcome outcome;
		const struct answer *answer = &outcome.answer;

		plan.scrutiny = rows[i].scrutiny;
		plan.name_is_guess = rows[i].name_is_guess;
		shake_hands(&server, &plan, &outcome);
		handshake_expect(rows[i].why, &outcome, rows[i].finding, rows[i].finding ? rows[i].detail : "");
		if (answer->n_notices != (rows[i].notice ? 1 : 0) ||
		    (rows[i].notice && (answer->notices[0].finding != rows[i].notice ||
					!strstr(answer->notices[0].detail, rows[i].detail))))
			fail_msg("%s: %u notices: %s", rows[i].why, answer->n_notices, answer->notices[0].detail);
	}
}

static void test_who_comes_to_a_port(void **state)
{
	static const struct {
		enum protocol protocol;
		enum tls_mode tls;
		uint16_t port;
		bool pinned, is_local;
		enum scrutiny scrutiny;
	} rows[] = {
		{ PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL, 25, false, false, SCRUTINY_NOTICE },
		{ PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL, 2525, false, false, SCRUTINY_NOTICE },
		{ PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL, 25, true, false, SCRUTINY_WARNING },
		{ PROTOCOL_SMTP, TLS_STARTTLS, 25, false, false, SCRUTINY_WARNING },
		{ PROTOCOL_SMTP, TLS_STARTTLS, 587, false, false, SCRUTINY_FULL },
		{ PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL, 10025, false, true, SCRUTINY_LOCAL },
		{ PROTOCOL_SUBMISSION, TLS_STARTTLS_OPTIONAL, 587, false, false, SCRUTINY_FULL },
		{ PROTOCOL_SUBMISSION, TLS_STARTTLS, 587, false, false, SCRUTINY_FULL },
		{ PROTOCOL_IMAP, TLS_IMPLICIT, 993, false, false, SCRUTINY_FULL },
		{ PROTOCOL_IMAP, TLS_IMPLICIT, 993, false, true, SCRUTINY_LOCAL },
		{ PROTOCOL_IMAP, TLS_IMPLICIT, 993, true, true, SCRUTINY_FULL },
		{ PROTOCOL_LMTP, TLS_STARTTLS_OPTIONAL, 24, false, false, SCRUTINY_LOCAL },
		{ PROTOCOL_LMTP, TLS_STARTTLS, 24, true, false, SCRUTINY_FULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trust trust = { .n_pins = rows[i].pinned };

		if (plan_scrutiny(rows[i].protocol, rows[i].tls, rows[i].port, &trust, rows[i].is_local) !=
		    rows[i].scrutiny)
			fail_msg("%s, %u", protocol_name(rows[i].protocol), rows[i].port);
	}
}

static void test_staples(void **state)
{
	static const struct {
		const char *why;
		enum which served, about, by;
		int status, from, until;
		enum staple staple;
		enum finding finding;
		const char *detail;
	} rows[] = {
		{ "good", GOOD, GOOD, INTER, V_OCSP_CERTSTATUS_GOOD, -1, 6, STAPLE_GOOD, FINDING_NONE, "" },
		{ "demanded and good", STAPLED, STAPLED, INTER, V_OCSP_CERTSTATUS_GOOD, -1, 6, STAPLE_GOOD,
		  FINDING_NONE, "" },
		{ "revoked", GOOD, GOOD, INTER, V_OCSP_CERTSTATUS_REVOKED, -1, 6, STAPLE_REVOKED,
		  FINDING_CERTIFICATE_REVOKED, "keyCompromise" },
		{ "unknown", GOOD, GOOD, INTER, V_OCSP_CERTSTATUS_UNKNOWN, -1, 6, STAPLE_UNKNOWN,
		  FINDING_OCSP_STAPLE_INVALID, "does not know" },
		{ "expired", GOOD, GOOD, INTER, V_OCSP_CERTSTATUS_GOOD, -9, -2, STAPLE_EXPIRED,
		  FINDING_OCSP_STAPLE_INVALID, "it has expired" },
		{ "of tomorrow", GOOD, GOOD, INTER, V_OCSP_CERTSTATUS_GOOD, 1, 8, STAPLE_EXPIRED,
		  FINDING_OCSP_STAPLE_INVALID, "not valid yet" },
		{ "demanded and expired", STAPLED, STAPLED, INTER, V_OCSP_CERTSTATUS_GOOD, -9, -2, STAPLE_EXPIRED,
		  FINDING_OCSP_STAPLE_MISSING, "it has expired" },
		{ "about another", GOOD, SOON, INTER, V_OCSP_CERTSTATUS_GOOD, -1, 6, STAPLE_INVALID,
		  FINDING_OCSP_STAPLE_INVALID, "another certificate" },
		{ "by another", GOOD, GOOD, OTHER_ROOT, V_OCSP_CERTSTATUS_GOOD, -1, 6, STAPLE_INVALID,
		  FINDING_OCSP_STAPLE_INVALID, "signature" },
	};
	struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
	struct tls_server none = { .which = STAPLED };
	struct outcome outcome;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tls_server server = { .which = rows[i].served };

		server.staple_n = pki_staple(&handshake_certificates[rows[i].about], &handshake_certificates[INTER],
					     &handshake_certificates[rows[i].by], rows[i].status, rows[i].from,
					     rows[i].until, &server.staple);
		shake_hands(&server, &plan, &outcome);
		OPENSSL_free(server.staple);
		handshake_expect(rows[i].why, &outcome, rows[i].finding, rows[i].detail);
		if (outcome.answer.staple != rows[i].staple)
			fail_msg("%s: %s", rows[i].why, staple_name(outcome.answer.staple));
	}
	shake_hands(&none, &plan, &outcome);
	handshake_expect("demanded, and none", &outcome, FINDING_OCSP_STAPLE_MISSING, "must-staple");
}

static void test_garbage_staple(void **state)
{
	struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
	unsigned char garbage[] = { 0x30, 0x03, 0x0a, 0x01, 0x06 }; /* "unauthorized" */
	struct tls_server server = { .which = GOOD, .staple = garbage, .staple_n = sizeof(garbage) };
	struct outcome outcome;

	shake_hands(&server, &plan, &outcome);
	handshake_expect("an error", &outcome, FINDING_OCSP_STAPLE_INVALID, "it is an error: unauthorized");
	server.staple_n = 3;
	shake_hands(&server, &plan, &outcome);
	handshake_expect("half", &outcome, FINDING_OCSP_STAPLE_INVALID, "cannot be read");
}

static void test_reported(void **state)
{
	const bool hybrid = OpenSSL_version_num() >= 0x30500000L; /* it prefers one then */
	const struct {
		enum which which;
		int max_version;
		const char *ciphers, *groups, *group, *cipher, *key, *signature;
	} rows[] = {
		{ GOOD, 0, NULL, "X25519", "X25519", "TLS_AES_256_GCM_SHA384", "EC P-256", "ecdsa-with-SHA256" },
		{ GOOD, 0, NULL, "P-384", "P-384", "TLS_AES_256_GCM_SHA384", "EC P-256", "ecdsa-with-SHA256" },
		{ BY_RSA, TLS1_2_VERSION, "ECDHE", "P-256", "P-256", "ECDHE-RSA-AES256-GCM-SHA384", "RSA 2048",
		  "ecdsa-with-SHA256" },
		{ BY_RSA, TLS1_2_VERSION, "DHE+AESGCM", NULL, "DH 2048", "DHE-RSA-AES256-GCM-SHA384", "RSA 2048",
		  "ecdsa-with-SHA256" },
		{ BY_RSA, TLS1_2_VERSION, "kRSA+AESGCM", NULL, "", "AES256-GCM-SHA384", "RSA 2048",
		  "ecdsa-with-SHA256" },
		{ ED25519, 0, NULL, NULL, hybrid ? "X25519MLKEM768" : "X25519", "TLS_AES_256_GCM_SHA384", "Ed25519",
		  "ecdsa-with-SHA256" },
	};
	struct probe_plan plan = handshake_plan(HOST, PROTOCOL_IMAP);
	char print[FINGERPRINT_SIZE], hex[129];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tls_server server = { .which = rows[i].which,
					     .max_version = rows[i].max_version,
					     .ciphers = rows[i].ciphers,
					     .groups = rows[i].groups };
		struct outcome outcome;
		const struct answer *answer = &outcome.answer;

		shake_hands(&server, &plan, &outcome);
		handshake_expect(rows[i].cipher, &outcome, FINDING_NONE, "");
		assert_string_equal(answer->cipher, rows[i].cipher);
		assert_string_equal(answer->tls_group, rows[i].group);
		assert_string_equal(answer->key, rows[i].key);
		assert_string_equal(answer->signature, rows[i].signature);
		assert_string_equal(answer->names, HOST);
		assert_string_equal(answer->issuer, "CN=Intermediate");
		assert_int_equal(answer->chain_length, 2);
		digest(rows[i].which, false, EVP_sha256(), hex);
		fingerprint_show(answer->fingerprint, print);
		for (size_t k = 0; k < SHA256_SIZE; k++)
			assert_int_equal(strncasecmp(print + 3 * k, hex + 2 * k, 2), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates), cmocka_unit_test(test_incomplete_chain),
		cmocka_unit_test(test_pins),	     cmocka_unit_test(test_dane),
		cmocka_unit_test(test_scrutiny),     cmocka_unit_test(test_who_comes_to_a_port),
		cmocka_unit_test(test_staples),	     cmocka_unit_test(test_garbage_staple),
		cmocka_unit_test(test_reported),
	};

	return cmocka_run_group_tests_name("inspect", tests, handshake_set_up, handshake_tear_down);
}
