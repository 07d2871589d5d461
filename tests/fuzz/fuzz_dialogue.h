/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server of one protocol that says anything; the handshake always succeeds. The first byte of the
 * input chooses what is wanted of it: "@" STARTTLS, "A" optional, "B" none, "C" implicit TLS; "D"
 * the injection check; "H" from the same host; "P" it asked for a client certificate. */
#ifndef FUZZ_DIALOGUE_H
#define FUZZ_DIALOGUE_H

#include "fuzz.h"
#include "probe/dialogue/dialogue.h"
#include "probe/wire/reply.h"

static enum dialogue_result fuzz_ours(struct dialogue *d, enum dialogue_result next)
{
	char line[DIALOGUE_LINE_SIZE];

	for (int i = 0; next == DIALOGUE_SEND || next == DIALOGUE_HANDSHAKE; i++) {
		claim(i < 4); /* it waits for an answer at last */
		if (next == DIALOGUE_HANDSHAKE) {
			next = dialogue_secured(d);
		} else {
			dialogue_line(d, "me.example", line);
			claim(strcmp(line + strlen(line) - 2, "\r\n") == 0);
			next = DIALOGUE_READ;
		}
	}
	return next;
}

static int fuzz_dialogue(enum protocol protocol, const uint8_t *data, size_t size)
{
	static const enum tls_mode modes[] = { TLS_STARTTLS, TLS_STARTTLS_OPTIONAL, TLS_NONE, TLS_IMPLICIT };
	struct reply *reply = calloc(1, sizeof(*reply));
	struct answer answer = { .complete = true };
	struct dialogue d;
	enum dialogue_result next;
	const char *bytes = (const char *)data + 1, *line;
	size_t n, literal;

	claim(reply);
	if (size > 0 && dialogue_start(&d, protocol, modes[data[0] & 3],
				       data[0] & 4 ? PROBE_INJECTION : PROBE_CONVERSATION, &answer, &next) == 0) {
		n = size - 1;
		d.same_host = data[0] & 8;
		d.asked_for_one = data[0] & 16;
		next = fuzz_ours(&d, next);
		while (next == DIALOGUE_READ && reply_line(reply, &bytes, &n, &line) > 0) {
			if (dialogue_literal(&d, line, reply_tail(reply), &literal))
				reply_continue(reply, literal);
			else
				next = fuzz_ours(&d, dialogue_feed(&d, line));
		}
		claim(next != DIALOGUE_FAILED || answer.n_findings > 0);
		claim_answer(&answer);
		claim(dialogue_awaited(&d) && *dialogue_awaited(&d));
		if (next == DIALOGUE_READ) {
			dialogue_plaintext(&d, reply_rest(reply) ? reply->line : "");
			claim_answer(&answer);
		}
	}
	free(reply);
	return 0;
}

#define FUZZ_DIALOGUE(PROTOCOL)                                      \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) \
	{                                                            \
		return fuzz_dialogue(PROTOCOL, data, size);          \
	}

#endif
