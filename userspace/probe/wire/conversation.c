// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/conversation.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/certificate/inspect.h"
#include "probe/dialogue/dialogue.h"
#include "probe/wire/outbox.h"
#include "probe/wire/proxy.h"
#include "probe/wire/reply.h"

/* The first byte of a TLS record tells it from text (RFC 8446, 5.1: 20 to 23). */
#define RECORD_TYPE_MIN 20
#define RECORD_TYPE_MAX 23

enum state {
	STATE_CONNECTING,
	STATE_TALKING,
	STATE_HANDSHAKE,
	STATE_PLAINTEXT, /* text came where TLS was due: one line of it, then the end */
	STATE_DONE,
};

struct conversation {
	enum state state;
	struct probe_plan plan;
	struct tls_store *store;
	struct dialogue dialogue;
	struct reply reply;
	struct tls *tls; /* NULL before the handshake */
	bool heard_tls;	 /* a first record came */
	struct outbox outbox;
	uint64_t started_usec;
	uint64_t deadline_usec;
	uint64_t phase_usec; /* when the present phase began */
	int64_t unix_now;
	enum dialogue_result first;
	conversation_trace trace; /* NULL: nobody listens */
	void *userdata;
	struct answer answer;
};

DEFINE_FREEP(struct conversation, conversation_free)

static void trace(struct conversation *c, char who, const char *text)
{
	char shown[2 * ANSWER_DETAIL_SIZE];

	if (!c->trace)
		return;
	(void)text_copy(shown, sizeof(shown), text);
	text_sanitize(shown);
	c->trace(who, shown, c->userdata);
}

static void trace_lines(struct conversation *c, const char *text)
{
	char line[DIALOGUE_LINE_SIZE];

	for (; c->trace && *text; text += strcspn(text, "\n") + 1) {
		(void)text_format(line, sizeof(line), "%.*s", (int)strcspn(text, "\r\n"), text);
		trace(c, 'C', line);
	}
}

static void say(struct conversation *c, const char *text)
{
	trace_lines(c, text);
	if (c->tls)
		(void)tls_write(c->tls, text,
				strlen(text)); /* a failure shows in what is not answered */
	else
		outbox_put(&c->outbox, text, strlen(text));
}

/* Of this check, only one finding counts. */
static void settle_injection(struct conversation *c)
{
	if (c->answer.finding == FINDING_COMMAND_INJECTION)
		return;
	c->answer.complete = dialogue_is_past_starttls(&c->dialogue);
	c->answer.finding = FINDING_NONE;
	c->answer.n_findings = 0;
}

static void finish(struct conversation *c, uint64_t now)
{
	if (c->tls)
		tls_close(c->tls);
	c->answer.complete = true;
	c->answer.total_usec = now - c->started_usec;
	c->state = STATE_DONE;
	if (c->plan.check == PROBE_INJECTION)
		settle_injection(c);
}

static void fail(struct conversation *c, enum finding finding, const char *detail, uint64_t now)
{
	trace(c, '-', detail);
	answer_add(&c->answer, finding, detail);
	finish(c, now);
}

/* Ours to answer for, not the server's. */
static void give_up(struct conversation *c, int r, uint64_t now)
{
	finish(c, now);
	c->answer = (struct answer){ .complete = false };
	(void)text_copy(c->answer.detail, sizeof(c->answer.detail), strerror(-r));
}

static void fail_tls(struct conversation *c, uint64_t now)
{
	char reason[TLS_DETAIL_SIZE];
	enum finding finding = tls_failure(c->tls, reason);

	c->answer.client_certificate_asked = tls_wants_certificate(c->tls);
	fail(c, finding, reason, now);
}

static void step(struct conversation *c, enum dialogue_result result, uint64_t now);

static void trace_tls(struct conversation *c)
{
	char text[ANSWER_DETAIL_SIZE];

	(void)text_format(text, sizeof(text), "TLS: %s, %s%s%s%s", c->answer.tls_version,
			  c->answer.cipher, c->answer.tls_group[0] ? ", " : "", c->answer.tls_group,
			  tls_wants_certificate(c->tls) ? ", a client certificate was asked for"
							: "");
	trace(c, '-', text);
}

static void advance_handshake(struct conversation *c, uint64_t now)
{
	switch (tls_handshake(c->tls)) {
	case TLS_MORE:
		return;
	case TLS_FAILED:
		fail_tls(c, now);
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
		step(c, dialogue_secured(&c->dialogue), now);
		return;
	}
}

static void start_handshake(struct conversation *c, uint64_t now)
{
	int r = tls_new(&c->tls, c->store, c->plan.ca_file, c->plan.server_name, &c->plan.trust,
			c->unix_now);

	if (r < 0) {
		give_up(c, r, now);
		return;
	}
	c->phase_usec = now;
	c->state = STATE_HANDSHAKE;
	advance_handshake(c, now);
}

