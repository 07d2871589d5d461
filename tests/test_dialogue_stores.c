// SPDX-License-Identifier: LGPL-2.1-or-later
/* The dialogues of where mail is kept: IMAP, POP3, ManageSieve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/dialogue_play.h"

#define IMAP_END  "C:a2 STARTTLS\nS:a2 OK go\nTLS\nC:a3 CAPABILITY\nS:a3 OK\nC:a4 LOGOUT\nS:* BYE\n"
#define POP3_END  "C:STLS\nS:+OK\nTLS\nC:CAPA\nS:+OK\nS:USER\nS:.\nC:QUIT\nS:+OK\n"
#define SIEVE_END "C:STARTTLS\nS:OK\nTLS\nS:\"SASL\" \"PLAIN\"\nS:OK\nC:LOGOUT\nS:OK\n"

static const struct row rows[] = {
	{ "imap", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nC:a1 CAPABILITY\nS:* CAPABILITY IMAP4rev1 "
	  "STARTTLS LOGINDISABLED ID\n"
	  "S:a1 OK done\nC:a2 STARTTLS\nS:a2 OK go\nTLS\nC:a3 CAPABILITY\nS:* CAPABILITY "
	  "IMAP4rev1\n"
	  "S:a3 OK done\nC:a4 LOGOUT\nS:* BYE\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap in other letters", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* ok hello\nC:a1 CAPABILITY\nS:* capability imap4rev1 starttls LoginDisabled\nS:A1 "
	  "ok\nC:a2 "
	  "STARTTLS\n"
	  "S:a2 ok completed\nTLS\nC:a3 CAPABILITY\nS:a3 OK\nC:a4 LOGOUT\nS:* BYE\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap over TLS", PROTOCOL_IMAP, TLS_IMPLICIT,
	  "TLS\nS:* OK x\nC:a1 CAPABILITY\nS:* CAPABILITY IMAP4rev1\nS:a1 OK\nC:a4 LOGOUT\nS:* "
	  "BYE\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap turns us away", PROTOCOL_IMAP, TLS_STARTTLS, "S:* BYE too many\n", DIALOGUE_FAILED, FINDING_REFUSED,
	  "* BYE too many" },
	{ "imap evicts us", PROTOCOL_IMAP, TLS_STARTTLS, "S:* OK x\nC:a1 CAPABILITY\nS:* BYE queue full\n",
	  DIALOGUE_FAILED, FINDING_REFUSED, "CAPABILITY: * BYE queue full" },
	{ "imap without", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK [CAPABILITY STARTTLS]\nC:a1 CAPABILITY\nS:* CAPABILITY IMAP4rev1 "
	  "LOGINDISABLED\nS:a1 OK\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "" },
	{ "imap refuses", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS LOGINDISABLED\nS:a1 OK\nC:a2 "
	  "STARTTLS\nS:a2 NO "
	  "later\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED, "a2 NO later" },
	{ "pop3", PROTOCOL_POP3, TLS_STARTTLS,
	  "S:+OK "
	  "ready\nC:CAPA\nS:+OK\nS:TOP\nS:STLS\nS:.\nC:STLS\nS:+OK\nTLS\nC:CAPA\nS:+OK\nS:.\nC:"
	  "QUIT\n"
	  "S:+OK\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "pop3 without CAPA, over TLS", PROTOCOL_POP3, TLS_IMPLICIT,
	  "TLS\nS:+OK ready\nC:CAPA\nS:-ERR what\nC:QUIT\nS:+OK\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "pop3 without CAPA", PROTOCOL_POP3, TLS_STARTTLS, "S:+OK ready\nC:CAPA\nS:-ERR what\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "CAPA lists no STLS" },
	{ "pop3 busy", PROTOCOL_POP3, TLS_STARTTLS, "S:-ERR busy\n", DIALOGUE_FAILED, FINDING_REFUSED, "-ERR busy" },
	{ "sieve", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"IMPLEMENTATION\" \"D\"\nS:\"STARTTLS\"\nS:OK \"ready\"\nC:STARTTLS\nS:OK "
	  "\"go\"\nTLS\n"
	  "S:\"SASL\" \"PLAIN\"\nS:OK \"TLS\"\nC:LOGOUT\nS:OK\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "sieve over TLS", PROTOCOL_SIEVE, TLS_IMPLICIT, "TLS\nS:\"SASL\" \"PLAIN\"\nS:OK\nC:LOGOUT\nS:OK\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "sieve without", PROTOCOL_SIEVE, TLS_STARTTLS, "S:\"SIEVE\" \"STARTTLS\"\nS:OK\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "the greeting lists no STARTTLS" },
	{ "sieve turns us away", PROTOCOL_SIEVE, TLS_STARTTLS, "S:BYE \"full\"\n", DIALOGUE_FAILED, FINDING_REFUSED,
	  "BYE \"full\"" },

	{ "imap with data that nobody asked for", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* 3 EXISTS\nS:* CAPABILITY STARTTLS LOGINDISABLED\nS:* OK "
	  "still here\nS:a1 OK\n"
	  "C:a2 STARTTLS\nS:* LIST () \"/\" INBOX\nS:* OK [ALERT] x\nS:a2 OK go\nTLS\nC:a3 "
	  "CAPABILITY\nS:* 1 RECENT\n"
	  "S:a3 OK\nC:a4 LOGOUT\nS:* 7 EXISTS\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap with capabilities before the greeting", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* CAPABILITY IMAP4rev1\nS:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS "
	  "LOGINDISABLED\nS:a1 OK\n" IMAP_END,
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap: the newest list counts", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS AUTH=PLAIN\nS:* CAPABILITY "
	  "LOGINDISABLED\nS:a1 OK\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "CAPABILITY lists no STARTTLS" },
	{ "imap: the list is in the tagged line", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:a1 OK [CAPABILITY IMAP4rev1 LOGINDISABLED STARTTLS] "
	  "done\n" IMAP_END,
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap without a list", PROTOCOL_IMAP, TLS_STARTTLS, "S:* OK\nC:a1 CAPABILITY\nS:a1 OK\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "" },
	{ "imap: a word of the text is no capability", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY LOGINDISABLED XSTARTTLS STARTTLSX\nS:a1 OK "
	  "[CAPABILITY LOGINDISABLED] "
	  "STARTTLS\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "" },
	{ "imap literals", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK {9} is text\nC:a1 CAPABILITY\nS:* ID (\"name\" {6}\nS:a1 NO)\nS:* CAPABILITY "
	  "STARTTLS LOGINDISABLED\n"
	  "S:* LIST () {0}\nS: {9}\nS:a1 BAD {4\nS:* OK {3}\nS:a1 OK x {7}\n" IMAP_END,
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap: a literal that looks like the announcement of one", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* X {3}\nS:{4}\nS:* CAPABILITY STARTTLS LOGINDISABLED\nS:a1 "
	  "OK\n" IMAP_END,
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap: passwords by a mechanism", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS LOGINDISABLED AUTH=CRAM-MD5 "
	  "AUTH=plain\nS:a1 OK\n" IMAP_END,
	  DIALOGUE_DONE, FINDING_AUTH_BEFORE_TLS, "CAPABILITY, before TLS, lists AUTH=PLAIN" },
	{ "imap: passwords by LOGIN", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS IMAP4rev1\nS:a1 OK\n" IMAP_END, DIALOGUE_DONE,
	  FINDING_AUTH_BEFORE_TLS, "before TLS, lists no LOGINDISABLED" },
	{ "imap: the same to its own host", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS IMAP4rev1\nS:a1 OK\n" IMAP_END, DIALOGUE_DONE, FINDING_NONE,
	  "", .same_host = true },
	{ "imap: logged in without asking", PROTOCOL_IMAP, TLS_STARTTLS, "S:* PREAUTH welcome\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "* PREAUTH welcome" },
	{ "imap: the same inside TLS", PROTOCOL_IMAP, TLS_IMPLICIT,
	  "TLS\nS:* PREAUTH welcome\nC:a1 CAPABILITY\nS:* CAPABILITY X\nS:a1 OK\nC:a4 LOGOUT\nS:* "
	  "BYE\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap: the same, and TLS is not needed", PROTOCOL_IMAP, TLS_STARTTLS_OPTIONAL,
	  "S:* PREAUTH welcome\nC:a4 LOGOUT\nS:* BYE\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap is busy", PROTOCOL_IMAP, TLS_STARTTLS, "S:* BYE [UNAVAILABLE] later\n", DIALOGUE_FAILED, FINDING_BUSY,
	  "[UNAVAILABLE] later" },
	{ "imap has a limit", PROTOCOL_IMAP, TLS_IMPLICIT, "TLS\nS:* BYE [LIMIT]\n", DIALOGUE_FAILED, FINDING_BUSY,
	  "" },
	{ "imap says BAD to STARTTLS", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS LOGINDISABLED\nS:a1 OK\nC:a2 "
	  "STARTTLS\nS:a2 BAD {3}\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED, "a2 STARTTLS: a2 BAD {3}" },
	{ "imap: another's tag", PROTOCOL_IMAP, TLS_STARTTLS, "S:* OK\nC:a1 CAPABILITY\nS:a11 OK\n", DIALOGUE_FAILED,
	  FINDING_REFUSED, "a11 OK" },
	{ "SMTP on the port of imap", PROTOCOL_IMAP, TLS_STARTTLS, "S:220 mail ESMTP\n", DIALOGUE_FAILED,
	  FINDING_NO_GREETING, "not a greeting of imap: 220 mail" },

	{ "pop3 with APOP", PROTOCOL_POP3, TLS_STARTTLS,
	  "S:+OK POP3 <1896.697170952@dbc.mtview.ca.us>\nC:CAPA\nS:+OK list\nS:stls\nS:EXPIRE 60 "
	  "{3}\nS:.\n" POP3_END,
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "pop3: a dot begins a line", PROTOCOL_POP3, TLS_STARTTLS,
	  "S:+OK\nC:CAPA\nS:+OK\nS:..\nS:.STLS\nS:-ERR\nS:. \nS:STLS\nS:.\n" POP3_END, DIALOGUE_DONE, FINDING_NONE,
	  "" },
	{ "pop3: passwords by USER", PROTOCOL_POP3, TLS_STARTTLS,
	  "S:+OK\nC:CAPA\nS:+OK\nS:USER\nS:STLS\nS:.\n" POP3_END, DIALOGUE_DONE, FINDING_AUTH_BEFORE_TLS,
	  "CAPA, before TLS, lists USER" },
	{ "pop3: passwords by a mechanism", PROTOCOL_POP3, TLS_STARTTLS,
	  "S:+OK\nC:CAPA\nS:+OK\nS:SASL CRAM-MD5 LOGIN\nS:STLS\nS:.\n" POP3_END, DIALOGUE_DONE, FINDING_AUTH_BEFORE_TLS,
	  "lists SASL LOGIN" },
	{ "pop3: other words", PROTOCOL_POP3, TLS_STARTTLS,
	  "S:+OK\nC:CAPA\nS:+OK STLS\nS:USERS\nS:SASL\nS:XSTLS\nS:SASL CRAM-MD5\nS:.\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "CAPA lists no STLS" },
	{ "pop3: why CAPA was refused", PROTOCOL_POP3, TLS_STARTTLS, "S:+OK\nC:CAPA\nS:-ERR no such thing\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "lists no STLS: -ERR no such thing" },
	{ "pop3 is busy", PROTOCOL_POP3, TLS_STARTTLS, "S:-ERR [SYS/TEMP] later\n", DIALOGUE_FAILED, FINDING_BUSY, "" },
	{ "pop3 is busy at CAPA", PROTOCOL_POP3, TLS_STARTTLS, "S:+OK\nC:CAPA\nS:-ERR [LOGIN-DELAY] x\n",
	  DIALOGUE_FAILED, FINDING_BUSY, "CAPA: -ERR [LOGIN-DELAY]" },
	{ "pop3 refuses STLS", PROTOCOL_POP3, TLS_STARTTLS,
	  "S:+OK\nC:CAPA\nS:+OK\nS:STLS\nS:.\nC:STLS\nS:-ERR not now\n", DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED,
	  "STLS: -ERR not now" },
	{ "+OKAY is no greeting", PROTOCOL_POP3, TLS_STARTTLS, "S:+OKAY\n", DIALOGUE_FAILED, FINDING_NO_GREETING,
	  "not a greeting of pop3: +OKAY" },

	{ "sieve in literals", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"IMPLEMENTATION\" {5}\nS:OK \\\"\nS:{8}\nS:starttls\nS:{4+}\nS:SASL "
	  "{8}\nS:CRAM-MD5\nS:OK (WARNINGS) {2}\nS:NO\n" SIEVE_END,
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "sieve: a literal with line ends in it", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"X\" {8}\nS:OK\nS:NO\nS:BY\nS:\"STARTTLS\"\nS:OK\n" SIEVE_END, DIALOGUE_DONE, FINDING_NONE, "" },
	{ "sieve: escapes, and what looks like a literal", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"IMPLEMENTATION\" \"a \\\"STARTTLS\\\" {4}\"\nS:\"STARTTLS\"\nS:OK\n" SIEVE_END, DIALOGUE_DONE,
	  FINDING_NONE, "" },
	{ "sieve: a quoted name with escapes", PROTOCOL_SIEVE, TLS_STARTTLS, "S:\"START\\TLS\" \nS:OK\n" SIEVE_END,
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "sieve: STARTTLS as a value alone", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"NOTIFY\" {8}\nS:STARTTLS\nS:\"STARTTLS2\"\nS:OK\n", DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "" },
	{ "sieve: passwords", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"SASL\" \"SCRAM-SHA-256 PLAIN\"\nS:\"STARTTLS\"\nS:OK\n" SIEVE_END, DIALOGUE_DONE,
	  FINDING_AUTH_BEFORE_TLS, "the greeting, before TLS, lists SASL PLAIN" },
	{ "sieve: passwords in a literal", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"SASL\" {5}\nS:PLAIN\nS:\"STARTTLS\"\nS:OK\n" SIEVE_END, DIALOGUE_DONE, FINDING_AUTH_BEFORE_TLS, "" },
	{ "sieve: nothing to log in with yet", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"SASL\" \"\"\nS:\"STARTTLS\"\nS:OK\n" SIEVE_END, DIALOGUE_DONE, FINDING_NONE, "" },
	{ "sieve is busy", PROTOCOL_SIEVE, TLS_STARTTLS, "S:BYE (TRYLATER) {4}\nS:full\n", DIALOGUE_FAILED,
	  FINDING_BUSY, "BYE (TRYLATER) {4}full" },
	{ "sieve refuses STARTTLS", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"STARTTLS\"\nS:OK\nC:STARTTLS\nS:NO \"not today\"\n", DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED,
	  "NO \"not today\"" },
	{ "another server on the port of sieve", PROTOCOL_SIEVE, TLS_STARTTLS, "S:+OK ready\n", DIALOGUE_FAILED,
	  FINDING_NO_GREETING, "not a greeting of sieve: +OK" },
};

static void test_rows(void **state)
{
	play_rows(rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests_name("dialogue, stores", tests, NULL, NULL);
}
