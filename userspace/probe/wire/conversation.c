// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/conversation.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/wire/course.h"
#include "probe/wire/ending.h"
#include "probe/wire/proxy.h"
#include "probe/tls/trouble.h"

/* The first byte of a TLS record tells it from text (RFC 8446, 5.1: 20 to 23). */
#define RECORD_TYPE_MIN 20
#define RECORD_TYPE_MAX 23

DEFINE_FREEP(struct conversation, conversation_free)

/* Hears lines off the front until the bytes are used up or something else than text is due. */
static void hear(struct conversation *c, const char **bytes, size_t *n, uint64_t now)
{
	enum state state = c->state;
	const char *line;
	size_t literal;
	int r;

	if (state == STATE_TALKING && dialogue_is_greeting(&c->dialogue))
		patience_hear(&c->patience);
	while (c->state == state) {
		r = reply_line(&c->reply, bytes, n, &line);
		if (r == 0)
			return;
		if (r > 0 && dialogue_literal(&c->dialogue, line, reply_tail(&c->reply), &literal))
			reply_continue(&c->reply, literal);
		else if (r > 0)
			course_hear(c, line, now);
		else if (dialogue_is_leaving(&c->dialogue))
			course_step(c, DIALOGUE_DONE, now);
		else
			ending_limit(c, r, now);
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
			course_step(c, DIALOGUE_DONE, now);
		} else if (r == -ENODATA) {
			conversation_eof(c, now);
		} else if (r < 0) {
			/* With TLS 1.3 a server's refusal comes only now: a client certificate
			 * that it wants, for one. */
			ending_fail_tls(c, now);
		} else {
			n = r;
			hear(c, &at, &n, now);
		}
	}
}

static void receive_tls(struct conversation *c, const char *bytes, size_t n, uint64_t now)
{
	if (tls_push(c->tls, bytes, n) < 0) {
		ending_incomplete(c, strerror(ENOMEM));
		return;
	}
	if (c->state == STATE_HANDSHAKE)
		course_handshake(c, now);
	if (c->state == STATE_TALKING)
		hear_inside(c, now);
}

static bool is_record(char first)
{
	return first >= RECORD_TYPE_MIN && first <= RECORD_TYPE_MAX;
}

static void hear_last(struct conversation *c, const char **bytes, size_t *n, uint64_t now)
{
	const char *line = NULL;

	if (!is_record(**bytes) && reply_line(&c->reply, bytes, n, &line) <= 0)
		line = reply_rest(&c->reply);
	ending_tried(c, line, now);
}

void conversation_receive(struct conversation *c, const void *bytes, size_t n, uint64_t now)
{
	const char *at = bytes;

	while (n > 0 && c->state != STATE_DONE) {
		if (c->state == STATE_HANDSHAKE && !c->heard_tls) {
			c->heard_tls = is_record(*at);
			if (!c->heard_tls)
				c->state = STATE_PLAINTEXT;
		}
		if (c->state == STATE_LAST_TRY)
			hear_last(c, &at, &n, now);
		else if (c->state == STATE_PLAINTEXT || !c->tls) {
			hear(c, &at, &n, now);
		} else {
			receive_tls(c, at, n, now);
			n = 0;
		}
	}
}

void conversation_set_trace(struct conversation *c, transcript_line on_line, void *userdata)
{
	c->transcript = (struct transcript){ on_line, userdata };
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
		transcript_add(&c->transcript, '-', "a PROXY protocol header is sent");
}

void conversation_connected(struct conversation *c, uint64_t now)
{
	assert(c->state == STATE_CONNECTING);
	c->answer.connect_usec = now - c->patience.started_usec;
	c->phase_usec = now;
	c->state = STATE_TALKING;
	patience_connected(&c->patience);
	say_header(c);
	course_step(c, c->first, now);
}

/* Last words may lack their line end, and still be the reason. */
static void hear_rest(struct conversation *c, uint64_t now)
{
	const char *rest = reply_rest(&c->reply);

	if (rest && (c->state == STATE_TALKING || c->state == STATE_HANDSHAKE ||
		     c->state == STATE_PLAINTEXT))
		course_hear(c, rest, now);
}

void conversation_eof(struct conversation *c, uint64_t now)
{
	hear_rest(c, now);
	ending_closed(c, "closed by the server", now);
}

void conversation_broken(struct conversation *c, int error, uint64_t now)
{
	if (trouble_is_ours(error)) {
		ending_incomplete(c, strerror(error));
		return;
	}
	hear_rest(c, now);
	ending_closed(c, strerror(error), now);
}

void conversation_timeout(struct conversation *c, uint64_t now)
{
	if (c->state == STATE_PLAINTEXT)
		hear_rest(c, now);
	if (ending_is_worth_a_try(c)) {
		c->silent_usec = now - c->patience.started_usec;
		course_try_tls(c, now);
	} else {
		ending_late(c, now);
	}
}

void conversation_unreachable(struct answer *ret, int error)
{
	*ret = (struct answer){ .complete = !trouble_is_ours(error) };
	if (ret->complete)
		answer_add(ret, FINDING_UNREACHABLE, strerror(error));
	else
		(void)text_format(ret->detail, sizeof(ret->detail), "connect: %s", strerror(error));
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
	return c->patience.deadline_usec;
}

const struct answer *conversation_answer(const struct conversation *c)
{
	return &c->answer;
}

int conversation_new(struct conversation **ret, const struct probe_plan *plan,
		     struct tls_store *store, uint64_t now_usec, int64_t unix_now)
{
	cleanup(conversation_freep) struct conversation *c = NULL;
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
	patience_begin(&c->patience, plan, now_usec);
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