/* Does what the dialogue says comes next. */
static void step(struct conversation *c, enum dialogue_result result, uint64_t now)
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
		finish(c, now);
		return;
	case DIALOGUE_FAILED:
		if (!dialogue_is_leaving(&c->dialogue)) {
			(void)text_format(line, sizeof(line), "%s\r\n",
					  dialogue_goodbye(&c->dialogue));
			say(c, line);
		}
		finish(c, now);
		return;
	}
}

static void hear_line(struct conversation *c, const char *line, uint64_t now)
{
	bool greeting = dialogue_is_greeting(&c->dialogue);
	enum dialogue_result result;

	trace(c, 'S', line);
	if (c->state == STATE_PLAINTEXT) {
		dialogue_plaintext(&c->dialogue, line);
		finish(c, now);
		return;
	}
	result = dialogue_feed(&c->dialogue, line);
	if (greeting && result != DIALOGUE_READ) {
		c->answer.greeting_usec =
			now > c->phase_usec ? now - c->phase_usec : 1; /* 0: not reached */
		c->phase_usec = now;
	}
	step(c, result, now);
}

static void fail_limit(struct conversation *c, int r, uint64_t now)
{
	char detail[ANSWER_DETAIL_SIZE];

	if (c->state == STATE_PLAINTEXT) {
		fail(c, FINDING_TLS_HANDSHAKE_FAILED, "endless plain text in place of TLS", now);
		return;
	}
	if (r == -EMSGSIZE)
		(void)text_format(detail, sizeof(detail),
				  "a line of more than %d bytes instead of %s", REPLY_LINE_MAX,
				  dialogue_awaited(&c->dialogue));
	else
		(void)text_format(detail, sizeof(detail), "more than %d bytes without an end of %s",
				  REPLY_TOTAL_MAX, dialogue_awaited(&c->dialogue));
	fail(c, dialogue_is_greeting(&c->dialogue) ? FINDING_NO_GREETING : FINDING_REFUSED, detail,
	     now);
}

/* Hears lines off the front until the bytes are used up or something else than text is due. */
static void hear(struct conversation *c, const char **bytes, size_t *n, uint64_t now)
{
	enum state state = c->state;
	const char *line;
	size_t literal;
	int r;

	while (c->state == state) {
		r = reply_line(&c->reply, bytes, n, &line);
		if (r == 0)
			return;
		if (r > 0 && dialogue_literal(&c->dialogue, line, reply_tail(&c->reply), &literal))
			reply_continue(&c->reply, literal);
		else if (r > 0)
			hear_line(c, line, now);
		else if (dialogue_is_leaving(&c->dialogue))
			step(c, DIALOGUE_DONE, now);
		else
			fail_limit(c, r, now);
	}
}

static void hear_inside(struct conversation *c, uint64_t now)
{
	char bytes[2048];

	while (c->state == STATE_TALKING) {
		ssize_t r = tls_read(c->tls, bytes, sizeof(bytes));
		const char *at = bytes;
		size_t n;

		if (r == 0)
			return;
		if (r < 0 && dialogue_is_leaving(&c->dialogue)) {
			step(c, DIALOGUE_DONE, now);
		} else if (r == -ENODATA) {
			conversation_eof(c, now);
		} else if (r < 0) {
			/* With TLS 1.3 a server's refusal comes only now: a client certificate
			 * that it wants, for one. */
			fail_tls(c, now);
		} else {
			n = r;
			hear(c, &at, &n, now);
		}
	}
}

static void receive_tls(struct conversation *c, const char *bytes, size_t n, uint64_t now)
{
	if (tls_push(c->tls, bytes, n) < 0) {
		give_up(c, -ENOMEM, now);
		return;
	}
	if (c->state == STATE_HANDSHAKE)
		advance_handshake(c, now);
	if (c->state == STATE_TALKING)
		hear_inside(c, now);
}

void conversation_receive(struct conversation *c, const void *bytes, size_t n, uint64_t now)
{
	const char *at = bytes;

	while (n > 0 && c->state != STATE_DONE) {
		if (c->state == STATE_HANDSHAKE && !c->heard_tls) {
			c->heard_tls = *at >= RECORD_TYPE_MIN && *at <= RECORD_TYPE_MAX;
			if (!c->heard_tls)
				c->state = STATE_PLAINTEXT;
		}
		if (c->state == STATE_PLAINTEXT || !c->tls) {
			hear(c, &at, &n, now);
		} else {
			receive_tls(c, at, n, now);
			n = 0;
		}
	}
}

void conversation_set_trace(struct conversation *c, conversation_trace on_line, void *userdata)
{
	c->trace = on_line;
	c->userdata = userdata;
}

void conversation_same_host(struct conversation *c)
{
	c->dialogue.same_host = true;
}

static void say_header(struct conversation *c)
{
	size_t n;
	const char *bytes = proxy_bytes(c->plan.proxy_header, &n);

	outbox_put(&c->outbox, bytes, n);
	if (n > 0)
		trace(c, '-', "a PROXY protocol header is sent");
}

