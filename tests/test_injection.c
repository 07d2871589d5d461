// SPDX-License-Identifier: LGPL-2.1-or-later
/* A command behind STARTTLS in the same segment: is it obeyed inside TLS? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/daemon/injection.h"
#include "tests/support/dialogue_play.h"

#define SMTP                                                            \
	"S:220 x\nC:EHLO me.example\nS:250-x\nS:250-AUTH PLAIN\nS:250 " \
	"STARTTLS\nC:STARTTLS\nC:NOOP\n"
#define LMTP	     "S:220 x\nC:LHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nC:NOOP\n"
#define IMAP	     "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS\nS:a1 OK\nC:a2 STARTTLS\nC:i1 NOOP\n"
#define POP3	     "S:+OK\nC:CAPA\nS:+OK\nS:STLS\nS:USER\nS:.\nC:STLS\nC:XNOOP\n"
#define SIEVE	     "S:\"STARTTLS\"\nS:OK\nC:STARTTLS\nC:NOOP \"hearken\"\n"
#define SIEVE_INSIDE "S:\"SASL\" \"PLAIN\"\nS:OK \"TLS\"\n"

#define CHECK(WHY, PROTOCOL, SCRIPT, END, FINDING, DETAIL)                                          \
	{                                                                                           \
		WHY, PROTOCOL, TLS_STARTTLS, SCRIPT, END, FINDING, DETAIL, .check = PROBE_INJECTION \
	}
#define SAFE(WHY, PROTOCOL, SCRIPT) CHECK(WHY, PROTOCOL, SCRIPT, DIALOGUE_DONE, FINDING_NONE, "")
#define OBEYS(WHY, PROTOCOL, SCRIPT, DETAIL) \
	CHECK(WHY, PROTOCOL, SCRIPT, DIALOGUE_FAILED, FINDING_COMMAND_INJECTION, DETAIL)

static const struct row rows[] = {
	SAFE("smtp", PROTOCOL_SUBMISSION, SMTP "S:220 go\nTLS\nC:QUIT\nS:221 bye\n"),
	SAFE("smtp, in several lines", PROTOCOL_SMTP, SMTP "S:220 go\nTLS\nC:QUIT\nS:221-bye\n"),
	SAFE("smtp minds", PROTOCOL_SMTP, SMTP "S:220 go\nTLS\nC:QUIT\nS:554 5.5.1 do not pipeline\n"),
	SAFE("smtp minds and goes", PROTOCOL_SMTP, SMTP "S:220 go\nTLS\nC:QUIT\nS:421 4.7.0 bye\n"),
	OBEYS("smtp obeys", PROTOCOL_SUBMISSION, SMTP "S:220 go\nTLS\nC:QUIT\nS:250 2.0.0 Ok\n",
	      "NOOP, sent in plain text behind STARTTLS, is answered inside TLS: 250 2.0.0 Ok"),
	OBEYS("smtp obeys, and would have liked EHLO first", PROTOCOL_SMTP,
	      SMTP "S:220 go\nTLS\nC:QUIT\nS:503 5.5.1 EHLO first\n", "503 5.5.1"),
	OBEYS("lmtp obeys", PROTOCOL_LMTP, LMTP "S:220 go\nTLS\nC:QUIT\nS:250-2.0.0\n", "250-2.0.0"),
	SAFE("lmtp", PROTOCOL_LMTP, LMTP "S:220 go\nTLS\nC:QUIT\nS:221 2.0.0 bye\n"),
	SAFE("imap", PROTOCOL_IMAP, IMAP "S:a2 OK\nTLS\nC:a4 LOGOUT\nS:* 1 EXISTS\nS:* BYE\nS:a4 OK\n"),
	OBEYS("imap obeys", PROTOCOL_IMAP, IMAP "S:a2 OK\nTLS\nC:a4 LOGOUT\nS:i1 OK NOOP completed.\n",
	      "i1 NOOP, sent in plain text behind STARTTLS, is answered inside TLS: i1 OK NOOP"),
	OBEYS("imap obeys, and refuses", PROTOCOL_IMAP, IMAP "S:a2 OK\nTLS\nC:a4 LOGOUT\nS:* OK hm\nS:I1 BAD\n",
	      "I1 BAD"),
	SAFE("pop3", PROTOCOL_POP3, POP3 "S:+OK\nTLS\nC:QUIT\nS:+OK bye\n"),
	OBEYS("pop3 obeys", PROTOCOL_POP3, POP3 "S:+OK\nTLS\nC:QUIT\nS:-ERR Unknown command.\n", "-ERR Unknown"),
	SAFE("pop3 is busy", PROTOCOL_POP3, POP3 "S:+OK\nTLS\nC:QUIT\nS:-ERR [SYS/TEMP] later\n"),
	SAFE("sieve", PROTOCOL_SIEVE, SIEVE "S:OK\nTLS\n" SIEVE_INSIDE "C:LOGOUT\nS:OK \"bye\"\n"),
	SAFE("sieve says BYE", PROTOCOL_SIEVE, SIEVE "S:OK\nTLS\n" SIEVE_INSIDE "C:LOGOUT\nS:BYE\n"),
	OBEYS("sieve obeys", PROTOCOL_SIEVE,
	      SIEVE "S:OK\nTLS\n" SIEVE_INSIDE "C:LOGOUT\nS:OK (TAG {7}\nS:hearken) \"NOOP completed\"\n",
	      "OK (TAG {7}hearken)"),
	OBEYS("sieve obeys before it says what it can", PROTOCOL_SIEVE,
	      SIEVE "S:OK\nTLS\nS:OK (tag \"hearken\") \"\"\n", "NOOP"),
	OBEYS("sieve obeys, and does not know it", PROTOCOL_SIEVE,
	      SIEVE "S:OK\nTLS\n" SIEVE_INSIDE "C:LOGOUT\nS:NO \"unknown command\"\n", "NO "),
	/* All that is wrong before it is the other conversation's to tell; the owner drops these.
	 */
	CHECK("smtp refuses", PROTOCOL_SMTP, SMTP "S:503 5.5.0 pipelined\n", DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED,
	      ""),
	CHECK("smtp does not offer it", PROTOCOL_SMTP, "S:220 x\nC:EHLO me.example\nS:250 x\n", DIALOGUE_FAILED,
	      FINDING_STARTTLS_NOT_OFFERED, ""),
};

