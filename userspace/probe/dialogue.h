/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said to a server and what it must answer, as one table a protocol (RFC 5321, 3207, 2033,
 * 3501, 1939, 2449, 2595, 5804). Pure: it knows lines, not sockets. Fed one line, it says what
 * comes next. How a reply of several lines ends differs per protocol: the table's only code. */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "answer.h"
#include "service.h"

#define DIALOGUE_LINE_SIZE 300 /* "EHLO " and a name of 255 bytes */

enum dialogue_result {
	DIALOGUE_READ,	    /* feed the next line */
	DIALOGUE_SEND,	    /* say dialogue_line(), then feed the next line */
	DIALOGUE_HANDSHAKE, /* do TLS, then dialogue_secured(), or dialogue_plaintext() */
	DIALOGUE_DONE,	    /* dialogue->finding holds a warning or none */
	DIALOGUE_FAILED,    /* dialogue->finding and ->detail say how */
};

struct dialogue {
	const struct script *script;
	const struct step *step;
	enum protocol protocol;
	enum tls_mode tls;
	unsigned int nth; /* lines of this reply so far */
	bool offers_starttls;
	bool offers_auth;
	bool secured;
	enum finding finding;
	char detail[ANSWER_DETAIL_SIZE];
};

/* Sets @d up; *@ret_next: READ, HANDSHAKE or DONE. Returns -EINVAL where there is no such dialogue
 * (https without implicit TLS, a mode or protocol that is not set). */
int dialogue_start(struct dialogue *d, enum protocol protocol, enum tls_mode tls,
		   enum dialogue_result *ret_next);

/* @line: one line of a reply, without its end. */
enum dialogue_result dialogue_feed(struct dialogue *d, const char *line);

/* The handshake is done. */
enum dialogue_result dialogue_secured(struct dialogue *d);

/* Where TLS was due, the server said @line in plain text: sets finding and detail. Dovecot's
 * apology for a key that does not fit its certificate looks like an attack, but is a negative
 * reply. */
void dialogue_plaintext(struct dialogue *d, const char *line);

/* What to say after DIALOGUE_SEND, with its CRLF; @name is whom to introduce as. */
void dialogue_line(const struct dialogue *d, const char *name, char to[static DIALOGUE_LINE_SIZE]);

/* The polite goodbye, also in the middle; NULL where the protocol has none. */
const char *dialogue_goodbye(const struct dialogue *d);

/* The goodbye is said, and nothing that follows matters. */
bool dialogue_is_leaving(const struct dialogue *d);
bool dialogue_is_greeting(const struct dialogue *d);	/* the greeting is not whole yet */
const char *dialogue_awaited(const struct dialogue *d); /* "the greeting", "the answer to EHLO" */

#endif
