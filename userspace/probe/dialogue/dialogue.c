// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/dialogue/dialogue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

static enum dialogue_result fail(struct dialogue *d, enum finding finding, const char *detail)
{
	answer_add(d->answer, finding, detail);
	return DIALOGUE_FAILED;
}

static enum dialogue_result begin_step(struct dialogue *d)
{
	d->nth = 0;
	d->said[0] = d->refused[0] = '\0';
	d->fell_back = false;
	if (d->step->lists)
		d->offers = (struct offers){ 0 };
	if (d->step->kind == STEP_BYE && !d->step->send)
		return DIALOGUE_DONE;
	return d->step->send ? DIALOGUE_SEND : DIALOGUE_READ;
}

static enum dialogue_result leave(struct dialogue *d)
{
	while (d->step->kind != STEP_BYE)
		d->step++;
	return begin_step(d);
}

static bool wants_starttls(const struct dialogue *d)
{
	return d->tls == TLS_STARTTLS || d->tls == TLS_STARTTLS_OPTIONAL;
}

/* A list of capabilities came in plain text. One's own host may be trusted with passwords, as
 * Dovecot does it; what strangers are offered cannot be seen from there. */
static void judge_plain_offers(struct dialogue *d)
{
	char detail[ANSWER_DETAIL_SIZE];
	const char *exposes = d->offers.exposes;

	if (d->same_host || d->check != PROBE_CONVERSATION || d->refused[0])
		return;
	/* The LOGIN command needs no mechanism (RFC 9051, 6.2.3). */
	if (!exposes[0] && d->offers.listed && !d->offers.login_disabled)
		exposes = "no LOGINDISABLED";
	if (!exposes[0])
		return;
	(void)text_format(detail, sizeof(detail), "%s, before TLS, lists %s", d->step->awaited,
			  exposes);
	answer_add(d->answer, FINDING_AUTH_BEFORE_TLS, detail);
}

static void judge_inner_offers(struct dialogue *d)
{
	char detail[ANSWER_DETAIL_SIZE];

	if (d->protocol != PROTOCOL_SUBMISSION || d->offers.auth)
		return;
	(void)text_format(detail, sizeof(detail), "%s, inside TLS, lists no AUTH",
			  d->step->awaited);
	answer_add(d->answer, FINDING_AUTH_NOT_OFFERED, detail);
}

static enum dialogue_result miss_starttls(struct dialogue *d)
{
	char detail[ANSWER_DETAIL_SIZE];

	(void)text_format(detail, sizeof(detail), "%s lists no %s%s%s", d->step->awaited,
			  d->script->starttls, d->refused[0] ? ": " : "", d->refused);
	return fail(d, FINDING_STARTTLS_NOT_OFFERED, detail);
}

/* The reply was good: what now? */
static enum dialogue_result advance(struct dialogue *d)
{
	const struct step *step = d->step;

	if (step->kind == STEP_STARTTLS)
		return DIALOGUE_HANDSHAKE;
	if (step->lists && d->secured)
		judge_inner_offers(d);
	else if (step->lists && wants_starttls(d))
		judge_plain_offers(d);
	if (step[1].kind != STEP_STARTTLS) {
		d->step++;
		return begin_step(d);
	}
	if (d->secured || d->tls == TLS_NONE)
		return leave(d);
	if (!d->offers.starttls)
		return d->tls == TLS_STARTTLS_OPTIONAL ? leave(d) : miss_starttls(d);
	d->step++;
	return begin_step(d);
}

/* IMAP's PREAUTH: whoever is logged in can no longer ask for TLS (RFC 9051, 6.2.1). */
static enum dialogue_result rule_tls_out(struct dialogue *d, const char *line)
{
	if (d->secured || d->tls != TLS_STARTTLS)
		return d->secured ? advance(d) : leave(d);
	return fail(d, FINDING_STARTTLS_NOT_OFFERED, line);
}

static enum finding judge_refusal(const struct dialogue *d, const char *line)
{
	const struct script *script = d->script;

	/* Inside TLS a server tells that it misses our certificate with a 421, too (nginx). */
	if (script->is_busy(d->step, line) && !d->asked_for_one)
		return FINDING_BUSY;
	if (d->step->kind == STEP_STARTTLS)
		return FINDING_STARTTLS_REFUSED;
	if (d->step->kind != STEP_GREETING || script->is_negative(line))
		return FINDING_REFUSED;
	/* Some other protocol's server, or none at all: not a refusal, but no greeting either. */
	return FINDING_NO_GREETING;
}

static enum dialogue_result refuse(struct dialogue *d, const char *line)
{
	const struct step *step = d->step;
	enum finding finding = judge_refusal(d, line);
	char detail[ANSWER_DETAIL_SIZE];

	if (step->may_fail && finding == FINDING_REFUSED) {
		d->offers = (struct offers){ 0 };
		(void)text_copy(d->refused, sizeof(d->refused), d->said);
		return advance(d);
	}
	if (step->instead && !d->fell_back && d->script->is_unknown(line)) {
		(void)text_copy(d->refused, sizeof(d->refused), d->said);
		d->fell_back = true;
		d->nth = 0;
		return DIALOGUE_SEND;
	}
	if (finding == FINDING_NO_GREETING)
		(void)text_format(detail, sizeof(detail), "not a greeting of %s: %s",
				  protocol_name(d->protocol), line);
	else
		(void)text_format(detail, sizeof(detail), "%s%s%s%s",
				  !step->send	 ? ""
				  : d->fell_back ? step->instead
						 : step->send,
				  step->send ? ": " : "", d->said,
				  d->asked_for_one ? "; it asked for a client certificate" : "");
	return fail(d, finding, detail);
}