static void test_rows(void **state)
{
	play_rows(rows, ARRAY_SIZE(rows));
}

#define HOUR (3600 * USEC_PER_SEC)

static void test_schedule(void **state)
{
	static const struct {
		const char *why;
		enum tls_mode tls;
		bool complete, secured;
		uint64_t due, now;
		bool expected;
	} times[] = {
		{ "at start", TLS_STARTTLS, true, true, 0, 1, true },
		{ "where TLS is optional", TLS_STARTTLS_OPTIONAL, true, true, 0, 1, true },
		{ "not without STARTTLS", TLS_IMPLICIT, true, true, 0, 1, false },
		{ "not where TLS is not wanted", TLS_NONE, true, true, 0, 1, false },
		{ "not where TLS failed", TLS_STARTTLS, true, false, 0, 1, false },
		{ "not when nothing was asked", TLS_STARTTLS, false, true, 0, 1, false },
		{ "a day is not over", TLS_STARTTLS, true, true, 24 * HOUR, 24 * HOUR - 1, false },
		{ "a day is over", TLS_STARTTLS, true, true, 24 * HOUR, 24 * HOUR, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct injection injection = { .due_usec = times[i].due };
		struct service service = { .want.tls = times[i].tls };
		struct answer answer = { .complete = times[i].complete };

		if (times[i].secured)
			(void)text_copy(answer.tls_version, sizeof(answer.tls_version), "TLSv1.3");
		if (injection_is_due(&injection, &service, &answer, times[i].now) != times[i].expected)
			fail_msg("%s", times[i].why);
	}
}

/* What was found stays until it is found otherwise. */
static void test_memory(void **state)
{
	struct injection injection = { 0 };
	struct answer safe = { .complete = true }, nothing = { .complete = false }, obeyed = safe, unreachable = safe;

	answer_add(&obeyed, FINDING_COMMAND_INJECTION, "NOOP");
	injection_take(&injection, &safe, HOUR);
	assert_int_equal(injection.due_usec, 25 * HOUR);
	assert_int_equal(injection.found.n_findings, 0);
	injection_take(&injection, &obeyed, HOUR);
	assert_int_equal(injection.due_usec, 2 * HOUR);
	assert_int_equal(injection.found.n_findings, 1);
	injection_take(&injection, &nothing, 2 * HOUR);
	assert_int_equal(injection.due_usec, 3 * HOUR);
	assert_int_equal(injection.found.n_findings, 1);
	answer_add(&unreachable, FINDING_UNREACHABLE, "refused");
	injection_take(&injection, &unreachable, 2 * HOUR);
	assert_int_equal(injection.due_usec, 3 * HOUR);
	assert_int_equal(injection.found.finding, FINDING_COMMAND_INJECTION);
	injection_take(&injection, &safe, 3 * HOUR);
	assert_int_equal(injection.found.n_findings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("injection", tests, NULL, NULL);
}
