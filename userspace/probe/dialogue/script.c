// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/dialogue/script.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

#define WORD_SIZE 64 /* no capability or mechanism that matters is longer */

/* Does @s begin with @words, in any case, and end there or at a delimiter? */
static bool begins(const char *s, const char *words)
{
	size_t n = strlen(words);

	return strncasecmp(s, words, n) == 0 && (!s[n] || strchr(" =()[]", s[n]));
}

/* Mechanisms that show the password, or a token that is as good, to whoever listens. */
static void note_mechanisms(struct offers *offers, const char *how, const char *list)
{
	static const char *const clear[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER" };

	for (const char *s = list; *s; s += strcspn(s, " ")) {
		s += strspn(s, " ");
		offers->auth |= *s != '\0';
		for (size_t i = 0; i < ARRAY_SIZE(clear) && !offers->exposes[0]; i++)
			if (begins(s, clear[i]))
				(void)text_format(offers->exposes, sizeof(offers->exposes), "%s%s",
						  how, clear[i]);
	}
}

/* SMTP and LMTP: three digits, a blank or a hyphen, text. */

static bool has_code(const char *line)
{
	return isdigit((unsigned char)line[0]) && isdigit((unsigned char)line[1]) &&
	       isdigit((unsigned char)line[2]) && (!line[3] || line[3] == ' ' || line[3] == '-');
}

static enum frame smtp_frame(const struct step *step, const char *line, unsigned int nth)
{
	/* A banner of several lines in which somebody forgot the codes: clients read on. */
	if (!has_code(line))
		return nth > 0 ? FRAME_MORE : FRAME_BAD;
	if (line[3] == '-')
		return FRAME_MORE;
	return begins(line, step->ok) ? FRAME_GOOD : FRAME_BAD;
}

static void smtp_note(struct offers *offers, const char *line, unsigned int nth)
{
	/* The first line is the server's name. */
	if (nth == 0 || !has_code(line) || !line[3])
		return;
	if (begins(line + 4, "STARTTLS"))
		offers->starttls = true;
	/* RFC 4954 lists mechanisms behind a blank; older servers behind "=". */
	if (begins(line + 4, "AUTH"))
		note_mechanisms(offers, "AUTH ", line[8] ? line + 9 : "");
}

static bool smtp_is_negative(const char *line)
{
	return has_code(line) && (line[0] == '4' || line[0] == '5');
}

/* 421 can come at any time (RFC 5321, 3.8); 454 to STARTTLS is an answer to just that. */
static bool smtp_is_busy(const struct step *step, const char *line)
{
	return has_code(line) && line[0] == '4' &&
	       (begins(line, "421") || step->kind != STEP_STARTTLS);
}

static bool smtp_is_unknown(const char *line)
{
	return begins(line, "500") || begins(line, "502");
}

/* Only QUIT was said inside TLS: 221, and 421 or 554 from a server that minds being pipelined to.
 */
static bool smtp_is_obeyed(const char *line)
{
	static const char *const to_noop[] = { "250", "500", "501", "502", "503", "530" };

	for (size_t i = 0; i < ARRAY_SIZE(to_noop); i++)
		if (has_code(line) && strncmp(line, to_noop[i], 3) == 0)
			return true;
	return false;
}

/* IMAP: "* " untagged, "a1 " tagged. */

static enum frame imap_frame(const struct step *step, const char *line, unsigned int nth)
{
	if (begins(line, step->ok))
		return FRAME_GOOD;
	if (step->kind == STEP_GREETING && begins(line, "* PREAUTH"))
		return FRAME_LOGGED_IN;
	/* A server may say anything untagged at any time (RFC 9051, 2.2.2), but a greeting first;
	 * capabilities in front of it are harmless. */
	if (begins(line, "* CAPABILITY") ||
	    (step->kind != STEP_GREETING && text_starts_with(line, "* ") && !begins(line, "* BYE")))
		return FRAME_MORE;
	return FRAME_BAD;
}

static void imap_note(struct offers *offers, const char *line, unsigned int nth)
{
	const char *s = line;

	/* Untagged, or as a code of the last line: "a1 OK [CAPABILITY ...] done". */
	if (!begins(line, "* CAPABILITY")) {
		s = strchr(line, '[');
		if (!s || !begins(s + 1, "CAPABILITY"))
			return;
	}
	*offers = (struct offers){
		.listed = true
	}; /* the newest list counts alone (RFC 9051, 7.2.2) */
	while (*s && *s != ']') {
		s += strcspn(s, " ]");
		s += strspn(s, " ");
		if (begins(s, "STARTTLS"))
			offers->starttls = true;
		else if (begins(s, "LOGINDISABLED"))
			offers->login_disabled = true;
		else if (strncasecmp(s, "AUTH=", 5) == 0) {
			char word[WORD_SIZE];

			(void)text_format(word, sizeof(word), "%.*s", (int)strcspn(s + 5, " ]"),
					  s + 5);
			note_mechanisms(offers, "AUTH=", word);
		}
	}
}

static bool imap_is_negative(const char *line)
{
	const char *space = strchr(line, ' ');

	return space &&
	       (begins(space + 1, "BYE") || begins(space + 1, "NO") || begins(space + 1, "BAD"));
}

static bool has_code_of(const char *line, char open, const char *const *codes)
{
	const char *s = strchr(line, open);

	for (; s && *codes; codes++)
		if (begins(s + 1, *codes))
			return true;
	return false;
}

static bool imap_is_busy(const struct step *step, const char *line)
{
	static const char *const codes[] = { "UNAVAILABLE", "LIMIT", NULL }; /* RFC 5530, 3 */

	return imap_is_negative(line) && has_code_of(line, '[', codes);
}

static bool imap_is_obeyed(const char *line)
{
	return begins(line, "i1");
}

/* The text of a status response is free, and "{5}" in it means nothing. */
static bool imap_has_literals(const char *line)
{
	static const char *const states[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };

	if (!text_starts_with(line, "* "))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (begins(line + 2, states[i]))
			return false;
	return true;
}

/* POP3: "+OK" or "-ERR"; lists end with a dot. */

static enum frame pop3_frame(const struct step *step, const char *line, unsigned int nth)
{
	if (nth > 0)
		return strcmp(line, ".") == 0 ? FRAME_GOOD : FRAME_MORE;
	if (!begins(line, step->ok))
		return FRAME_BAD;
	return step->lists ? FRAME_MORE : FRAME_GOOD;
}

static void pop3_note(struct offers *offers, const char *line, unsigned int nth)
{
	if (nth == 0)
		return;
	if (begins(line, "STLS"))
		offers->starttls = true;
	if (begins(line, "USER") && !offers->exposes[0])
		(void)text_copy(offers->exposes, sizeof(offers->exposes), "USER");
	if (begins(line, "USER"))
		offers->auth = true;
	if (begins(line, "SASL"))
		note_mechanisms(offers, "SASL ", line[4] ? line + 5 : "");
}

static bool pop3_is_negative(const char *line)
{
	return begins(line, "-ERR");
}

static bool pop3_is_busy(const struct step *step, const char *line)
{
	static const char *const codes[] = { "SYS/TEMP", "IN-USE", "LOGIN-DELAY",
					     NULL }; /* RFC 3206, 2449 */

	return pop3_is_negative(line) && has_code_of(line, '[', codes);
}

/* ManageSieve: strings, quoted or literal, until a line begins with a bare OK, NO or BYE. */

static enum frame sieve_frame(const struct step *step, const char *line, unsigned int nth)
{
	if (line[0] == '"' || line[0] == '{')
		return FRAME_MORE;
	return begins(line, step->ok) ? FRAME_GOOD : FRAME_BAD;
}

/* Takes one string off *@s; what does not fit is dropped. */
static bool sieve_string(const char **s, char *to, size_t size)
{
	const char *at = *s;
	size_t n = 0, literal = 0;

	if (*at == '{') {
		for (at++; isdigit((unsigned char)*at) && literal < SIZE_MAX / 16; at++)
			literal = 10 * literal + (size_t)(*at - '0');
		at += *at == '+';
		if (*at++ != '}' || strnlen(at, literal) < literal)
			return false;
		(void)text_format(to, size, "%.*s", (int)(literal < size ? literal : size), at);
		*s = at + literal;
		return true;
	}
	if (*at++ != '"')
		return false;
	for (; *at && *at != '"'; at++) {
		at += at[0] == '\\' && at[1];
		if (n + 1 < size)
			to[n++] = *at;
	}
	to[n] = '\0';
	*s = at + (*at == '"');
	return *at == '"';
}

static void sieve_note(struct offers *offers, const char *line, unsigned int nth)
{
	char name[WORD_SIZE], value[512] = "";

	if (!sieve_string(&line, name, sizeof(name)))
		return;
	line += strspn(line, " ");
	(void)sieve_string(&line, value, sizeof(value));
	if (strcasecmp(name, "STARTTLS") == 0)
		offers->starttls = true;
	if (strcasecmp(name, "SASL") == 0)
		note_mechanisms(offers, "SASL ", value);
}

static bool sieve_is_negative(const char *line)
{
	return begins(line, "NO") || begins(line, "BYE");
}

static bool sieve_is_busy(const struct step *step, const char *line)
{
	static const char *const codes[] = { "TRYLATER", NULL }; /* RFC 5804, 1.3 */

	return sieve_is_negative(line) && has_code_of(line, '(', codes);
}

/* Its NOOP comes back with a tag of ours (RFC 5804, 2.13); where it is not known, with NO, which
 * nothing else gets here. */
static bool sieve_is_obeyed(const char *line)
{
	return begins(line, "NO") || strncasecmp(line, "OK (TAG", 7) == 0;
}

static bool sieve_has_literals(const char *line)
{
	return true;
}

bool script_literal(const char *tail, size_t *ret)
{
	size_t n = strlen(tail), digits;
	uint64_t value;
	char number[24];

	if (n < 3 || tail[n - 1] != '}')
		return false;
	n -= tail[n - 2] == '+' ? 2 : 1;
	for (digits = 0; digits < n && isdigit((unsigned char)tail[n - digits - 1]); digits++)
		;
	if (digits == 0 || digits == n || tail[n - digits - 1] != '{')
		return false;
	(void)text_format(number, sizeof(number), "%.*s", (int)digits, tail + n - digits);
	*ret = digits < sizeof(number) && text_u64(number, SIZE_MAX, &value) == 0 ? value
										  : SIZE_MAX;
	return true;
}

/* clang-format off */
#define STEP(KIND, SEND, OK, AWAITED, ...) \
	{ .kind = KIND, .send = SEND, .ok = OK, .awaited = AWAITED, ##__VA_ARGS__ }
#define GREETING(OK, ...) STEP(STEP_GREETING, NULL, OK, "the greeting", ##__VA_ARGS__)
#define TAGGED_ASK(TAG, WHAT, OK, ...) \
	STEP(STEP_ASK, TAG WHAT, OK, "the answer to " WHAT, .lists = true, ##__VA_ARGS__)
#define ASK(WHAT, OK, ...) TAGGED_ASK("", WHAT, OK, ##__VA_ARGS__)
#define UPGRADE(TAG, WHAT, OK) STEP(STEP_STARTTLS, TAG WHAT, OK, "the answer to " WHAT)
#define BYE(WHAT)	  STEP(STEP_BYE, WHAT, "", "the goodbye")

/* HELO for a server from before 1995 (RFC 5321, 3.2); it has no extensions then, STARTTLS for one. */
#define SMTP_SCRIPT { \
	.frame = smtp_frame, .note = smtp_note, .is_negative = smtp_is_negative, .is_busy = smtp_is_busy, \
	.is_unknown = smtp_is_unknown, .is_obeyed = smtp_is_obeyed, .joins_lines = true, \
	.starttls = "STARTTLS", .inject = "NOOP", .steps = { \
	GREETING("220"), ASK("EHLO", "250", .with_name = true, .instead = "HELO"), \
	UPGRADE("", "STARTTLS", "220"), ASK("EHLO", "250", .with_name = true, .instead = "HELO"), \
	BYE("QUIT") }, \
}
static const struct script smtp = SMTP_SCRIPT, submission = SMTP_SCRIPT;

static const struct script lmtp = {
	.frame = smtp_frame, .note = smtp_note, .is_negative = smtp_is_negative, .is_busy = smtp_is_busy,
	.is_obeyed = smtp_is_obeyed, .joins_lines = true,
	.starttls = "STARTTLS", .inject = "NOOP", .steps = {
	GREETING("220"), ASK("LHLO", "250", .with_name = true), UPGRADE("", "STARTTLS", "220"),
	ASK("LHLO", "250", .with_name = true), BYE("QUIT") },
};

static const struct script imap = {
	.frame = imap_frame, .note = imap_note, .is_negative = imap_is_negative, .is_busy = imap_is_busy,
	.is_obeyed = imap_is_obeyed, .has_literals = imap_has_literals,
	.starttls = "STARTTLS", .inject = "i1 NOOP", .steps = {
	GREETING("* OK"), TAGGED_ASK("a1 ", "CAPABILITY", "a1 OK"), UPGRADE("a2 ", "STARTTLS", "a2 OK"),
	TAGGED_ASK("a3 ", "CAPABILITY", "a3 OK"), BYE("a4 LOGOUT") },
};

/* CAPA is an extension (RFC 2449): a server that lacks it offers nothing, but may work. What POP3 does
 * not know it must refuse (RFC 1939, 3), and QUIT it never does. */
static const struct script pop3 = {
	.frame = pop3_frame, .note = pop3_note, .is_negative = pop3_is_negative, .is_busy = pop3_is_busy,
	.is_obeyed = pop3_is_negative,
	.starttls = "STLS", .inject = "XNOOP", .steps = {
	GREETING("+OK"), ASK("CAPA", "+OK", .may_fail = true), UPGRADE("", "STLS", "+OK"),
	ASK("CAPA", "+OK", .may_fail = true), BYE("QUIT") },
};

/* The capabilities come with the greeting, and once more, unasked, inside TLS (RFC 5804, 2.2). */
static const struct script sieve = {
	.frame = sieve_frame, .note = sieve_note, .is_negative = sieve_is_negative,
	.is_busy = sieve_is_busy, .is_obeyed = sieve_is_obeyed, .has_literals = sieve_has_literals,
	.starttls = "STARTTLS", .inject = "NOOP \"hearken\"", .steps = {
	GREETING("OK", .lists = true), UPGRADE("", "STARTTLS", "OK"),
	STEP(STEP_ASK, NULL, "OK", "the capabilities inside TLS", .lists = true), BYE("LOGOUT") },
};

static const struct script https = { .steps = { BYE(NULL) } };

static const struct script *const scripts[PROTOCOL_COUNT] = {
	[PROTOCOL_UNSET] = &https,
#define PROTOCOL_SCRIPT(NAME, word) [PROTOCOL_##NAME] = &word,
	PROTOCOLS(PROTOCOL_SCRIPT)
#undef PROTOCOL_SCRIPT
};
/* clang-format on */

const struct script *script_of(enum protocol protocol)
{
	return scripts[protocol];
}