void conversation_connected(struct conversation *c, uint64_t now)
{
	assert(c->state == STATE_CONNECTING);
	c->answer.connect_usec = now - c->started_usec;
	c->phase_usec = now;
	c->state = STATE_TALKING;
	say_header(c);
	step(c, c->first, now);
}

/* The connection ended by itself: @how. */
static void end(struct conversation *c, const char *how, uint64_t now)
{
	const char *rest = reply_rest(&c->reply);
	char detail[ANSWER_DETAIL_SIZE];

	/* Last words may lack their line end, and still be the reason. */
	if (rest && c->state != STATE_CONNECTING)
		hear_line(c, rest, now);
	switch (c->state) {
	case STATE_CONNECTING:
		fail(c, FINDING_UNREACHABLE, how, now);
		return;
	case STATE_TALKING:
		if (dialogue_is_leaving(&c->dialogue)) {
			step(c, DIALOGUE_DONE, now);
			return;
		}
		(void)text_format(detail, sizeof(detail), "%s while waiting for %s", how,
				  dialogue_awaited(&c->dialogue));
		fail(c, FINDING_CLOSED_EARLY, detail, now);
		return;
	case STATE_HANDSHAKE:
	case STATE_PLAINTEXT:
		(void)text_format(detail, sizeof(detail), "%s in the handshake", how);
		fail(c, FINDING_TLS_HANDSHAKE_FAILED, detail, now);
		return;
	case STATE_DONE:
		return;
	}
}

void conversation_eof(struct conversation *c, uint64_t now)
{
	end(c, "closed by the server", now);
}

void conversation_broken(struct conversation *c, int error, uint64_t now)
{
	end(c, strerror(error), now);
}

void conversation_timeout(struct conversation *c, uint64_t now)
{
	char waited[32], detail[ANSWER_DETAIL_SIZE];
	const char *rest;

	text_show_duration(now - c->started_usec, waited, sizeof(waited));
	switch (c->state) {
	case STATE_CONNECTING:
		(void)text_format(detail, sizeof(detail), "no answer to connect within %s", waited);
		fail(c, FINDING_UNREACHABLE, detail, now);
		return;
	case STATE_TALKING:
		if (dialogue_is_leaving(&c->dialogue)) {
			step(c, DIALOGUE_DONE, now);
			return;
		}
		(void)text_format(detail, sizeof(detail), "waited %s in vain for %s%s", waited,
				  dialogue_awaited(&c->dialogue), c->tls ? ", inside TLS" : "");
		fail(c, FINDING_NO_GREETING, detail, now);
		return;
	case STATE_PLAINTEXT:
		rest = reply_rest(&c->reply);
		hear_line(c, rest ? rest : "", now);
		return;
	case STATE_HANDSHAKE:
		(void)text_format(detail, sizeof(detail), "the handshake is not done after %s",
				  waited);
		fail(c, FINDING_TLS_HANDSHAKE_FAILED, detail, now);
		return;
	case STATE_DONE:
		return;
	}
}

const void *conversation_output(struct conversation *c, size_t *ret_n)
{
	return outbox_get(&c->outbox, c->tls, ret_n);
}

void conversation_sent(struct conversation *c, size_t n)
{
	outbox_sent(&c->outbox, n);
}

bool conversation_is_connected(const struct conversation *c)
{
	return c->state != STATE_CONNECTING;
}

bool conversation_is_done(const struct conversation *c)
{
	return c->state == STATE_DONE;
}

uint64_t conversation_deadline(const struct conversation *c)
{
	return c->deadline_usec;
}

const struct answer *conversation_answer(const struct conversation *c)
{
	return &c->answer;
}

void conversation_unreachable(struct answer *ret, int error)
{
	*ret = (struct answer){ .complete = true };
	answer_add(ret, FINDING_UNREACHABLE, strerror(error));
}

int conversation_new(struct conversation **ret, const struct probe_plan *plan,
		     struct tls_store *store, uint64_t now_usec, int64_t unix_now)
{
	cleanup(conversation_freep) struct conversation *c = NULL;
	uint64_t timeout = plan->timeout_usec ? plan->timeout_usec : PLAN_TIMEOUT_USEC;
	int r;

	if (!plan_is_valid(plan))
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	r = dialogue_start(&c->dialogue, plan->protocol, plan->tls, plan->check, &c->answer,
			   &c->first);
	if (r < 0)
		return r;
	/* A CA file that cannot be had is known now, before anybody connects. */
	r = plan->tls == TLS_NONE ? 0 : tls_store_load(store, plan->ca_file);
	if (r < 0)
		return r;
	c->plan = *plan;
	c->store = store;
	c->started_usec = now_usec;
	c->deadline_usec = timeout < USEC_NEVER - now_usec ? now_usec + timeout : USEC_NEVER;
	c->unix_now = unix_now;
	*ret = TAKE_PTR(c);
	return 0;
}

void conversation_free(struct conversation *c)
{
	if (!c)
		return;
	tls_free(c->tls);
	free(c);
}
