// SPDX-License-Identifier: LGPL-2.1-or-later
/* A whole conversation with a real TLS server, whose bytes are spoilt on their way. The input: a
 * byte of options, then spoilings of four bytes each, the distance from the last one (two bytes),
 * what to do, and a byte to do it with; behind a zero distance, the rest is said instead of the
 * server's words. */
#include "fuzz.h"

#include <openssl/err.h>

#include "tests/support/fake_server.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "probe/wire/conversation.h"

#define SCRIPT_STARTTLS                                                \
	"S:220 x\nC:EHLO\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 " \
	"go\nTLS\nC:EHLO\nS:250-x\nS:250 AUTH PLAIN\n"                 \
	"C:QUIT\nS:221 bye\nEOF"
#define SCRIPT_IMPLICIT "TLS\nS:220 x\nC:EHLO\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nS:221 bye\nEOF"

static struct fake_certificate certificate;
static struct tls_store *store;

static void spoil(const uint8_t *data, size_t size, uint8_t *bytes, size_t n, size_t *at, size_t *done)
{
	/* *at: where in the stream @bytes begin; *done: how far the spoilings are used up. */
	static size_t next;

	if (*at == 0)
		next = 0;
	while (*done + 4 <= size) {
		size_t distance = (size_t)data[*done] << 8 | data[*done + 1];

		if (next + distance >= *at + n)
			break;
		next += distance;
		if (next >= *at && data[*done + 2] & 1)
			bytes[next - *at] = data[*done + 3];
		else if (next >= *at)
			bytes[next - *at] ^= data[*done + 3];
		*done += 4;
	}
	*at += n;
}

static void converse(struct conversation *c, struct fake_server *server, const uint8_t *data, size_t size)
{
	size_t at = 0, done = 0, n;
	uint64_t now = 1;

	conversation_connected(c, now);
	while (!conversation_is_done(c)) {
		uint8_t bytes[512];
		const void *output;
		bool moved = false;
		int r;

		while ((output = conversation_output(c, &n)) && n > 0) {
			claim(BIO_write(server->in, output, (int)n) == (int)n);
			conversation_sent(c, n);
			moved = true;
		}
		fake_server_run(server);
		ERR_clear_error(); /* the server's complaints are not the client's */
		r = BIO_read(server->out, bytes, sizeof(bytes));
		if (r > 0)
			spoil(data, size, bytes, (size_t)r, &at, &done);
		if (r > 0)
			conversation_receive(c, bytes, (size_t)r, ++now);
		else if (server->closed)
			conversation_eof(c, ++now);
		else if (!moved)
			conversation_timeout(c, conversation_deadline(c));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_plan plan = { .protocol = PROTOCOL_SUBMISSION, .timeout_usec = USEC_PER_SEC };
	struct conversation *c;
	struct fake_server server;

	if (!store) {
		claim(tls_store_new(&store) == 0);
		certificate = fake_certify(NULL, "mail.example.test", "DNS:mail.example.test", 0, FAKE_NOW + FAKE_DAY);
	}
	if (size == 0)
		return 0;
	plan.tls = data[0] & 1 ? TLS_IMPLICIT : TLS_STARTTLS;
	plan.check = (data[0] & 3) == 2 ? PROBE_INJECTION : PROBE_CONVERSATION;
	(void)text_copy(plan.server_name, sizeof(plan.server_name), "mail.example.test");
	claim(conversation_new(&c, &plan, store, 0, FAKE_NOW) == 0);
	fake_server_init(&server, data[0] & 1 ? SCRIPT_IMPLICIT : SCRIPT_STARTTLS, &certificate);
	server.max_version = data[0] & 4 ? TLS1_2_VERSION : 0;
	converse(c, &server, data + 1, size - 1);
	claim_answer(conversation_answer(c));
	conversation_free(c);
	fake_server_clear(&server);
	return 0;
}
