// SPDX-License-Identifier: LGPL-2.1-or-later
/* One row a fault, with the finding that it must make and a pattern for the detail: what was seen
 * of real servers, and what hostile ones could do. Nothing of it may take long or much memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <regex.h>
#include <sys/resource.h>
#include <time.h>

#include "probe/wire/patience.h"
#include "tests/support/fake_play.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define OFFER                                                                     \
	"S:220 mail ready\nC:EHLO me.example\nS:250-mail\nS:250-STARTTLS\nS:250 " \
	"SIZE\nC:STARTTLS\n"
#define GO     OFFER "S:220 2.0.0 go\n"
#define INSIDE "TLS\nC:EHLO me.example\nS:250-mail\nS:250 AUTH PLAIN\nC:QUIT\nS:221 bye\nEOF"
#define IMAP_GO                                                                          \
	"S:* OK\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS LOGINDISABLED\nS:a1 OK\nC:a2 " \
	"STARTTLS\nS:a2 OK go\n"
#define POP3_GO	 "S:+OK\nC:CAPA\nS:+OK\nS:STLS\nS:.\nC:STLS\nS:+OK go\n"
#define SIEVE_GO "S:\"STARTTLS\"\nS:OK\nC:STARTTLS\nS:OK \"go\"\n"
#define LMTP_GO	 "S:220 x\nC:LHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\n"

struct row {
	const char *why;
	enum protocol protocol;
	enum tls_mode tls;
	const char *script;
	enum finding finding;
	const char *detail; /* extended regular expression */
	enum which which;
	int max_version, ask_certificate, chain_copies;
	enum finding also;
	enum probe_check check;
	bool incomplete;
};

#define SUBMISSION PROTOCOL_SUBMISSION, TLS_STARTTLS
#define WRAPPED	   PROTOCOL_SUBMISSION, TLS_IMPLICIT
#define IMAP	   PROTOCOL_IMAP, TLS_STARTTLS
#define POP3	   PROTOCOL_POP3, TLS_STARTTLS
#define SIEVE	   PROTOCOL_SIEVE, TLS_STARTTLS
#define LMTP	   PROTOCOL_LMTP, TLS_STARTTLS

