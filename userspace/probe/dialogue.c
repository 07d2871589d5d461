// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dialogue.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "text.h"

enum step_kind { STEP_GREETING, STEP_ASK, STEP_STARTTLS, STEP_BYE };
enum frame { FRAME_MORE, FRAME_GOOD, FRAME_BAD };

struct step {
	enum step_kind kind;
	const char *send;    /* without CRLF; NULL: only listen */
	const char *ok;	     /* the word or words that a good reply begins with */
	const char *awaited; /* for people */
	bool with_name;	     /* our name goes behind ->send */
	bool lists;	     /* the reply lists capabilities */
	bool may_fail;	     /* a negative reply means an empty list */
};

struct script {
	/* Is the reply over with this line, its @nth, and is it the good one? */
	enum frame (*frame)(const struct step *step, const char *line, unsigned int nth);
	bool (*announces)(const char *line, unsigned int nth, const char *capability);
	bool (*is_negative)(const char *line);
	const char *starttls; /* the capability */
	struct step steps[6]; /* the last is STEP_BYE */
};

/* Does @s begin with @words, in any case, and end there or at a delimiter? */
static bool begins(const char *s, const char *words)
{
	size_t n = strlen(words);

	return strncasecmp(s, words, n) == 0 && (!s[n] || strchr(" =(", s[n]));
}

static bool has_code(const char *line)
{
	return isdigit((unsigned char)line[0]) && isdigit((unsigned char)line[1]) &&
	       isdigit((unsigned char)line[2]) && (!line[3] || line[3] == ' ' || line[3] == '-');
}

static enum frame smtp_frame(const struct step *step, const char *line, unsigned int nth)
{
	if (!has_code(line))
		return FRAME_BAD;
	if (line[3] == '-')
		return FRAME_MORE;
	return begins(line, step->ok) ? FRAME_GOOD : FRAME_BAD;
}

static bool smtp_announces(const char *line, unsigned int nth, const char *capability)
{
	/* The first line is the server's name. */
	return nth > 0 && has_code(line) && line[3] && begins(line + 4, capability);
}

static bool smtp_is_negative(const char *line)
{
	return has_code(line) && (line[0] == '4' || line[0] == '5');
}

static enum frame imap_frame(const struct step *step, const char *line, unsigned int nth)
{
	if (begins(line, step->ok))
		return FRAME_GOOD;
	if (step->kind != STEP_GREETING && text_starts_with(line, "* ") && !begins(line, "* BYE"))
		return FRAME_MORE;
	return FRAME_BAD;
}

static bool imap_announces(const char *line, unsigned int nth, const char *capability)
{
	if (!begins(line, "* CAPABILITY"))
		return false;
	for (const char *s = line; (s = strchr(s, ' '));) {
		s++;
		if (begins(s, capability))
			return true;
	}
	return false;
}

static bool imap_is_negative(const char *line)
{
	const char *space = strchr(line, ' ');

	return space &&
	       (begins(space + 1, "BYE") || begins(space + 1, "NO") || begins(space + 1, "BAD"));
}

static enum frame pop3_frame(const struct step *step, const char *line, unsigned int nth)
{
	if (nth > 0)
		return strcmp(line, ".") == 0 ? FRAME_GOOD : FRAME_MORE;
	if (!begins(line, step->ok))
		return FRAME_BAD;
	return step->lists ? FRAME_MORE : FRAME_GOOD;
}

static bool pop3_announces(const char *line, unsigned int nth, const char *capability)
{
	return nth > 0 && begins(line, capability);
}

static bool pop3_is_negative(const char *line)
{
	return begins(line, "-ERR");
}

static enum frame sieve_frame(const struct step *step, const char *line, unsigned int nth)
{
	if (line[0] == '"')
		return FRAME_MORE;
	return begins(line, step->ok) ? FRAME_GOOD : FRAME_BAD;
}

static bool sieve_announces(const char *line, unsigned int nth, const char *capability)
{
	size_t n = strlen(capability);

	return line[0] == '"' && strncasecmp(line + 1, capability, n) == 0 && line[1 + n] == '"';
}

