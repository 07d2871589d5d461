// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/course.h"

#include <string.h>

#include "base/text.h"
#include "probe/tls/inspect.h"
#include "probe/wire/ending.h"
#include "probe/wire/tls_mode.h"

static void say(struct conversation *c, const char *text)
{
	transcript_add_ours(&c->transcript, text);
	if (c->tls)
		(void)tls_write(c->tls, text,
				strlen(text)); /* a failure shows in what is not answered */
	else
		outbox_put(&c->outbox, text, strlen(text));
}

static void trace_tls(struct conversation *c)
{
	char text[ANSWER_DETAIL_SIZE];

	(void)text_format(text, sizeof(text), "TLS: %s, %s%s%s%s", c->answer.tls_version,
			  c->answer.cipher, c->answer.tls_group[0] ? ", " : "", c->answer.tls_group,
			  tls_wants_certificate(c->tls) ? ", a client certificate was asked for"
							: "");
	transcript_add(&c->transcript, '-', text);
}

void course_handshake(struct conversation *c, uint64_t now)
{
	switch (tls_handshake(c->tls)) {
	case TLS_MORE:
		return;
	case TLS_FAILED:
		ending_fail_tls(c, now);
		return;
	case TLS_DONE:
		c->answer.tls_usec = now - c->phase_usec;
		c->phase_usec = now;
		inspect_handshake(c->tls, &c->answer);
		trace_tls(c);
		if (c->plan.check == PROBE_CONVERSATION)
			inspect_certificate(c->tls, &c->plan, c->unix_now, &c->answer);
		c->dialogue.asked_for_one = tls_wants_certificate(c->tls);
		c->state = STATE_TALKING;
		course_step(c, dialogue_secured(&c->dialogue), now);
		return;
	}
}

static void start_handshake(struct conversation *c, uint64_t now)
{
	int r = tls_new(&c->tls, c->store, c->plan.ca_file, c->plan.server_name, &c->plan.trust,
			c->unix_now);

	if (r < 0) {
		ending_incomplete(c, strerror(-r));
		return;
	}
	c->phase_usec = now;
	c->state = STATE_HANDSHAKE;
	course_handshake(c, now);
}

/* Does what the dialogue says comes next. */
void course_step(struct conversation *c, enum dialogue_result result, uint64_t now)
{
	char line[DIALOGUE_LINE_SIZE];

	switch (result) {
	case DIALOGUE_READ:
		return;
	case DIALOGUE_SEND:
		dialogue_line(&c->dialogue,
			      c->plan.helo_name[0] ? c->plan.helo_name : "[127.0.0.1]", line);
		say(c, line);
		return;
	case DIALOGUE_HANDSHAKE:
		start_handshake(c, now);
		return;
	case DIALOGUE_DONE:
		ending_finish(c, now);
		return;
	case DIALOGUE_FAILED:
		if (!dialogue_is_leaving(&c->dialogue)) {
			(void)text_format(line, sizeof(line), "%s\r\n",
					  dialogue_goodbye(&c->dialogue));
			say(c, line);
		}
		ending_finish(c, now);
		return;
	}
}

/* TLS was due, and this came. */
static void hear_plaintext(struct conversation *c, const char *line, uint64_t now)
{
	char seen[ANSWER_DETAIL_SIZE / 2], detail[ANSWER_DETAIL_SIZE];

	if (c->plan.tls == TLS_IMPLICIT && dialogue_is_good_greeting(&c->dialogue, line)) {
		(void)text_format(seen, sizeof(seen), "plain text in place of TLS: %s", line);
		tls_mode_explain(&c->plan, seen, detail);
		answer_add(&c->answer, FINDING_WRONG_TLS_MODE, detail);
	} else {
		dialogue_plaintext(&c->dialogue, line);
	}
	ending_finish(c, now);
}

void course_hear(struct conversation *c, const char *line, uint64_t now)
{
	bool greeting = dialogue_is_greeting(&c->dialogue);
	enum dialogue_result result;

	transcript_add(&c->transcript, 'S', line);
	if (c->state == STATE_PLAINTEXT) {
		hear_plaintext(c, line, now);
		return;
	}
	result = dialogue_feed(&c->dialogue, line);
	if (greeting && result != DIALOGUE_READ) {
		c->answer.greeting_usec =
			now > c->phase_usec ? now - c->phase_usec : 1; /* 0: not reached */
		c->phase_usec = now;
		patience_greeted(&c->patience, now);
	}
	course_step(c, result, now);
}

void course_try_tls(struct conversation *c, uint64_t now)
{
	int r = tls_new(&c->tls, c->store, c->plan.ca_file, c->plan.server_name, &c->plan.trust,
			c->unix_now);

	if (r < 0) {
		ending_incomplete(c, strerror(-r));
		return;
	}
	transcript_add(&c->transcript, '-', "silence; perhaps it waits for TLS: one try");
	c->state = STATE_LAST_TRY;
	patience_try(&c->patience, now);
	(void)tls_handshake(c->tls); /* its hello can be pulled now */
}
