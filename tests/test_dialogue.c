// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each row is a whole conversation as it reads on the wire: "S:" the server says, "C:" we must say,
 * "TLS" the handshake is due and succeeds. It is played with the server's bytes cut at every place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dialogue.h"
#include "reply.h"
#include "text.h"

struct row {
	const char *why;
	enum protocol protocol;
	enum tls_mode tls;
	const char *script; /* lines that end in \n */
	enum dialogue_result end;
	enum finding finding;
	const char *detail; /* is part of the detail */
};

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
	  "TLS\nS:220 mail\nC:EHLO me.example\nS:250-mail\nS:250 AUTH=PLAIN\nC:QUIT\nS:221 bye\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "no AUTH inside TLS", PROTOCOL_SUBMISSION, TLS_IMPLICIT,
	  "TLS\nS:220 mail\nC:EHLO me.example\nS:250 mail\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE,
	  FINDING_AUTH_NOT_OFFERED, "lists no AUTH" },
	{ "AUTH before TLS alone does not do", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 m\nC:EHLO me.example\nS:250-m\nS:250-AUTH PLAIN\nS:250 "
	  "STARTTLS\nC:STARTTLS\nS:220 go\nTLS\n"
	  "C:EHLO me.example\nS:250 m\nC:QUIT\nS:221 bye\n",
	  DIALOGUE_DONE, FINDING_AUTH_NOT_OFFERED, "" },
	{ "a relay needs no AUTH", PROTOCOL_SMTP, TLS_IMPLICIT,
	  "TLS\nS:220 mail\nC:EHLO me.example\nS:250 mail\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE,
	  FINDING_NONE, "" },
	{ "a server by the name of STARTTLS", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220-STARTTLS\nS:220 x\nC:EHLO me.example\nS:250-STARTTLS\nS:250 SIZE\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "EHLO lists no STARTTLS" },
	{ "STARTTLSX is another word", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLSX\n", DIALOGUE_FAILED,
	  FINDING_STARTTLS_NOT_OFFERED, "" },
	{ "optional and not there", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL,
	  "S:220 x\nC:EHLO me.example\nS:250 x\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE, FINDING_NONE,
	  "" },
	{ "optional and there", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\nTLS\nC:EHLO "
	  "me.example\n"
	  "S:250 x\nC:QUIT\nS:221 bye\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "none, though offered", PROTOCOL_SUBMISSION, TLS_NONE,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:QUIT\nS:221 bye\n", DIALOGUE_DONE,
	  FINDING_NONE, "" },
	{ "Postfix with the wrong key", PROTOCOL_SUBMISSION, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\n"
	  "S:454 4.7.0 TLS not available due to local problem\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED, "STARTTLS: 454 4.7.0 TLS not available" },
	{ "too many connections", PROTOCOL_SMTP, TLS_STARTTLS, "S:421 4.7.0 too many connections\n",
	  DIALOGUE_FAILED, FINDING_REFUSED, "421 4.7.0 too many connections" },
	{ "no service, in several lines", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:554-no\nS:554 SMTP service here\n", DIALOGUE_FAILED, FINDING_REFUSED,
	  "554 SMTP service here" },
	{ "EHLO refused", PROTOCOL_SMTP, TLS_STARTTLS,
	  "S:220 x\nC:EHLO me.example\nS:504 need fully-qualified hostname\n", DIALOGUE_FAILED,
	  FINDING_REFUSED, "EHLO: 504 need" },
	{ "client certificate wanted", PROTOCOL_SMTP, TLS_IMPLICIT,
	  "TLS\nS:220 x\nC:EHLO me.example\nS:421 4.7.1 No required SSL certificate\n",
	  DIALOGUE_FAILED, FINDING_REFUSED, "421 4.7.1" },
	{ "another protocol", PROTOCOL_SMTP, TLS_STARTTLS, "S:SSH-2.0-OpenSSH_9.2\n",
	  DIALOGUE_FAILED, FINDING_NO_GREETING, "not a greeting of smtp: SSH-2.0" },
	{ "the goodbye may be anything", PROTOCOL_SMTP, TLS_NONE,
	  "S:220 x\nC:EHLO me.example\nS:250 x\nC:QUIT\nS:421 whatever\n", DIALOGUE_DONE,
	  FINDING_NONE, "" },
	{ "lmtp", PROTOCOL_LMTP, TLS_STARTTLS,
	  "S:220 x\nC:LHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\nTLS\nC:LHLO "
	  "me.example\n"
	  "S:250 x\nC:QUIT\nS:221 bye\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nC:a1 CAPABILITY\nS:* CAPABILITY IMAP4rev1 "
	  "STARTTLS ID\n"
	  "S:a1 OK done\nC:a2 STARTTLS\nS:a2 OK go\nTLS\nC:a3 CAPABILITY\nS:* CAPABILITY "
	  "IMAP4rev1\n"
	  "S:a3 OK done\nC:a4 LOGOUT\nS:* BYE\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap in other letters", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* ok hello\nC:a1 CAPABILITY\nS:* capability imap4rev1 starttls\nS:A1 ok\nC:a2 "
	  "STARTTLS\n"
	  "S:a2 ok completed\nTLS\nC:a3 CAPABILITY\nS:a3 OK\nC:a4 LOGOUT\nS:* BYE\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap over TLS", PROTOCOL_IMAP, TLS_IMPLICIT,
	  "TLS\nS:* OK x\nC:a1 CAPABILITY\nS:* CAPABILITY IMAP4rev1\nS:a1 OK\nC:a4 LOGOUT\nS:* "
	  "BYE\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "imap turns us away", PROTOCOL_IMAP, TLS_STARTTLS, "S:* BYE too many\n", DIALOGUE_FAILED,
	  FINDING_REFUSED, "* BYE too many" },
	{ "imap evicts us", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK x\nC:a1 CAPABILITY\nS:* BYE queue full\n", DIALOGUE_FAILED, FINDING_REFUSED,
	  "CAPABILITY: * BYE queue full" },
	{ "imap without", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK [CAPABILITY STARTTLS]\nC:a1 CAPABILITY\nS:* CAPABILITY IMAP4rev1\nS:a1 OK\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "" },
	{ "imap refuses", PROTOCOL_IMAP, TLS_STARTTLS,
	  "S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS\nS:a1 OK\nC:a2 STARTTLS\nS:a2 NO "
	  "later\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_REFUSED, "a2 NO later" },
	{ "pop3", PROTOCOL_POP3, TLS_STARTTLS,
	  "S:+OK "
	  "ready\nC:CAPA\nS:+OK\nS:TOP\nS:STLS\nS:.\nC:STLS\nS:+OK\nTLS\nC:CAPA\nS:+OK\nS:.\nC:"
	  "QUIT\n"
	  "S:+OK\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "pop3 without CAPA, over TLS", PROTOCOL_POP3, TLS_IMPLICIT,
	  "TLS\nS:+OK ready\nC:CAPA\nS:-ERR what\nC:QUIT\nS:+OK\n", DIALOGUE_DONE, FINDING_NONE,
	  "" },
	{ "pop3 without CAPA", PROTOCOL_POP3, TLS_STARTTLS, "S:+OK ready\nC:CAPA\nS:-ERR what\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "CAPA lists no STLS" },
	{ "pop3 busy", PROTOCOL_POP3, TLS_STARTTLS, "S:-ERR busy\n", DIALOGUE_FAILED,
	  FINDING_REFUSED, "-ERR busy" },
	{ "sieve", PROTOCOL_SIEVE, TLS_STARTTLS,
	  "S:\"IMPLEMENTATION\" \"D\"\nS:\"STARTTLS\"\nS:OK \"ready\"\nC:STARTTLS\nS:OK "
	  "\"go\"\nTLS\n"
	  "S:\"SASL\" \"PLAIN\"\nS:OK \"TLS\"\nC:LOGOUT\nS:OK\n",
	  DIALOGUE_DONE, FINDING_NONE, "" },
	{ "sieve over TLS", PROTOCOL_SIEVE, TLS_IMPLICIT,
	  "TLS\nS:\"SASL\" \"PLAIN\"\nS:OK\nC:LOGOUT\nS:OK\n", DIALOGUE_DONE, FINDING_NONE, "" },
	{ "sieve without", PROTOCOL_SIEVE, TLS_STARTTLS, "S:\"SIEVE\" \"STARTTLS\"\nS:OK\n",
	  DIALOGUE_FAILED, FINDING_STARTTLS_NOT_OFFERED, "the greeting lists no STARTTLS" },
	{ "sieve turns us away", PROTOCOL_SIEVE, TLS_STARTTLS, "S:BYE \"full\"\n", DIALOGUE_FAILED,
	  FINDING_REFUSED, "BYE \"full\"" },
	{ "https", PROTOCOL_HTTPS, TLS_IMPLICIT, "TLS\n", DIALOGUE_DONE, FINDING_NONE, "" },
};

struct play {
	const struct row *row;
	struct dialogue dialogue;
	struct reply reply;
	enum dialogue_result next;
	const char *at; /* in the script */
};

/* Plays what is ours, up to where the server is to speak. */
static void play_ours(struct play *play)
{
	char line[DIALOGUE_LINE_SIZE], expected[DIALOGUE_LINE_SIZE];

	while (play->next == DIALOGUE_SEND || play->next == DIALOGUE_HANDSHAKE) {
		const char *end = strchr(play->at, '\n');

		if (!end)
			fail_msg("%s: goes on (%d) behind the script's end", play->row->why,
				 play->next);
		if (play->next == DIALOGUE_HANDSHAKE) {
			if (!text_starts_with(play->at, "TLS\n"))
				fail_msg("%s: wants TLS at %s", play->row->why, play->at);
			play->next = dialogue_secured(&play->dialogue);
		} else {
			dialogue_line(&play->dialogue, "me.example", line);
			(void)text_format(expected, sizeof(expected), "C:%.*s\r\n",
					  (int)(end - play->at), play->at + 2);
			expected[2 + (end - play->at - 2)] = '\0';
			line[strcspn(line, "\r")] = '\0';
			if (strcmp(line, expected + 2) != 0)
				fail_msg("%s: says %s, not %s", play->row->why, line, expected + 2);
			play->next = DIALOGUE_READ;
		}
		play->at = end + 1;
	}
}

static void hear(struct play *play, const char *bytes, size_t n)
{
	const char *line;

	while (reply_line(&play->reply, &bytes, &n, &line) > 0) {
		if (play->next != DIALOGUE_READ)
			fail_msg("%s: does not listen to %s", play->row->why, line);
		play->next = dialogue_feed(&play->dialogue, line);
	}
}

static void play_row(const struct row *row, size_t cut)
{
	struct play play = { .row = row, .at = row->script };

	assert_int_equal(dialogue_start(&play.dialogue, row->protocol, row->tls, &play.next), 0);
	play_ours(&play);
	while (*play.at) {
		size_t n = strchr(play.at, '\n') + 1 - play.at - 2, here = cut < n ? cut : n;
		const char *line = play.at + 2;

		if (!text_starts_with(play.at, "S:"))
			fail_msg("%s: should have gone on with %s", row->why, play.at);
		hear(&play, line, here);
		hear(&play, line + here, n - here);
		play.at += 2 + n;
		play_ours(&play);
	}
	if (play.next != row->end || play.dialogue.finding != row->finding ||
	    !strstr(play.dialogue.detail, row->detail))
		fail_msg("%s: ends with %d, %s (%s)", row->why, play.next,
			 finding_name(play.dialogue.finding), play.dialogue.detail);
}

static void test_rows(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t cut = 0; cut <= strlen(rows[i].script); cut++)
			play_row(&rows[i], cut);
}

static void test_plaintext(void **state)
{
	static const struct {
		enum protocol protocol;
		enum tls_mode tls;
		const char *line;
		enum finding finding;
	} lines[] = {
		{ PROTOCOL_SMTP, TLS_STARTTLS, "421 4.0.0 TLS initialization failed.",
		  FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_SMTP, TLS_STARTTLS, "250 evil", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_SMTP, TLS_STARTTLS, "4211 evil", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_IMAP, TLS_STARTTLS, "* BYE TLS initialization failed.",
		  FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_IMAP, TLS_STARTTLS, "* CAPABILITY LOGIN", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_POP3, TLS_STARTTLS, "-ERR [SYS/TEMP] TLS",
		  FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_POP3, TLS_STARTTLS, "+OK", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_SIEVE, TLS_STARTTLS, "BYE \"TLS\"", FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_SIEVE, TLS_STARTTLS, "OK", FINDING_RESPONSE_INJECTION },
		{ PROTOCOL_HTTPS, TLS_IMPLICIT, "HTTP/1.1 400 Bad Request",
		  FINDING_TLS_HANDSHAKE_FAILED },
		{ PROTOCOL_SMTP, TLS_IMPLICIT, "220 no TLS here", FINDING_TLS_HANDSHAKE_FAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct dialogue dialogue;
		enum dialogue_result next;

		assert_int_equal(dialogue_start(&dialogue, lines[i].protocol, lines[i].tls, &next),
				 0);
		dialogue_plaintext(&dialogue, lines[i].line);
		if (dialogue.finding != lines[i].finding || !strstr(dialogue.detail, lines[i].line))
			fail_msg("%s: %s (%s)", lines[i].line, finding_name(dialogue.finding),
				 dialogue.detail);
	}
}

static void test_no_such_dialogue(void **state)
{
	struct dialogue dialogue;
	enum dialogue_result next;

	assert_int_equal(dialogue_start(&dialogue, PROTOCOL_HTTPS, TLS_STARTTLS, &next), -EINVAL);
	assert_int_equal(dialogue_start(&dialogue, PROTOCOL_HTTPS, TLS_NONE, &next), -EINVAL);
	assert_int_equal(dialogue_start(&dialogue, PROTOCOL_UNSET, TLS_STARTTLS, &next), -EINVAL);
	assert_int_equal(dialogue_start(&dialogue, PROTOCOL_SMTP, TLS_UNSET, &next), -EINVAL);
	assert_int_equal(dialogue_start(&dialogue, PROTOCOL_COUNT, TLS_NONE, &next), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_plaintext),
		cmocka_unit_test(test_no_such_dialogue),
	};

	return cmocka_run_group_tests_name("dialogue", tests, NULL, NULL);
}
