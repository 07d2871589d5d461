// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whole conversations with a scripted server, TLS and all, the bytes of both cut into pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "tests/support/fake_play.h"
#include "probe/wire/conversation.h"
#include "probe/wire/reply.h"

#define SMTP_INSIDE "TLS\nC:EHLO me.example\nS:250-mail\nS:250 AUTH PLAIN\nC:QUIT\nS:221 bye\nEOF"
#define SMTP_GOOD                                                                             \
	"S:220 mail ready\nC:EHLO me.example\nS:250-mail\nS:250 STARTTLS\nC:STARTTLS\nS:220 " \
	"go\n" SMTP_INSIDE
#define SMTP_OFFER "S:220 mail ready\nC:EHLO me.example\nS:250-mail\nS:250 STARTTLS\nC:STARTTLS\n"
#define SMTPS_GOOD                                                                               \
	"TLS\nS:220 mail ready\nC:EHLO me.example\nS:250-mail\nS:250 AUTH PLAIN\nC:QUIT\nS:221 " \
	"bye\nEOF"

struct row {
	const char *why;
	enum protocol protocol;
	enum tls_mode tls;
	enum which which;
	const char *script;
	enum finding finding;
	const char *detail; /* is part of it */
	bool sees_tls;
};

static const struct row rows[] = {
	{ "good STARTTLS", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD, SMTP_GOOD, FINDING_NONE, "", true },
	{ "good implicit TLS", PROTOCOL_SUBMISSION, TLS_IMPLICIT, GOOD, SMTPS_GOOD, FINDING_NONE, "", true },
	{ "good optional", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL, GOOD, SMTP_GOOD, FINDING_NONE, "", true },
	{ "no TLS wanted", PROTOCOL_SMTP, TLS_NONE, GOOD, "S:220 x\nC:EHLO me.example\nS:250 x\nC:QUIT\nS:221 x\nEOF",
	  FINDING_NONE, "", false },
	{ "https", PROTOCOL_HTTPS, TLS_IMPLICIT, GOOD, "TLS\n", FINDING_NONE, "", true },
	{ "good sieve", PROTOCOL_SIEVE, TLS_STARTTLS, GOOD,
	  "S:\"STARTTLS\"\nS:OK\nC:STARTTLS\nS:OK\nTLS\nS:\"SASL\" "
	  "\"PLAIN\"\nS:OK\nC:LOGOUT\nS:OK\nEOF",
	  FINDING_NONE, "", true },
	{ "good imap", PROTOCOL_IMAP, TLS_STARTTLS, GOOD,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS LOGINDISABLED\nS:a1 OK\nC:a2 STARTTLS\nS:a2 OK\nTLS\n"
	  "C:a3 CAPABILITY\nS:* CAPABILITY X\nS:a3 OK\nC:a4 LOGOUT\nS:* BYE\nS:a4 OK\nEOF",
	  FINDING_NONE, "", true },
	{ "good pop3", PROTOCOL_POP3, TLS_STARTTLS, GOOD,
	  "S:+OK\nC:CAPA\nS:+OK\nS:STLS\nS:.\nC:STLS\nS:+OK\nTLS\nC:CAPA\nS:+OK\nS:.\nC:QUIT\nS:+"
	  "OK\nEOF",
	  FINDING_NONE, "", true },
	{ "no goodbye", PROTOCOL_SUBMISSION, TLS_IMPLICIT, GOOD,
	  "TLS\nS:220 x\nC:EHLO\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\n", FINDING_NONE, "", true },
	{ "no AUTH", PROTOCOL_SUBMISSION, TLS_IMPLICIT, GOOD, "TLS\nS:220 x\nC:EHLO\nS:250 x\nC:QUIT\nEOF",
	  FINDING_AUTH_NOT_OFFERED, "lists no AUTH", true },

	{ "expired", PROTOCOL_SUBMISSION, TLS_STARTTLS, EXPIRED, SMTP_GOOD, FINDING_CERTIFICATE_EXPIRED, "valid from",
	  true },
	{ "not yet valid", PROTOCOL_SUBMISSION, TLS_IMPLICIT, NOT_YET, SMTPS_GOOD, FINDING_CERTIFICATE_NOT_YET_VALID,
	  "valid from", true },
	{ "wrong host", PROTOCOL_SUBMISSION, TLS_STARTTLS, WRONG_HOST, SMTP_GOOD, FINDING_CERTIFICATE_NAME_MISMATCH,
	  "not for " HOST " but for other.example.test, 192.0.2.9", true },
	{ "self-signed", PROTOCOL_SUBMISSION, TLS_STARTTLS, SELF_SIGNED, SMTP_GOOD, FINDING_CERTIFICATE_UNTRUSTED,
	  "self-signed", true },
	{ "unknown CA, or incomplete chain", PROTOCOL_SUBMISSION, TLS_STARTTLS, STRANGER, SMTP_GOOD,
	  FINDING_CERTIFICATE_UNTRUSTED, "unable to get local issuer", true },
	{ "ends soon", PROTOCOL_SUBMISSION, TLS_STARTTLS, SOON, SMTP_GOOD, FINDING_CERTIFICATE_EXPIRING, "valid from",
	  true },
	{ "the CA expired", PROTOCOL_SUBMISSION, TLS_STARTTLS, EXPIRED_CA, SMTP_GOOD, FINDING_CERTIFICATE_EXPIRED,
	  "certificate has expired: CN=Old Root", true },
	{ "soon and no AUTH", PROTOCOL_SUBMISSION, TLS_IMPLICIT, SOON, "TLS\nS:220 x\nC:EHLO\nS:250 x\nC:QUIT\nEOF",
	  FINDING_CERTIFICATE_EXPIRING, "also auth-not-offered", true },
	{ "expired, then cut off", PROTOCOL_SUBMISSION, TLS_IMPLICIT, EXPIRED, "TLS\nEOF", FINDING_CLOSED_EARLY,
	  "also certificate-expired", true },
	{ "soon, then cut off", PROTOCOL_SUBMISSION, TLS_IMPLICIT, SOON, "TLS\nEOF", FINDING_CLOSED_EARLY,
	  "waiting for the greeting", true },

	{ "not offered", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD,
	  "S:220 x\nC:EHLO\nS:250-x\nS:250 SIZE\nC:QUIT\nS:221 x\nEOF", FINDING_STARTTLS_NOT_OFFERED,
	  "EHLO lists no STARTTLS", false },
	{ "refused 454", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD, SMTP_OFFER "S:454 4.7.0 TLS not available\n",
	  FINDING_STARTTLS_REFUSED, "454 4.7.0 TLS not available", false },
	{ "busy", PROTOCOL_SMTP, TLS_STARTTLS, GOOD, "S:421 too many connections\nEOF", FINDING_BUSY,
	  "421 too many connections", false },
	{ "busy, without a line end", PROTOCOL_SMTP, TLS_STARTTLS, GOOD, "s:421 too many\nEOF", FINDING_BUSY,
	  "421 too many", false },
	{ "plain text behind the go-ahead", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD,
	  SMTP_OFFER "S:220 go\nS:250 evil\n" SMTP_INSIDE, FINDING_RESPONSE_INJECTION, "250 evil", false },
	{ "the same without an end", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD, SMTP_OFFER "S:220 go\ns:evil\n",
	  FINDING_RESPONSE_INJECTION, "evil", false },
	{ "Dovecot's key does not fit", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD,
	  SMTP_OFFER "S:220 go\nS:421 4.0.0 TLS initialization failed.\nEOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "421 4.0.0 TLS initialization failed.", false },
	{ "no TLS on the TLS port", PROTOCOL_SUBMISSION, TLS_IMPLICIT, GOOD, "S:220 mail ready\n",
	  FINDING_WRONG_TLS_MODE, "220 mail ready", false },
	{ "closed instead of a handshake", PROTOCOL_SUBMISSION, TLS_IMPLICIT, GOOD, "EOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "closed by the server in the handshake", false },
	{ "an alert instead", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD, SMTP_OFFER "S:220 go\ns:\025\003\003",
	  FINDING_TLS_HANDSHAKE_FAILED, "not done after", false },
	{ "silence", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD, "", FINDING_NO_GREETING,
	  "waited 10.0 s in vain for the greeting", false },
	{ "silence inside TLS", PROTOCOL_SUBMISSION, TLS_IMPLICIT, GOOD, "TLS\n", FINDING_NO_GREETING,
	  "the greeting, inside TLS", true },
	{ "half a greeting", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD, "S:220-wait\n", FINDING_NO_GREETING,
	  "the greeting", false },
	{ "endless greeting", PROTOCOL_SUBMISSION, TLS_STARTTLS, GOOD, "FLOOD:220-\nEOF", FINDING_NO_GREETING,
	  "more than 65536 bytes", false },
	{ "endless answer inside TLS", PROTOCOL_SUBMISSION, TLS_IMPLICIT, GOOD, "TLS\nS:220 x\nC:EHLO\nFLOOD:220-\nEOF",
	  FINDING_REFUSED, "end of the answer to EHLO", true },
};

static void check_row(const struct row *row, size_t piece)
{
	struct probe_plan plan = fake_plan(row->protocol, row->tls);
	struct fake_server server;
	struct answer answer;

	fake_server_init(&server, row->script, &fake_certificates[row->which]);
	converse(&plan, &server, piece, &answer);
	if (server.wrong)
		fail_msg("%s: the server heard something else before %s", row->why, server.at);
	if (!answer.complete || answer.finding != row->finding || !strstr(answer.detail, row->detail))
		fail_msg("%s (%zu): %s (%s)", row->why, piece, finding_name(answer.finding), answer.detail);
	if (!!answer.tls_version[0] != row->sees_tls || !!answer.not_after != row->sees_tls)
		fail_msg("%s: TLS %s, ends %ld", row->why, answer.tls_version, (long)answer.not_after);
}

static void test_rows(void **state)
{
	static const size_t pieces[] = { 1, 5, 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t p = 0; p < ARRAY_SIZE(pieces); p++)
			check_row(&rows[i], pieces[p]);
}

/* The server hangs up, or hangs, behind each line of a good script. */
static void cut_at_each_step(enum tls_mode tls, const char *script, bool silent)
{
	const char *quit = strstr(script, "C:QUIT\n");

	for (const char *cut = script; *cut; cut += strcspn(cut, "\n") + 1) {
		struct probe_plan plan = fake_plan(PROTOCOL_SUBMISSION, tls);
		struct fake_server server;
		struct answer answer;
		char part[512];
		bool handshake = strncmp(cut, "TLS", 3) == 0;
		enum finding expected = silent ? FINDING_NO_GREETING : FINDING_CLOSED_EARLY;

		if (strncmp(cut, "EOF", 3) == 0)
			return;
		(void)text_format(part, sizeof(part), "%.*s%s", (int)(cut - script), script, silent ? "" : "EOF");
		if (handshake)
			expected = FINDING_TLS_HANDSHAKE_FAILED;
		if (cut >= quit)
			expected = FINDING_NONE;
		fake_server_init(&server, part, &fake_certificates[GOOD]);
		converse(&plan, &server, 4096, &answer);
		if (answer.finding != expected)
			fail_msg("%s: %s (%s)", part, finding_name(answer.finding), answer.detail);
	}
}

static void test_cut_at_each_step(void **state)
{
	for (int silent = 0; silent <= 1; silent++) {
		cut_at_each_step(TLS_STARTTLS, SMTP_GOOD, silent);
		cut_at_each_step(TLS_IMPLICIT, SMTPS_GOOD, silent);
	}
}

static void test_old_tls(void **state)
{
	struct probe_plan plan = fake_plan(PROTOCOL_SUBMISSION, TLS_IMPLICIT);
	struct fake_server server;
	struct answer answer;

	fake_server_init(&server, SMTPS_GOOD, &fake_certificates[GOOD]);
	server.max_version = TLS1_1_VERSION;
	converse(&plan, &server, 4096, &answer);
	assert_int_equal(answer.finding, FINDING_TLS_TOO_OLD);

	fake_server_init(&server, SMTPS_GOOD, &fake_certificates[GOOD]);
	server.max_version = TLS1_2_VERSION;
	converse(&plan, &server, 4096, &answer);
	assert_int_equal(answer.finding, FINDING_NONE);
	assert_string_equal(answer.tls_version, "TLSv1.2");
}

static void test_server_name(void **state)
{
	static const struct {
		const char *name;
		enum which which;
		enum finding finding;
	} names[] = {
		{ "192.0.2.1", BY_ADDRESS, FINDING_NONE },
		{ "192.0.2.2", BY_ADDRESS, FINDING_CERTIFICATE_NAME_MISMATCH },
		{ "2001:db8::1", BY_ADDRESS, FINDING_NONE },
		{ "192.0.2.1", GOOD, FINDING_CERTIFICATE_NAME_MISMATCH },
		{ "", WRONG_HOST, FINDING_NONE },
		{ "MAIL.example.test", GOOD, FINDING_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct probe_plan plan = fake_plan(PROTOCOL_SUBMISSION, TLS_IMPLICIT);
		struct fake_server server;
		struct answer answer;

		(void)text_copy(plan.server_name, sizeof(plan.server_name), names[i].name);
		fake_server_init(&server, SMTPS_GOOD, &fake_certificates[names[i].which]);
		converse(&plan, &server, 4096, &answer);
		if (answer.finding != names[i].finding)
			fail_msg("%s: %s (%s)", names[i].name, finding_name(answer.finding), answer.detail);
	}
}

static void test_answer(void **state)
{
	struct probe_plan plan = fake_plan(PROTOCOL_SUBMISSION, TLS_IMPLICIT);
	struct fake_server server;
	struct answer answer;

	plan.proxy_header = PROXY_HEADER_V1;
	fake_server_init(&server, "C:PROXY UNKNOWN\n" SMTPS_GOOD, &fake_certificates[GOOD]);
	converse(&plan, &server, 4096, &answer);
	assert_false(server.wrong);
	assert_int_equal(answer.finding, FINDING_NONE);
	assert_string_equal(answer.tls_version, "TLSv1.3");
	assert_string_equal(answer.subject, "CN=" HOST);
	assert_string_equal(answer.issuer, "CN=Root");
	assert_int_equal(answer.not_after, FAKE_NOW + 90 * FAKE_DAY);
	assert_true(answer.connect_usec > 0 && answer.greeting_usec > 0 && answer.tls_usec > 0);
	assert_true(answer.total_usec >= answer.connect_usec + answer.greeting_usec + answer.tls_usec);
}

static void feed(const char *bytes, size_t n, enum finding finding, const char *detail)
{
	struct probe_plan plan = fake_plan(PROTOCOL_SMTP, TLS_STARTTLS);
	struct conversation *c;

	assert_int_equal(conversation_new(&c, &plan, fake_store, 0, FAKE_NOW), 0);
	conversation_connected(c, 1);
	conversation_receive(c, bytes, n, 2);
	if (!conversation_is_done(c))
		conversation_eof(c, 3);
	if (conversation_answer(c)->finding != finding || !strstr(conversation_answer(c)->detail, detail))
		fail_msg("%s (%s)", finding_name(conversation_answer(c)->finding), conversation_answer(c)->detail);
	conversation_free(c);
}

static void test_hostile_bytes(void **state)
{
	static const char nul[] = "220 a\0b\0\r\n", binary[] = "\0\0\377\376\r\n", escape[] = "421 \033[31mred\r\n";
	char *big = malloc(10 * 1000 * 1000);

	feed(nul, sizeof(nul) - 1, FINDING_CLOSED_EARLY, "EHLO");
	feed(binary, sizeof(binary) - 1, FINDING_NO_GREETING, "not a greeting of smtp: ??");
	feed(escape, sizeof(escape) - 1, FINDING_BUSY, "421 ?[31mred");
	memset(big, 'x', 10 * 1000 * 1000);
	feed(big, 10 * 1000 * 1000, FINDING_NO_GREETING, "a line of more than 8192 bytes");
	for (size_t i = 1; i < 10 * 1000 * 1000; i += 2)
		big[i] = '\n';
	feed(big, 10 * 1000 * 1000, FINDING_NO_GREETING, "not a greeting of smtp: x");
	free(big);
}

static void test_connection(void **state)
{
	struct probe_plan plan = fake_plan(PROTOCOL_SMTP, TLS_STARTTLS);
	struct conversation *c;
	struct answer answer;

	assert_int_equal(conversation_new(&c, &plan, fake_store, 5, FAKE_NOW), 0);
	assert_int_equal(conversation_deadline(c), 5 + TIMEOUT_USEC);
	conversation_broken(c, ECONNREFUSED, 9);
	assert_true(conversation_is_done(c));
	assert_int_equal(conversation_answer(c)->finding, FINDING_UNREACHABLE);
	assert_string_equal(conversation_answer(c)->detail, "Connection refused");
	conversation_free(c);

	assert_int_equal(conversation_new(&c, &plan, fake_store, 5, FAKE_NOW), 0);
	conversation_timeout(c, conversation_deadline(c));
	assert_int_equal(conversation_answer(c)->finding, FINDING_UNREACHABLE);
	conversation_free(c);

	assert_int_equal(conversation_new(&c, &plan, fake_store, 5, FAKE_NOW), 0);
	conversation_connected(c, 6);
	conversation_broken(c, ECONNRESET, 9);
	assert_int_equal(conversation_answer(c)->finding, FINDING_CLOSED_EARLY);
	conversation_free(c);

	conversation_unreachable(&answer, ENETUNREACH);
	assert_true(answer.complete && answer.finding == FINDING_UNREACHABLE);
}

static void test_bad_plans(void **state)
{
	struct probe_plan plan = fake_plan(PROTOCOL_SMTP, TLS_STARTTLS);
	struct conversation *c;

	(void)text_copy(plan.helo_name, sizeof(plan.helo_name), "a\r\nMAIL");
	assert_int_equal(conversation_new(&c, &plan, fake_store, 0, FAKE_NOW), -EINVAL);
	plan = fake_plan(PROTOCOL_SMTP, TLS_STARTTLS);
	memset(plan.server_name, 'a', sizeof(plan.server_name));
	assert_int_equal(conversation_new(&c, &plan, fake_store, 0, FAKE_NOW), -EINVAL);
	plan = fake_plan(PROTOCOL_HTTPS, TLS_STARTTLS);
	assert_int_equal(conversation_new(&c, &plan, fake_store, 0, FAKE_NOW), -EINVAL);
	plan = fake_plan(PROTOCOL_SMTP, TLS_STARTTLS);
	(void)text_copy(plan.ca_file, sizeof(plan.ca_file), "/nonexistent");
	assert_int_equal(conversation_new(&c, &plan, fake_store, 0, FAKE_NOW), -ENOENT);
	(void)text_copy(plan.ca_file, sizeof(plan.ca_file), "/dev/null");
	assert_int_equal(conversation_new(&c, &plan, fake_store, 0, FAKE_NOW), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	   cmocka_unit_test(test_cut_at_each_step),
		cmocka_unit_test(test_old_tls),	   cmocka_unit_test(test_server_name),
		cmocka_unit_test(test_answer),	   cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_connection), cmocka_unit_test(test_bad_plans),
	};

	return cmocka_run_group_tests_name("conversation", tests, fake_play_set_up, fake_play_tear_down);
}