static bool sieve_is_negative(const char *line)
{
	return begins(line, "NO") || begins(line, "BYE");
}

/* clang-format off */
#define STEP(KIND, SEND, OK, AWAITED, ...) \
	{ .kind = KIND, .send = SEND, .ok = OK, .awaited = AWAITED, ##__VA_ARGS__ }
#define GREETING(OK, ...) STEP(STEP_GREETING, NULL, OK, "the greeting", ##__VA_ARGS__)
#define ASK(WHAT, OK, ...) \
	STEP(STEP_ASK, WHAT, OK, "the answer to " WHAT, .lists = true, ##__VA_ARGS__)
#define UPGRADE(WHAT, OK) STEP(STEP_STARTTLS, WHAT, OK, "the answer to " WHAT)
#define BYE(WHAT)	  STEP(STEP_BYE, WHAT, "", "the goodbye")

static const struct script smtp = {
	smtp_frame, smtp_announces, smtp_is_negative, "STARTTLS",
	{ GREETING("220"), ASK("EHLO", "250", .with_name = true), UPGRADE("STARTTLS", "220"),
	  ASK("EHLO", "250", .with_name = true), BYE("QUIT") },
};

static const struct script lmtp = {
	smtp_frame, smtp_announces, smtp_is_negative, "STARTTLS",
	{ GREETING("220"), ASK("LHLO", "250", .with_name = true), UPGRADE("STARTTLS", "220"),
	  ASK("LHLO", "250", .with_name = true), BYE("QUIT") },
};

static const struct script imap = {
	imap_frame, imap_announces, imap_is_negative, "STARTTLS",
	{ GREETING("* OK"), ASK("a1 CAPABILITY", "a1 OK"), UPGRADE("a2 STARTTLS", "a2 OK"),
	  ASK("a3 CAPABILITY", "a3 OK"), BYE("a4 LOGOUT") },
};

/* CAPA is an extension (RFC 2449): a server that lacks it offers nothing, but may work. */
static const struct script pop3 = {
	pop3_frame, pop3_announces, pop3_is_negative, "STLS",
	{ GREETING("+OK"), ASK("CAPA", "+OK", .may_fail = true), UPGRADE("STLS", "+OK"),
	  ASK("CAPA", "+OK", .may_fail = true), BYE("QUIT") },
};

/* The capabilities come with the greeting, and once more, unasked, inside TLS (RFC 5804, 2.2). */
static const struct script sieve = {
	sieve_frame, sieve_announces, sieve_is_negative, "STARTTLS",
	{ GREETING("OK", .lists = true), UPGRADE("STARTTLS", "OK"),
	  STEP(STEP_ASK, NULL, "OK", "the capabilities inside TLS", .lists = true), BYE("LOGOUT") },
};

/* clang-format on */

static const struct script https = { .steps = { BYE(NULL) } };

static const struct script *const scripts[PROTOCOL_COUNT] = {
	[PROTOCOL_SMTP] = &smtp,   [PROTOCOL_SUBMISSION] = &smtp, [PROTOCOL_LMTP] = &lmtp,
	[PROTOCOL_IMAP] = &imap,   [PROTOCOL_POP3] = &pop3,	  [PROTOCOL_SIEVE] = &sieve,
	[PROTOCOL_HTTPS] = &https,
};

static enum dialogue_result fail(struct dialogue *d, enum finding finding, const char *line)
{
	d->finding = finding;
	if (!d->step->send)
		(void)text_copy(d->detail, sizeof(d->detail), line);
	else
		(void)text_format(d->detail, sizeof(d->detail), "%s: %s", d->step->send, line);
	text_sanitize(d->detail);
	return DIALOGUE_FAILED;
}

static enum dialogue_result begin_step(struct dialogue *d)
{
	d->nth = 0;
	if (d->step->lists)
		d->offers_starttls = d->offers_auth = false;
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

/* The reply was good: what now? */
static enum dialogue_result advance(struct dialogue *d)
{
	const struct step *step = d->step;

	if (step->kind == STEP_STARTTLS)
		return DIALOGUE_HANDSHAKE;
	if (step->lists && d->secured && d->protocol == PROTOCOL_SUBMISSION && !d->offers_auth) {
		d->finding = FINDING_AUTH_NOT_OFFERED;
		(void)text_format(d->detail, sizeof(d->detail), "%s, inside TLS, lists no AUTH",
				  step->awaited);
	}
	if (step[1].kind != STEP_STARTTLS) {
		d->step++;
		return begin_step(d);
	}
	if (d->secured || d->tls == TLS_NONE)
		return leave(d);
	if (!d->offers_starttls && d->tls == TLS_STARTTLS_OPTIONAL)
		return leave(d);
	if (!d->offers_starttls) {
		d->finding = FINDING_STARTTLS_NOT_OFFERED;
		(void)text_format(d->detail, sizeof(d->detail), "%s lists no %s", step->awaited,
				  d->script->starttls);
		return DIALOGUE_FAILED;
	}
	d->step++;
	return begin_step(d);
}

static enum dialogue_result refuse(struct dialogue *d, const char *line)
{
	bool is_negative = d->script->is_negative(line);

	if (d->step->may_fail && is_negative)
		return advance(d);
	if (d->step->kind == STEP_STARTTLS)
		return fail(d, FINDING_STARTTLS_REFUSED, line);
	if (d->step->kind != STEP_GREETING || is_negative)
		return fail(d, FINDING_REFUSED, line);
	/* Some other protocol's server, or none at all: not a refusal, but no greeting either. */
	d->finding = FINDING_NO_GREETING;
	(void)text_format(d->detail, sizeof(d->detail), "not a greeting of %s: %s",
			  protocol_name(d->protocol), line);
	text_sanitize(d->detail);
	return DIALOGUE_FAILED;
}

int dialogue_start(struct dialogue *d, enum protocol protocol, enum tls_mode tls,
		   enum dialogue_result *ret_next)
{
	if (protocol <= PROTOCOL_UNSET || protocol >= PROTOCOL_COUNT || tls <= TLS_UNSET ||
	    tls >= TLS_MODE_COUNT || (protocol == PROTOCOL_HTTPS && tls != TLS_IMPLICIT))
		return -EINVAL;
	*d = (struct dialogue){ .protocol = protocol, .tls = tls, .script = scripts[protocol] };
	d->step = d->script->steps;
	*ret_next = tls == TLS_IMPLICIT ? DIALOGUE_HANDSHAKE : DIALOGUE_READ;
	return 0;
}

enum dialogue_result dialogue_feed(struct dialogue *d, const char *line)
{
	const struct script *script = d->script;

	if (d->step->kind == STEP_BYE)
		return DIALOGUE_DONE;
	if (d->step->lists) {
		d->offers_starttls |= script->announces(line, d->nth, script->starttls);
		d->offers_auth |= script->announces(line, d->nth, "AUTH");
	}
	switch (script->frame(d->step, line, d->nth++)) {
	case FRAME_MORE:
		return DIALOGUE_READ;
	case FRAME_GOOD:
		return advance(d);
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
	return begin_step(d);
}

void dialogue_plaintext(struct dialogue *d, const char *line)
{
	bool expected = d->tls == TLS_IMPLICIT || d->script->is_negative(line);

	d->finding = expected ? FINDING_TLS_HANDSHAKE_FAILED : FINDING_RESPONSE_INJECTION;
	(void)text_format(d->detail, sizeof(d->detail), "plain text in place of TLS: %s", line);
	text_sanitize(d->detail);
}

void dialogue_line(const struct dialogue *d, const char *name, char to[static DIALOGUE_LINE_SIZE])
{
	const struct step *step = d->step;

	assert(step->send);
	(void)text_format(to, DIALOGUE_LINE_SIZE, "%s%s%s\r\n", step->send,
			  step->with_name ? " " : "", step->with_name ? name : "");
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
