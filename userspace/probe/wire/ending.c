// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/ending.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/wire/tls_mode.h"
#include "probe/tls/trouble.h"

/* Of this check, only one finding counts. */
static void settle_injection(struct conversation *c)
{
	if (c->answer.finding == FINDING_COMMAND_INJECTION)
		return;
	c->answer.complete = dialogue_is_past_starttls(&c->dialogue);
	c->answer.finding = FINDING_NONE;
	c->answer.n_findings = c->answer.n_notices = 0;
}

/* What ends without an answer: @why is ours to answer for, not the server's. */
void ending_incomplete(struct conversation *c, const char *why)
{
	c->answer = (struct answer){ .complete = false };
	(void)text_copy(c->answer.detail, sizeof(c->answer.detail), why);
	text_sanitize(c->answer.detail);
	c->state = STATE_DONE;
}

void ending_finish(struct conversation *c, uint64_t now)
{
	if (c->tls)
		tls_close(c->tls);
	if (trouble_has_lost_memory()) {
		ending_incomplete(c, strerror(ENOMEM));
		return;
	}
	c->answer.complete = true;
	c->answer.total_usec = now - c->patience.started_usec;
	c->state = STATE_DONE;
	if (c->plan.check == PROBE_INJECTION)
		settle_injection(c);
}

void ending_fail(struct conversation *c, enum finding finding, const char *detail, uint64_t now)
{
	transcript_add(&c->transcript, '-', detail);
	answer_add(&c->answer, finding, detail);
	ending_finish(c, now);
}

void ending_fail_tls(struct conversation *c, uint64_t now)
{
	char reason[TLS_DETAIL_SIZE];
	enum finding finding = tls_failure(c->tls, reason);

	c->answer.client_certificate_asked = tls_wants_certificate(c->tls);
	ending_fail(c, finding, reason, now);
}

void ending_limit(struct conversation *c, int error, uint64_t now)
{
	char detail[ANSWER_DETAIL_SIZE];

	if (c->state == STATE_PLAINTEXT) {
		ending_fail(c, FINDING_TLS_HANDSHAKE_FAILED, "endless plain text in place of TLS",
			    now);
		return;
	}
	if (error == -EMSGSIZE)
		(void)text_format(detail, sizeof(detail),
				  "a line of more than %d bytes instead of %s", REPLY_LINE_MAX,
				  dialogue_awaited(&c->dialogue));
	else
		(void)text_format(detail, sizeof(detail), "more than %d bytes without an end of %s",
				  REPLY_TOTAL_MAX, dialogue_awaited(&c->dialogue));
	ending_fail(c, dialogue_is_greeting(&c->dialogue) ? FINDING_NO_GREETING : FINDING_REFUSED,
		    detail, now);
}

/* Silence, for as long as was waited before the last try, which brought nothing better. */
static void fail_silent(struct conversation *c, uint64_t now)
{
	char waited[32], detail[ANSWER_DETAIL_SIZE];

	text_show_duration(c->silent_usec, waited, sizeof(waited));
	(void)text_format(detail, sizeof(detail), "waited %s in vain for %s%s", waited,
			  dialogue_awaited(&c->dialogue),
			  c->dialogue.secured ? ", inside TLS" : "");
	ending_fail(c, FINDING_NO_GREETING, detail, now);
}

void ending_closed(struct conversation *c, const char *how, uint64_t now)
{
	char detail[ANSWER_DETAIL_SIZE];

	switch (c->state) {
	case STATE_CONNECTING:
		ending_fail(c, FINDING_UNREACHABLE, how, now);
		return;
	case STATE_TALKING:
		if (dialogue_is_leaving(&c->dialogue)) {
			ending_finish(c, now);
			return;
		}
		(void)text_format(detail, sizeof(detail), "%s while waiting for %s", how,
				  dialogue_awaited(&c->dialogue));
		ending_fail(c, FINDING_CLOSED_EARLY, detail, now);
		return;
	case STATE_LAST_TRY:
		fail_silent(c, now);
		return;
	case STATE_HANDSHAKE:
	case STATE_PLAINTEXT:
		(void)text_format(detail, sizeof(detail), "%s in the handshake", how);
		ending_fail(c, FINDING_TLS_HANDSHAKE_FAILED, detail, now);
		return;
	case STATE_DONE:
		return;
	}
}

bool ending_is_worth_a_try(const struct conversation *c)
{
	return c->state == STATE_TALKING && dialogue_is_greeting(&c->dialogue) &&
	       !c->patience.heard && !c->tls && c->plan.tls != TLS_NONE &&
	       c->plan.check == PROBE_CONVERSATION;
}

/* The server is behind with what it should say. */
static void end_talking(struct conversation *c, uint64_t now)
{
	char waited[32], detail[ANSWER_DETAIL_SIZE];

	c->silent_usec = now - c->patience.started_usec;
	if (dialogue_is_leaving(&c->dialogue)) {
		ending_finish(c, now);
	} else if (dialogue_is_greeting(&c->dialogue) && patience_is_short(&c->patience, now)) {
		text_show_duration(c->silent_usec, waited, sizeof(waited));
		(void)text_format(detail, sizeof(detail),
				  "the greeting has begun, and is not over after %s: the server "
				  "lives, and was not waited for",
				  waited);
		ending_incomplete(c, detail);
	} else {
		fail_silent(c, now);
	}
}

void ending_late(struct conversation *c, uint64_t now)
{
	char waited[32], detail[ANSWER_DETAIL_SIZE];

	text_show_duration(now - c->patience.started_usec, waited, sizeof(waited));
	switch (c->state) {
	case STATE_CONNECTING:
		(void)text_format(detail, sizeof(detail), "no answer to connect within %s", waited);
		ending_fail(c, FINDING_UNREACHABLE, detail, now);
		return;
	case STATE_TALKING:
		end_talking(c, now);
		return;
	case STATE_LAST_TRY:
		fail_silent(c, now);
		return;
	case STATE_PLAINTEXT:
	case STATE_HANDSHAKE:
		(void)text_format(detail, sizeof(detail), "the handshake is not done after %s",
				  waited);
		ending_fail(c, FINDING_TLS_HANDSHAKE_FAILED, detail, now);
		return;
	case STATE_DONE:
		return;
	}
}

void ending_tried(struct conversation *c, const char *line, uint64_t now)
{
	char detail[ANSWER_DETAIL_SIZE];

	if (!line) {
		tls_mode_explain(&c->plan, "silent until TLS began", detail);
		ending_fail(c, FINDING_WRONG_TLS_MODE, detail, now);
		return;
	}
	transcript_add(&c->transcript, 'S', line);
	if (dialogue_is_good_greeting(&c->dialogue, line))
		ending_incomplete(c, "the greeting came only when it was waited for no more");
	else
		fail_silent(c, now);
}
