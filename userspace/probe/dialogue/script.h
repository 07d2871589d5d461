/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protocols, as tables: which steps a conversation has, and what a line of a reply means. Pure.
 * RFC 5321, 4954 and 3207 (SMTP), 2033 (LMTP), 3501, 9051 and 2595 (IMAP), 1939, 2449 and 2595
 * (POP3), 5804 (ManageSieve). Only dialogue.c walks them. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/service.h"

enum step_kind { STEP_GREETING, STEP_ASK, STEP_STARTTLS, STEP_BYE };

struct step {
	enum step_kind kind;
	const char *send;    /* without CRLF; NULL: only listen */
	const char *ok;	     /* the word or words that a good reply begins with */
	const char *awaited; /* for people: "the answer to EHLO" */
	const char *instead; /* asked when ->send is not known there */
	bool with_name;	     /* our name goes behind ->send */
	bool lists;	     /* the reply lists capabilities */
	bool may_fail;	     /* a negative reply means an empty list */
};

enum frame {
	FRAME_MORE, /* the reply goes on */
	FRAME_GOOD,
	FRAME_LOGGED_IN, /* good, but STARTTLS is ruled out: IMAP's PREAUTH */
	FRAME_BAD,
};

#define OFFERS_TEXT_SIZE 32

struct offers { /* what a list of capabilities says */
	bool starttls;
	bool auth;
	bool listed;			/* IMAP: a list was there at all */
	bool login_disabled;		/* IMAP */
	char exposes[OFFERS_TEXT_SIZE]; /* "AUTH PLAIN": how a password could be sent as it is */
};

struct script {
	/* Is the reply over with this line, its @nth from 0, and is it the good one? */
	enum frame (*frame)(const struct step *step, const char *line, unsigned int nth);
	/* Notes what this line of a list announces. */
	void (*note)(struct offers *offers, const char *line, unsigned int nth);
	bool (*is_negative)(const char *line);
	bool (*is_busy)(const struct step *step, const char *line); /* negative, but not for good */
	bool (*is_unknown)(
		const char *line); /* the command is not known here; NULL: cannot be told */
	/* Inside TLS, of the answers that may come there, is this one to ->inject? */
	bool (*is_obeyed)(const char *line);
	/* Can @line end in a literal? NULL: there are none. */
	bool (*has_literals)(const char *line);
	const char *starttls; /* the capability */
	const char *inject;   /* a harmless command whose answer can be told from all others */
	bool joins_lines;     /* a reply of several lines is one text */
	struct step steps[6]; /* the last is STEP_BYE */
};

/* Never NULL; https has no more than a last step. */
const struct script *script_of(enum protocol protocol);

/* Whether @tail ends in "{5}" or "{5+}"; then *@ret is 5, or SIZE_MAX when it is beyond all limits.
 */
bool script_literal(const char *tail, size_t *ret);

#endif
