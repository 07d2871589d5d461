// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "tests/support/dialogue_play.h"

static const struct row rows[] = {
	{ "submission as Dovecot does it", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 mail ready\nC:EHLO me.example\nS:250-mail\nS:250-STARTTLS\nS:250 "
	  "PIPELINING\nC:STARTTLS\n"
	  "S:220 go\nTLS\nC:EHLO me.example\nS:250-mail\nS:250 AUTH PLAIN LOGIN\nC:QUIT\nS:221 "
	  "bye\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "STARTTLS is the last line, in lower case", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 mail\nC:EHLO me.example\nS:250-mail\nS:250 starttls\nC:STARTTLS\nS:220 go\nTLS\n"
	  "C:EHLO me.example\nS:250 mail\nC:QUIT\nS:221 bye\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "old style AUTH=", PROTOCOL_SUBMISSION, TLS_IMPLICIT,
	  "TLS\nS:220 mail\nC:EHLO me.example\nS:250-mail\nS:250 AUTH=PLAIN\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE,
	  FINDING_NONE, "" },
	{ "no AUTH inside TLS", PROTOCOL_SUBMISSION, TLS_IMPLICIT,
	  "TLS\nS:220 mail\nC:EHLO me.example\nS:250 mail\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE,
	  FINDING_AUTH_NOT_OFFERED, "lists no AUTH" },
	{ "AUTH before TLS alone does not do", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 m\nC:EHLO me.example\nS:250-m\nS:250-AUTH PLAIN\nS:250 "
	  "STARTTLS\nC:STARTTLS\nS:220 go\nTLS\n"
	  "C:EHLO me.example\nS:250 m\nC:QUIT\nS:221 bye\n",
	  DIALOGUE_DONE, FINDING_AUTH_BEFORE_TLS, "EHLO, before TLS, lists AUTH PLAIN", FINDING_AUTH_NOT_OFFERED },
	{ "a relay needs no AUTH", PROTOCOL_SMTP, TLS_IMPLICIT,
	  "TLS\nS:220 mail\nC:EHLO me.example\nS:250 mail\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "a server by the name of STARTTLS", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220-STARTTLS\nS:220 x\nC:EHLO me.example\nS:250-STARTTLS\nS:250 SIZE\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "EHLO lists no STARTTLS" },
	{ "STARTTLSX is another word", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLSX\n", DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "" },
	{ "optional and not there", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL,
	  "S:220 x\nC:EHLO me.example\nS:250 x\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "optional and there", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\nTLS\nC:EHLO "
	  "me.example\n"
	  "S:250 x\nC:QUIT\nS:221 bye\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "none, though offered", PROTOCOL_SUBMISSION, TLS_NONE,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "Postfix with the wrong key", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\n"
	  "S:454 4.7.0 TLS not available due to local problem\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED, "STARTTLS: 454 4.7.0 TLS not available" },
	{ "too many connections", PROTOCOL_SMTP, TLS_STARTTLS, "S:421 4.7.0 too many connections\n", DIALOGUE_FAILED,
	  FINDING_BUSY, "421 4.7.0 too many connections" },
	{ "no service, in several lines", PROTOCOL_SMTP, TLS_STARTTLS, "S:554-no\nS:554 SMTP service here\n",
	  DIALOGUE_FAILED, FINDING_REFUSED, "554 SMTP service here" },
	{ "EHLO refused", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:504 need fully-qualified hostname\n", DIALOGUE_FAILED, FINDING_REFUSED,
	  "EHLO: 504 need" },
	{ "another protocol", PROTOCOL_SMTP, TLS_STARTTLS, "S:SSH-2.0-OpenSSH_9.2\n", DIALOGUE_FAILED,
	  FINDING_NO_GREETING, "not a greeting of smtp: SSH-2.0" },
	{ "the goodbye may be anything", PROTOCOL_SMTP, TLS_NONE,
	  "S:220 x\nC:EHLO me.example\nS:250 x\nC:QUIT\nS:421 whatever\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "lmtp", PROTOCOL_LMTP, TLS_STARTTLS,
	  "S:220 x\nC:LHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\nTLS\nC:LHLO "
	  "me.example\n"
	  "S:250 x\nC:QUIT\nS:221 bye\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "https", PROTOCOL_HTTPS, TLS_IMPLICIT, "TLS\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "a greeting of several lines", PROTOCOL_SMTP, TLS_NONE,
	  "S:220-please wait\nS:220-\nS:220 m\nC:EHLO me.example\nS:250 m\nC:QUIT\nS:221 x\n", DIALOGUE_DONE,
	  FINDING_NONE, "" },
	{ "a banner without codes in it", PROTOCOL_SMTP, TLS_NONE,
	  "S:220-m\nS:no spam\nS:\nS:220 m\nC:EHLO me.example\nS:250 m\nC:QUIT\nS:221 x\n", DIALOGUE_DONE, FINDING_NONE,
	  "" },
	{ "bare codes", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220\nC:EHLO me.example\nS:250-\nS:250 STARTTLS\nC:STARTTLS\nS:220\nTLS\nC:EHLO "
	  "me.example\n"
	  "S:250\nC:QUIT\nS:221\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "STARTTLS with something behind it", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250-StartTLS REQUIRED\nS:250 x\nC:STARTTLS\n"
	  "S:220-one\nS:220 two\nTLS\nC:EHLO me.example\nS:250 x\nC:QUIT\nS:221 x\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "STARTTLS within other words", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250-XSTARTTLS\nS:250-AUTH CRAM-MD5 STARTTLS\n"
	  "S:250-8BITMIME STARTTLS\nS:250-STARTTLS2\nS:250 NOSTARTTLS STARTTLS\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "EHLO lists no STARTTLS" },
	{ "a server from before ESMTP", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:502 what is EHLO\nC:HELO me.example\nS:250 hello\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "EHLO lists no STARTTLS: 502 what is EHLO" },
	{ "the same, and TLS is not needed", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL,
	  "S:220 x\nC:EHLO me.example\nS:500 eh\nC:HELO me.example\nS:250 hello\nC:QUIT\nS:221 x\n", DIALOGUE_DONE,
	  FINDING_NONE, "" },
	{ "the same, inside TLS", PROTOCOL_SMTP, TLS_IMPLICIT,
	  "TLS\nS:220 x\nC:EHLO me.example\nS:502 eh\nC:HELO me.example\nS:250 "
	  "hello\nC:QUIT\nS:221 x\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "what HELO lists does not count", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:502 eh\nC:HELO me.example\nS:250-x\nS:250 STARTTLS\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "502 eh" },
	{ "HELO refused as well", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:502 eh\nC:HELO me.example\nS:502 eh\n", DIALOGUE_FAILED, FINDING_REFUSED,
	  "HELO: 502 eh" },
	{ "LMTP has no HELO", PROTOCOL_LMTP, TLS_NONE, "S:220 x\nC:LHLO me.example\nS:500 eh\n", DIALOGUE_FAILED,
	  FINDING_REFUSED, "LHLO: 500 eh" },
	{ "no EHLO without TLS", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:530 5.7.0 Must issue a STARTTLS command first\n", DIALOGUE_FAILED,
	  FINDING_REFUSED, "EHLO: 530 5.7.0 Must issue" },
	{ "passwords in plain text", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250-AUTH SCRAM-SHA-1 login\nS:250 "
	  "STARTTLS\nC:STARTTLS\n"
	  "S:220 go\nTLS\nC:EHLO me.example\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nS:221 x\n",
	  DIALOGUE_DONE, FINDING_AUTH_BEFORE_TLS, "the answer to EHLO, before TLS, lists AUTH LOGIN" },
	{ "the same to its own host", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250-AUTH PLAIN\nS:250 STARTTLS\nC:STARTTLS\n"
	  "S:220 go\nTLS\nC:EHLO me.example\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nS:221 x\n",
	  DIALOGUE_DONE, FINDING_NONE, "", .same_host = true },
	{ "the same, where TLS is optional and not there", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 AUTH=PLAIN\nC:QUIT\nS:221 x\n", DIALOGUE_DONE,
	  FINDING_AUTH_BEFORE_TLS, "lists AUTH PLAIN" },
	{ "the same, where no TLS is wanted", PROTOCOL_SUBMISSION, TLS_NONE,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nS:221 x\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "the same, and no STARTTLS", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 AUTH XOAUTH2\n", DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED,
	  "EHLO, before TLS, lists AUTH XOAUTH2", FINDING_AUTH_BEFORE_TLS },
	{ "challenges before TLS do no harm", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250-AUTH CRAM-MD5 PLAINTEXT\nS:250 "
	  "STARTTLS\nC:STARTTLS\n"
	  "S:220 go\nTLS\nC:EHLO me.example\nS:250-x\nS:250 AUTH CRAM-MD5\nC:QUIT\nS:221 x\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "AUTH with nothing behind it", PROTOCOL_SUBMISSION, TLS_IMPLICIT,
	  "TLS\nS:220 x\nC:EHLO me.example\nS:250-x\nS:250 AUTH\nC:QUIT\nS:221 x\n", DIALOGUE_DONE,
	  FINDING_AUTH_NOT_OFFERED, "" },
	{ "passwords inside TLS are as they should be", PROTOCOL_SUBMISSION, TLS_IMPLICIT,
	  "TLS\nS:220 x\nC:EHLO me.example\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nS:221 x\n", DIALOGUE_DONE, FINDING_NONE,
	  "" },
	{ "STARTTLS again inside TLS is nothing to us", PROTOCOL_SMTP, TLS_IMPLICIT,
	  "TLS\nS:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:QUIT\nS:221 x\n", DIALOGUE_DONE, FINDING_NONE,
	  "" },
	{ "evicted in the middle", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:421 4.0.0 mail Connection queue full\n", DIALOGUE_FAILED, FINDING_BUSY,
	  "EHLO: 421 4.0.0 mail Connection queue full" },
	{ "evicted instead of TLS", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:421 queue full\n", DIALOGUE_FAILED,
	  FINDING_BUSY, "STARTTLS: 421 queue full" },
	{ "not now", PROTOCOL_SMTP, TLS_STARTTLS, "S:450 4.3.2 load too high\n", DIALOGUE_FAILED, FINDING_BUSY,
	  "450 4.3.2" },
	{ "4211 is no code", PROTOCOL_SMTP, TLS_STARTTLS, "S:4211 x\n", DIALOGUE_FAILED, FINDING_NO_GREETING, "4211" },
	{ "501 to STARTTLS", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:501-no\nS:501 "
	  "never\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED, "STARTTLS: 501-no / 501 never" },
	{ "an EHLO that ends badly", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250-STARTTLS\nS:554 no\n", DIALOGUE_FAILED, FINDING_REFUSED,
	  "554 no" },
	{ "an empty line for a greeting", PROTOCOL_SMTP, TLS_STARTTLS, "S:\n", DIALOGUE_FAILED, FINDING_NO_GREETING,
	  "not a greeting of smtp" },
	{ "IMAP on the port", PROTOCOL_SMTP, TLS_STARTTLS, "S:* OK IMAP4 ready\n", DIALOGUE_FAILED, FINDING_NO_GREETING,
	  "* OK IMAP4 ready" },
	{ "250 for a greeting", PROTOCOL_SMTP, TLS_STARTTLS, "S:250 hello\n", DIALOGUE_FAILED, FINDING_NO_GREETING,
	  "250 hello" },
	{ "a busy LMTP", PROTOCOL_LMTP, TLS_NONE, "S:421 x\n", DIALOGUE_FAILED, FINDING_BUSY, "421" },
};

static void test_plaintext(void **state)
{
	static const struct {
		enum protocol protocol;
		enum tls_mode tls;
		const char *line;
		enum finding finding;
	} lines[] = {
		{ PROTOCOL_SMTP, TLS_STARTTLS, "421 4.0.0 TLS initialization failed.", FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_SMTP, TLS_STARTTLS, "250 evil", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_SMTP, TLS_STARTTLS, "4211 evil", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_IMAP, TLS_STARTTLS, "* BYE TLS initialization failed.", FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_IMAP, TLS_STARTTLS, "* CAPABILITY LOGIN", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_POP3, TLS_STARTTLS, "-ERR [SYS/TEMP] TLS", FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_POP3, TLS_STARTTLS, "+OK", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_SIEVE, TLS_STARTTLS, "BYE \"TLS\"", FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_SIEVE, TLS_STARTTLS, "OK", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_HTTPS, TLS_IMPLICIT, "HTTP/1.1 400 Bad Request", FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_SMTP, TLS_IMPLICIT, "220 no TLS here", FINDING_TLS_HANDSHAKE_FAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct answer answer = { 0 };
		struct dialogue dialogue;
		enum dialogue_result next;

		assert_int_equal(
			dialogue_start(&dialogue, lines[i].protocol, lines[i].tls, PROBE_CONVERSATION, &answer, &next),
			0);
		dialogue_plaintext(&dialogue, lines[i].line);
		if (answer.finding != lines[i].finding || !strstr(answer.detail, lines[i].line))
			fail_msg("%s: %s (%s)", lines[i].line, finding_name(answer.finding), answer.detail);
	}
}

/* What a 421 means inside TLS depends on what was asked for in the handshake. */
static void test_client_certificate(void **state)
{
	for (int asked = 0; asked <= 1; asked++) {
		struct answer answer = { 0 };
		struct dialogue dialogue;
		enum dialogue_result next;

		assert_int_equal(
			dialogue_start(&dialogue, PROTOCOL_SMTP, TLS_IMPLICIT, PROBE_CONVERSATION, &answer, &next), 0);
		dialogue.asked_for_one = asked;
		(void)dialogue_secured(&dialogue);
		assert_int_equal(dialogue_feed(&dialogue, "421 4.7.1 No required SSL certificate"), DIALOGUE_FAILED);
		assert_int_equal(answer.finding, asked ? FINDING_REFUSED : FINDING_BUSY);
		assert_int_equal(!!strstr(answer.detail, "asked for a client certificate"), asked);
	}
}

static void test_no_such_dialogue(void **state)
{
	static const struct {
		enum protocol protocol;
		enum tls_mode tls;
		enum probe_check check;
	} none[] = {
		{ PROTOCOL_HTTPS, TLS_STARTTLS, PROBE_CONVERSATION },
		{ PROTOCOL_HTTPS, TLS_NONE, PROBE_CONVERSATION },
		{ PROTOCOL_UNSET, TLS_STARTTLS, PROBE_CONVERSATION },
		{ PROTOCOL_SMTP, TLS_UNSET, PROBE_CONVERSATION },
		{ PROTOCOL_COUNT, TLS_NONE, PROBE_CONVERSATION },
		{ PROTOCOL_SMTP, TLS_MODE_COUNT, PROBE_CONVERSATION },
		{ PROTOCOL_SMTP, TLS_IMPLICIT, PROBE_INJECTION },
		{ PROTOCOL_SMTP, TLS_NONE, PROBE_INJECTION },
		{ PROTOCOL_HTTPS, TLS_IMPLICIT, PROBE_INJECTION },
		{ PROTOCOL_SMTP, TLS_STARTTLS, PROBE_CHECK_COUNT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		struct answer answer = { 0 };
		struct dialogue dialogue;
		enum dialogue_result next;

		assert_int_equal(
			dialogue_start(&dialogue, none[i].protocol, none[i].tls, none[i].check, &answer, &next),
			-EINVAL);
	}
}

static void test_rows(void **state)
{
	play_rows(rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_plaintext),
		cmocka_unit_test(test_client_certificate),
		cmocka_unit_test(test_no_such_dialogue),
	};

	return cmocka_run_group_tests_name("dialogue", tests, NULL, NULL);
}