/* What every tool that was looked at calls healthy, one or another of them. */
static const struct row lab[] = {
	{ "healthy", SUBMISSION, GO INSIDE, FINDING_NONE, "^$" },
	{ "healthy, STARTTLS is the last line", SUBMISSION,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\n" INSIDE, FINDING_NONE, "^$" },
	{ "certificate expired", SUBMISSION, GO INSIDE, FINDING_CERTIFICATE_EXPIRED, "valid from .* CN=mail", EXPIRED },
	{ "wrong host name", SUBMISSION, GO INSIDE, FINDING_CERTIFICATE_NAME_MISMATCH, "other.example.test",
	  WRONG_HOST },
	{ "self-signed", SUBMISSION, GO INSIDE, FINDING_CERTIFICATE_UNTRUSTED, "self-signed", SELF_SIGNED },
	{ "unknown CA", SUBMISSION, GO INSIDE, FINDING_CERTIFICATE_UNTRUSTED, "unable to get local issuer", STRANGER },
	{ "STARTTLS not offered", SUBMISSION, "S:220 x\nC:EHLO me.example\nS:250-x\nS:250 SIZE\nC:QUIT\nEOF",
	  FINDING_STARTTLS_NOT_OFFERED, "^the answer to EHLO lists no STARTTLS$" },
	{ "STARTTLS answered 454", SUBMISSION, OFFER "S:454 4.7.0 TLS not available due to local problem\nC:QUIT\nEOF",
	  FINDING_STARTTLS_REFUSED, "^STARTTLS: 454 4\\.7\\.0 TLS not available due to local problem$" },
	{ "AUTH PLAIN before TLS", SUBMISSION,
	  "S:220 x\nC:EHLO me.example\nS:250-x\nS:250-AUTH PLAIN LOGIN\nS:250 "
	  "STARTTLS\nC:STARTTLS\nS:220 go\n" INSIDE,
	  FINDING_AUTH_BEFORE_TLS, "^the answer to EHLO, before TLS, lists AUTH PLAIN$" },
	{ "command injection", SUBMISSION, "K\n" OFFER "C:NOOP\nS:220 go\nTLS\nS:250 2.0.0 Ok\nC:QUIT\nS:221 bye\nEOF",
	  FINDING_COMMAND_INJECTION, "NOOP, sent in plain text behind STARTTLS, is answered inside TLS: 250 2.0.0 Ok",
	  .check = PROBE_INJECTION },
	{ "plaintext reply injected before TLS", SUBMISSION, GO "S:250 injected\n" INSIDE, FINDING_RESPONSE_INJECTION,
	  "^plain text in place of TLS: 250 injected$" },
	{ "no AUTH after TLS", SUBMISSION, GO "TLS\nC:EHLO me.example\nS:250 x\nC:QUIT\nEOF", FINDING_AUTH_NOT_OFFERED,
	  "^the answer to EHLO, inside TLS, lists no AUTH$" },
	{ "TLS 1.0 only", SUBMISSION, GO INSIDE, FINDING_TLS_TOO_OLD, "protocol", .max_version = TLS1_VERSION },
	{ "TLS 1.1 only", WRAPPED, "TLS\nS:220 x\n", FINDING_TLS_TOO_OLD, "protocol", .max_version = TLS1_1_VERSION },
	{ "accepts, never greets", SUBMISSION, "", FINDING_NO_GREETING, "^waited 10\\.0 s in vain for the greeting$" },
};

/* Seen of Dovecot, Postfix, Exim, nginx, haproxy, Courier, postscreen. */
static const struct row seen[] = {
	{ "the key does not fit: smtp", SUBMISSION, GO "S:421 4.0.0 mail TLS initialization failed.\nEOF",
	  FINDING_TLS_HANDSHAKE_FAILED, "plain text in place of TLS: 421 4\\.0\\.0 mail TLS initialization failed\\." },
	{ "the key does not fit: imap", IMAP, IMAP_GO "S:* BYE [UNAVAILABLE] TLS initialization failed.\nEOF",
	  FINDING_TLS_HANDSHAKE_FAILED, "\\* BYE \\[UNAVAILABLE\\] TLS initialization failed" },
	{ "the key does not fit: pop3", POP3, POP3_GO "S:-ERR [SYS/TEMP] TLS initialization failed.\nEOF",
	  FINDING_TLS_HANDSHAKE_FAILED, "-ERR \\[SYS/TEMP\\] TLS" },
	{ "the key does not fit: sieve", SIEVE, SIEVE_GO "S:BYE \"TLS initialization failed.\"\nEOF",
	  FINDING_TLS_HANDSHAKE_FAILED, "BYE \"TLS initialization" },
	{ "the key does not fit: lmtp", LMTP, "S:220 x\nC:LHLO me.example\nS:250-x\nS:250 CHUNKING\nC:QUIT\nEOF",
	  FINDING_STARTTLS_NOT_OFFERED, "LHLO lists no STARTTLS" },
	{ "the key does not fit: 465", WRAPPED, "EOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "closed by the server in the handshake" },
	{ "offered, and then 502", SUBMISSION, OFFER "S:502 5.5.1 TLS support is not enabled.\nC:QUIT\nEOF",
	  FINDING_STARTTLS_REFUSED, "502 5\\.5\\.1 TLS support is not enabled" },
	{ "evicted", SUBMISSION, "S:220 x\nC:EHLO me.example\nS:421 4.0.0 mail Connection queue full\nEOF",
	  FINDING_BUSY, "Connection queue full" },
	{ "Postfix' limit", SUBMISSION, "S:421 4.7.0 mail Error: too many connections from 127.0.0.1\nEOF",
	  FINDING_BUSY, "too many connections" },
	{ "Exim's limit", SUBMISSION, "S:421 Too many concurrent SMTP connections from this IP address\nEOF",
	  FINDING_BUSY, "^421" },
	{ "Courier's limit", SUBMISSION, "EOF", FINDING_CLOSED_EARLY,
	  "closed by the server while waiting for the greeting" },
	{ "a helo that is not liked", SUBMISSION,
	  "S:220 x\nC:EHLO me.example\nS:504 5.5.2 <me>: Helo command rejected: need "
	  "fully-qualified hostname\nC:QUIT\nEOF",
	  FINDING_REFUSED, "^EHLO: 504 5\\.5\\.2 .*need fully-qualified" },
	{ "a client certificate is required, TLS 1.3, by nginx", SUBMISSION,
	  GO "TLS\nC:EHLO me.example\nS:421 4.7.1 No required SSL certificate\nEOF", FINDING_REFUSED,
	  "421 4\\.7\\.1 No required SSL certificate; it asked for a client certificate",
	  .ask_certificate = SSL_VERIFY_PEER },
	{ "a client certificate is asked for", SUBMISSION, GO INSIDE, FINDING_NONE, "^$",
	  .ask_certificate = SSL_VERIFY_PEER },
	{ "haproxy before a dead backend", WRAPPED, "TLS\n", FINDING_NO_GREETING, "the greeting, inside TLS" },
	{ "imap likewise", PROTOCOL_IMAP, TLS_IMPLICIT, "TLS\n", FINDING_NO_GREETING, "the greeting, inside TLS" },
	{ "it expects a PROXY header", SUBMISSION, "RST", FINDING_CLOSED_EARLY, "waiting for the greeting" },
	{ "postscreen's teaser", SUBMISSION, "S:220-please wait a little\n" GO INSIDE, FINDING_NONE, "^$" },
	{ "nginx' bare +OK", POP3,
	  "S:+OK POP3 "
	  "ready\nC:CAPA\nS:+OK\nS:STLS\nS:.\nC:STLS\nS:+OK\nTLS\nC:CAPA\nS:+OK\nS:.\nC:QUIT\nEOF",
	  FINDING_NONE, "^$" },
	{ "the port is another protocol's", SUBMISSION, "S:HTTP/1.1 400 Bad Request\nEOF", FINDING_NO_GREETING,
	  "not a greeting of submission: HTTP" },
	{ "no TLS on a TLS port", WRAPPED, "S:220 mail ready\n", FINDING_WRONG_TLS_MODE,
	  "plain text in place of TLS: 220 mail ready" },
	{ "a banner of several lines on a TLS port", WRAPPED, "S:220-mail ready\n", FINDING_WRONG_TLS_MODE,
	  "220-mail" },
	{ "TLS on a STARTTLS port waits for us", SUBMISSION, "TLS\n", FINDING_WRONG_TLS_MODE,
	  "silent until TLS began.*begin in plain text" },
	{ "no AUTH, and the certificate has expired", SUBMISSION, GO "TLS\nC:EHLO me.example\nS:250 x\nC:QUIT\nEOF",
	  FINDING_CERTIFICATE_EXPIRED, "also auth-not-offered", EXPIRED, .also = FINDING_AUTH_NOT_OFFERED },
};

/* What could be thrown at us. */
static const struct row hostile[] = {
	{ "endless greeting", SUBMISSION, "FLOOD:220-\nEOF", FINDING_NO_GREETING, "more than 65536 bytes" },
	{ "a greeting of 10 MB", SUBMISSION, "LONG\nEOF", FINDING_NO_GREETING, "a line of more than 8192 bytes" },
	{ "endless list", SUBMISSION, "S:220 x\nC:EHLO me.example\nFLOOD:250-\nEOF", FINDING_REFUSED,
	  "more than 65536 bytes" },
	{ "endless untagged data", IMAP, "S:* OK\nC:a1 CAPABILITY\nFLOOD:* \nEOF", FINDING_REFUSED,
	  "more than 65536 bytes" },
	{ "an endless literal", IMAP, "S:* OK\nC:a1 CAPABILITY\nS:* X {9999999999}\nLONG\nEOF", FINDING_REFUSED,
	  "a line of more than 8192" },
	{ "endless CAPA", POP3, "S:+OK\nC:CAPA\nS:+OK\nFLOOD:X\nEOF", FINDING_REFUSED, "more than 65536" },
	{ "endless capabilities", SIEVE, "FLOOD:\"X\" \"\nEOF", FINDING_NO_GREETING, "more than 65536" },
	{ "endless inside TLS", WRAPPED, "TLS\nFLOOD:220-\nEOF", FINDING_NO_GREETING, "more than 65536" },
	{ "an endless goodbye", WRAPPED,
	  "TLS\nS:220 x\nC:EHLO me.example\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nLONG\nEOF", FINDING_NONE, "^$" },
	{ "endless plain text for TLS", SUBMISSION, GO "LONG\nEOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "endless plain text" },
	{ "NUL bytes", SUBMISSION, "B:323230206100006200000d0a\nC:EHLO me.example\nB:3500300d0a\nEOF", FINDING_REFUSED,
	  "5\\?0" },
	{ "only NUL bytes", SUBMISSION, "B:000000000a\nEOF", FINDING_NO_GREETING, "\\?\\?\\?\\?" },
	{ "an alert: handshake failure", WRAPPED, "B:15030300020228\nEOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "handshake failure" },
	{ "an alert: protocol version", WRAPPED, "B:15030300020246\nEOF", FINDING_TLS_TOO_OLD, "protocol version" },
	{ "an alert: internal error", SUBMISSION, GO "B:15030300020250\nEOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "internal error" },
	{ "an alert: close notify", WRAPPED, "B:15030300020100\nEOF", FINDING_TLS_HANDSHAKE_FAILED, "" },
	{ "a record of another version", WRAPPED, "B:1605050004020000000000\nEOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "wrong version number" },
	{ "a record that is too large", WRAPPED, "B:160303ffff02000000\nEOF", FINDING_TLS_HANDSHAKE_FAILED, "" },
	{ "application data for a handshake", WRAPPED, "B:17030300050000000000\nEOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "" },
	{ "garbage behind the handshake", WRAPPED,
	  "TLS\nB:17030300200000000000000000000000000000000000000000000000000000000000000000\n",
	  FINDING_TLS_HANDSHAKE_FAILED, "" },
	{ "plain text behind the handshake", WRAPPED, "TLS\nB:3232302068656c6c6f0d0a\n", FINDING_TLS_HANDSHAKE_FAILED,
	  "wrong version number|bad record type" }, /* OpenSSL 3.0, and 3.5 */
	{ "half a record, and the end", WRAPPED, "B:16030300\nEOF", FINDING_TLS_HANDSHAKE_FAILED,
	  "closed by the server in the handshake" },
	{ "half a record, and silence", WRAPPED, "B:16030300\n", FINDING_TLS_HANDSHAKE_FAILED,
	  "not done after 10\\.0 s" },
	{ "renegotiation", WRAPPED, "TLS\nS:220 x\nAGAIN\nC:EHLO me.example\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nEOF",
	  FINDING_NONE, "^$", .max_version = TLS1_2_VERSION },
	{ "renegotiation before the greeting", WRAPPED,
	  "TLS\nAGAIN\nS:220 x\nC:EHLO me.example\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nEOF", FINDING_NONE, "^$",
	  .max_version = TLS1_2_VERSION },
	{ "a chain of 10 certificates", WRAPPED,
	  "TLS\nS:220 x\nC:EHLO me.example\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nEOF", FINDING_NONE, "^$",
	  .chain_copies = 9 },
	{ "a chain of 500 certificates", WRAPPED, "TLS\nS:220 x\n", FINDING_TLS_HANDSHAKE_FAILED,
	  "excessive message size", .chain_copies = 500 },
	{ "a client certificate is required, TLS 1.2", WRAPPED, "TLS\nS:220 x\n", FINDING_TLS_HANDSHAKE_FAILED, "",
	  .max_version = TLS1_2_VERSION, .ask_certificate = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT },
	{ "a client certificate is required, TLS 1.3", WRAPPED, "TLS\nS:220 x\n", FINDING_TLS_HANDSHAKE_FAILED,
	  "certificate required", .ask_certificate = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT },
	{ "the end of TLS for a greeting", WRAPPED, "TLS\nSHUT\nEOF", FINDING_CLOSED_EARLY,
	  "waiting for the greeting" },
	{ "cut off inside TLS", WRAPPED, "TLS\nS:220 x\nC:EHLO me.example\nEOF", FINDING_CLOSED_EARLY,
	  "waiting for the answer to EHLO" },
	{ "injected responses: imap", IMAP, IMAP_GO "S:* OK [ALERT] call us\nTLS\n", FINDING_RESPONSE_INJECTION,
	  "\\[ALERT\\]" },
	{ "injected responses: pop3", POP3, POP3_GO "S:+OK\nTLS\n", FINDING_RESPONSE_INJECTION, "\\+OK" },
	{ "injected responses: sieve", SIEVE, SIEVE_GO "S:\"SASL\" \"PLAIN\"\nS:OK\nTLS\n", FINDING_RESPONSE_INJECTION,
	  "SASL" },
	{ "injected responses: lmtp", LMTP, LMTP_GO "S:250 x\nTLS\n", FINDING_RESPONSE_INJECTION, "250 x" },
	{ "an injected response without an end", SUBMISSION, GO "s:250 x\nEOF", FINDING_RESPONSE_INJECTION, "250 x" },
};

#define CHECK .check = PROBE_INJECTION
static const struct row injection[] = {
	{ "drops what came too early", SUBMISSION, "D\n" OFFER "S:220 go\nTLS\nC:QUIT\nS:221 bye\nEOF", FINDING_NONE,
	  "^$", CHECK },
	{ "takes it for TLS", SUBMISSION, OFFER "S:220 go\nTLS\nEOF", FINDING_NONE, "", CHECK },
	{ "refuses", SUBMISSION, OFFER "S:554 5.5.0 pipelined\nC:NOOP\nC:QUIT\nEOF", FINDING_NONE, "", CHECK },
	{ "answers it in plain text", SUBMISSION, "D\n" OFFER "S:220 go\nS:250 ok\nTLS\n", FINDING_NONE, "", CHECK },
	{ "hangs up inside", SUBMISSION, "D\n" OFFER "S:220 go\nTLS\nEOF", FINDING_NONE, "", CHECK },
	{ "is silent inside", SUBMISSION, "D\n" OFFER "S:220 go\nTLS\n", FINDING_NONE, "", CHECK },
	{ "imap obeys", IMAP, "K\n" IMAP_GO "TLS\nC:i1 NOOP\nS:i1 OK\nC:a4 LOGOUT\nS:* BYE\nEOF",
	  FINDING_COMMAND_INJECTION, "i1 OK", CHECK },
	{ "pop3 obeys", POP3, "K\n" POP3_GO "TLS\nC:XNOOP\nS:-ERR unknown\nC:QUIT\nS:+OK\nEOF",
	  FINDING_COMMAND_INJECTION, "-ERR unknown", CHECK },
	{ "sieve obeys", SIEVE,
	  "K\n" SIEVE_GO "TLS\nS:\"SASL\" \"\"\nS:OK\nC:NOOP\nS:OK (TAG \"hearken\") \"\"\nC:LOGOUT\nEOF",
	  FINDING_COMMAND_INJECTION, "TAG", CHECK },
	{ "lmtp obeys", LMTP, "K\n" LMTP_GO "TLS\nC:NOOP\nS:250 ok\nC:QUIT\nS:221 bye\nEOF", FINDING_COMMAND_INJECTION,
	  "250 ok", CHECK },
	{ "an ordinary conversation with the same server", SUBMISSION, "K\n" GO INSIDE, FINDING_NONE, "^$" },
	{ "what is wrong before is not its matter", SUBMISSION, "S:220 x\nC:EHLO me.example\nS:250 x\nC:QUIT\nEOF",
	  FINDING_NONE, "lists no STARTTLS", CHECK, .incomplete = true },
	{ "nor is a certificate", SUBMISSION, "D\n" OFFER "S:220 go\nTLS\nC:QUIT\nS:221 bye\nEOF", FINDING_NONE, "^$",
	  EXPIRED, CHECK },
	{ "busy", SUBMISSION, "S:421 x\nEOF", FINDING_NONE, "421", CHECK, .incomplete = true },
};

static bool matches(const char *pattern, const char *text)
{
	regex_t regex;
	bool found;

	must(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0);
	found = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static void check(const struct row *row, size_t piece)
{
	struct probe_plan plan = fake_plan(row->protocol, row->tls);
	struct fake_server server;
	struct answer answer;

	plan.check = row->check;
	fake_server_init(&server, row->script, &fake_certificates[row->which]);
	server.max_version = row->max_version;
	server.ask_certificate = row->ask_certificate;
	server.chain_copies = row->chain_copies;
	converse(&plan, &server, piece, &answer);
	if (server.wrong)
		fail_msg("%s: the server heard something else before %s", row->why, server.at);
	if (answer.complete == row->incomplete || answer.finding != row->finding ||
	    !matches(row->detail, answer.detail) ||
	    answer.n_findings != (uint32_t)(row->finding != 0) + (row->also != 0) ||
	    (row->also && answer.findings[1].finding != row->also))
		fail_msg("%s (%zu): %s (%s), %u findings", row->why, piece, finding_name(answer.finding), answer.detail,
			 answer.n_findings);
}

/* In one piece, byte by byte, and in pieces that no record or line has. */
static void check_rows(const struct row *rows, size_t n)
{
	static const size_t pieces[] = { 4096, 1, 7, 1021 };

	for (size_t i = 0; i < n; i++) {
		/* What could be injected comes in one piece, by definition. */
		bool whole = rows[i].check == PROBE_INJECTION;
		struct timespec before, after;

		clock_gettime(CLOCK_MONOTONIC, &before);
		for (size_t k = 0; k < (whole ? 1 : ARRAY_SIZE(pieces)); k++)
			check(&rows[i], pieces[k]);
		clock_gettime(CLOCK_MONOTONIC, &after);
		if (after.tv_sec - before.tv_sec > 20)
			fail_msg("%s takes %ld s", rows[i].why, (long)(after.tv_sec - before.tv_sec));
	}
}

static void test_lab(void **state)
{
	check_rows(lab, ARRAY_SIZE(lab));
}

static void test_seen(void **state)
{
	check_rows(seen, ARRAY_SIZE(seen));
}

static void test_hostile(void **state)
{
	check_rows(hostile, ARRAY_SIZE(hostile));
}

static void test_injection(void **state)
{
	check_rows(injection, ARRAY_SIZE(injection));
}

/* A byte a second does not make a conversation last longer than it may. */
static void test_slow(void **state)
{
	struct probe_plan plan = fake_plan(PROTOCOL_SUBMISSION, TLS_STARTTLS);
	struct conversation *c;
	uint64_t now = 0;

	assert_int_equal(conversation_new(&c, &plan, fake_store, 0, FAKE_NOW), 0);
	conversation_connected(c, 0);
	while (now < conversation_deadline(c))
		conversation_receive(c, "2", 1, now += USEC_PER_SEC);
	assert_int_equal(now, PATIENCE_GREETING_USEC);
	conversation_timeout(c, now);
	assert_true(conversation_is_done(c));
	assert_int_equal(conversation_answer(c)->finding, FINDING_NO_GREETING);
	conversation_free(c);
}

/* The server says @bytes, and after @pause_usec @rest. */
static void say_slowly(const struct probe_plan *plan, const char *bytes, uint64_t pause_usec, const char *rest,
		       struct answer *ret)
{
	struct conversation *c;
	uint64_t now = pause_usec;
	size_t n;

	assert_int_equal(conversation_new(&c, plan, fake_store, 0, FAKE_NOW), 0);
	conversation_connected(c, 0);
	conversation_receive(c, bytes, strlen(bytes), 0);
	while (!conversation_is_done(c) && conversation_deadline(c) <= now)
		conversation_timeout(c, conversation_deadline(c));
	if (!conversation_is_done(c)) {
		conversation_receive(c, rest, strlen(rest), now);
		(void)conversation_output(c, &n);
		assert_true(conversation_deadline(c) > now);
		conversation_receive(c, "421 busy\r\n", strlen("421 busy\r\n"), now);
	}
	*ret = *conversation_answer(c);
	conversation_free(c);
}

#define SEC USEC_PER_SEC

/* Bytes are life; silence is judged by what the port is. Who got as far as EHLO is sent away there. */
static void test_slow_greeting(void **state)
{
	static const struct {
		const char *why;
		enum protocol protocol;
		enum tls_mode tls;
		uint64_t timeout_usec;
		bool hurried;
		const char *bytes;
		uint64_t pause_usec;
		const char *rest;
		bool incomplete;
		enum finding finding;
	} slow[] = {
		{ "postscreen, 15 s", PROTOCOL_SMTP, TLS_NONE, 10 * SEC, false, "220-wait\r\n", 15 * SEC, "220 x\r\n",
		  false, FINDING_BUSY },
		{ "the same with a short timeout", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL, 3 * SEC, false, "220-wait\r\n",
		  15 * SEC, "220 x\r\n", false, FINDING_BUSY },
		{ "the same on submission", PROTOCOL_SUBMISSION, TLS_STARTTLS, 10 * SEC, false, "220-wait\r\n",
		  15 * SEC, "220 x\r\n", false, FINDING_BUSY },
		{ "a line in two pieces", PROTOCOL_SUBMISSION, TLS_STARTTLS, 10 * SEC, false, "22", 15 * SEC, "0 x\r\n",
		  false, FINDING_BUSY },
		{ "in time for nobody who hurries", PROTOCOL_SMTP, TLS_NONE, 5 * SEC, true, "220-wait\r\n", 15 * SEC,
		  "", true, FINDING_NONE },
		{ "begun, and never over", PROTOCOL_SMTP, TLS_NONE, 10 * SEC, false, "220-wait\r\n", 60 * SEC, "",
		  false, FINDING_NO_GREETING },
		{ "a tarpit of 25 s between mail servers", PROTOCOL_SMTP, TLS_NONE, 10 * SEC, false, "", 25 * SEC,
		  "220 x\r\n", false, FINDING_BUSY },
		{ "silence there", PROTOCOL_SMTP, TLS_NONE, 10 * SEC, false, "", 40 * SEC, "", false,
		  FINDING_NO_GREETING },
		{ "silence, and little time", PROTOCOL_SMTP, TLS_NONE, 3 * SEC, false, "", 10 * SEC, "", false,
		  FINDING_NO_GREETING },
		{ "silence where people are", PROTOCOL_SUBMISSION, TLS_STARTTLS, 10 * SEC, false, "", 12 * SEC, "",
		  false, FINDING_NO_GREETING },
		{ "silence, sieve", PROTOCOL_SIEVE, TLS_STARTTLS, 10 * SEC, false, "", 12 * SEC, "", false,
		  FINDING_NO_GREETING },
		{ "sieve takes its time", PROTOCOL_SIEVE, TLS_STARTTLS, 10 * SEC, false, "\"STARTTLS\"\r\n", 12 * SEC,
		  "BYE (TRYLATER)\r\n", false, FINDING_BUSY },
		{ "imap takes its time", PROTOCOL_IMAP, TLS_NONE, 10 * SEC, false, "* CAPABILITY X\r\n", 12 * SEC,
		  "* BYE [UNAVAILABLE]\r\n", false, FINDING_BUSY },
		{ "text when it is too late", PROTOCOL_SUBMISSION, TLS_STARTTLS, 10 * SEC, false, "",
		  10 * SEC + SEC / 2, "220 x\r\n", true, FINDING_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
		struct probe_plan plan = fake_plan(slow[i].protocol, slow[i].tls);
		struct answer answer;

		plan.timeout_usec = slow[i].timeout_usec;
		plan.hurried = slow[i].hurried;
		say_slowly(&plan, slow[i].bytes, slow[i].pause_usec, slow[i].rest, &answer);
		if (answer.complete == slow[i].incomplete || answer.finding != slow[i].finding)
			fail_msg("%s: %s, %s (%s)", slow[i].why, answer.complete ? "complete" : "incomplete",
				 finding_name(answer.finding), answer.detail);
		assert_true(answer.complete || answer.detail[0]);
	}
}

/* What befalls us is no finding. */
static void test_our_own_trouble(void **state)
{
	static const int errors[] = { ENOMEM, EMFILE, EPERM, ENOBUFS, EADDRNOTAVAIL };
	struct probe_plan plan = fake_plan(PROTOCOL_SUBMISSION, TLS_STARTTLS);

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct conversation *c;
		struct answer answer;

		assert_int_equal(conversation_new(&c, &plan, fake_store, 0, FAKE_NOW), 0);
		if (i % 2)
			conversation_connected(c, 0);
		conversation_broken(c, errors[i], 1);
		assert_true(conversation_is_done(c) && !conversation_answer(c)->complete);
		assert_string_equal(conversation_answer(c)->detail, strerror(errors[i]));
		conversation_free(c);
		conversation_unreachable(&answer, errors[i]);
		assert_true(!answer.complete && answer.finding == FINDING_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lab),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_slow_greeting),
		cmocka_unit_test(test_our_own_trouble),
	};

	return cmocka_run_group_tests_name("faults", tests, fake_play_set_up, fake_play_tear_down);
}