int dialogue_start(struct dialogue *d, enum protocol protocol, enum tls_mode tls,
		   enum probe_check check, struct answer *answer, enum dialogue_result *ret_next)
{
	if (protocol <= PROTOCOL_UNSET || protocol >= PROTOCOL_COUNT || tls <= TLS_UNSET ||
	    tls >= TLS_MODE_COUNT || (protocol == PROTOCOL_HTTPS && tls != TLS_IMPLICIT))
		return -EINVAL;
	*d = (struct dialogue){
		.protocol = protocol, .tls = tls, .check = check, .answer = answer
	};
	if (check != PROBE_CONVERSATION && (check != PROBE_INJECTION || !wants_starttls(d)))
		return -EINVAL;
	d->script = script_of(protocol);
	d->step = d->script->steps;
	*ret_next = tls == TLS_IMPLICIT ? DIALOGUE_HANDSHAKE : DIALOGUE_READ;
	return 0;
}

bool dialogue_literal(const struct dialogue *d, const char *line, const char *tail, size_t *ret)
{
	return d->script->has_literals && d->script->has_literals(line) &&
	       script_literal(tail, ret);
}

/* What a reply says is its last line, and in SMTP all of its lines. */
static void remember(struct dialogue *d, const char *line)
{
	if (d->nth == 0 || !d->script->joins_lines)
		(void)text_copy(d->said, sizeof(d->said), line);
	else
		(void)text_append(d->said, sizeof(d->said), " / %s", line);
}

/* The first answers inside TLS: is one of them to what was said outside? */
static bool find_injected(struct dialogue *d, const char *line)
{
	char detail[ANSWER_DETAIL_SIZE];

	if (d->check != PROBE_INJECTION || !d->secured || !d->script->is_obeyed(line) ||
	    d->script->is_busy(d->step, line))
		return false;
	(void)text_format(detail, sizeof(detail),
			  "%s, sent in plain text behind %s, is answered inside TLS: %s",
			  d->script->inject, d->script->starttls, line);
	answer_add(d->answer, FINDING_COMMAND_INJECTION, detail);
	return true;
}

/* Is the goodbye's answer yet to come? Only what was injected could come before it. */
static bool awaits_tagged(const struct dialogue *d, const char *line)
{
	return d->check == PROBE_INJECTION && d->secured && text_starts_with(line, "* ");
}

enum dialogue_result dialogue_feed(struct dialogue *d, const char *line)
{
	const struct script *script = d->script;

	if (find_injected(d, line))
		return DIALOGUE_FAILED;
	if (d->step->kind == STEP_BYE)
		return awaits_tagged(d, line) ? DIALOGUE_READ : DIALOGUE_DONE;
	if (d->step->lists && !d->fell_back)
		script->note(&d->offers, line, d->nth);
	remember(d, line);
	switch (script->frame(d->step, line, d->nth++)) {
	case FRAME_MORE:
		return DIALOGUE_READ;
	case FRAME_GOOD:
		return advance(d);
	case FRAME_LOGGED_IN:
		return rule_tls_out(d, line);
	case FRAME_BAD:
		return refuse(d, line);
	}
	return DIALOGUE_READ;
}

enum dialogue_result dialogue_secured(struct dialogue *d)
{
	d->secured = true;
	if (d->step->kind == STEP_STARTTLS)
		d->step++;
	/* Any question of ours would have an answer like that to what was injected. */
	if (d->check == PROBE_INJECTION && d->step->send)
		return leave(d);
	return begin_step(d);
}

void dialogue_plaintext(struct dialogue *d, const char *line)
{
	bool expected = d->tls == TLS_IMPLICIT || d->script->is_negative(line);
	char detail[ANSWER_DETAIL_SIZE];

	(void)text_format(detail, sizeof(detail), "plain text in place of TLS: %s", line);
	answer_add(d->answer, expected ? FINDING_TLS_HANDSHAKE_FAILED : FINDING_RESPONSE_INJECTION,
		   detail);
}

bool dialogue_is_good_greeting(const struct dialogue *d, const char *line)
{
	const struct script *script = d->script;

	return script->frame && script->steps[0].kind == STEP_GREETING &&
	       !script->is_negative(line) && script->frame(script->steps, line, 0) != FRAME_BAD;
}

void dialogue_line(const struct dialogue *d, const char *name, char to[static DIALOGUE_LINE_SIZE])
{
	const struct step *step = d->step;

	assert(step->send);
	(void)text_format(to, DIALOGUE_LINE_SIZE, "%s%s%s\r\n",
			  d->fell_back ? step->instead : step->send, step->with_name ? " " : "",
			  step->with_name ? name : "");
	if (d->check == PROBE_INJECTION && step->kind == STEP_STARTTLS)
		(void)text_append(to, DIALOGUE_LINE_SIZE, "%s\r\n", d->script->inject);
}

const char *dialogue_goodbye(const struct dialogue *d)
{
	const struct step *step = d->step;

	while (step->kind != STEP_BYE)
		step++;
	return step->send;
}

bool dialogue_is_leaving(const struct dialogue *d)
{
	return d->step->kind == STEP_BYE;
}

bool dialogue_is_greeting(const struct dialogue *d)
{
	return d->step->kind == STEP_GREETING;
}

const char *dialogue_awaited(const struct dialogue *d)
{
	return d->step->awaited;
}

bool dialogue_is_past_starttls(const struct dialogue *d)
{
	return d->secured || d->step->kind == STEP_STARTTLS;
}
