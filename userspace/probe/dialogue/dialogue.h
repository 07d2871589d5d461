/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said to a server and what it must answer, by the tables of script.h. Pure: it knows
 * lines, not sockets. Fed one line, it says what comes next; what it finds it adds to the answer.
 *
 * A dialogue is one of two. The ordinary one goes up to the capabilities inside TLS. The other only
 * sends a harmless command right behind STARTTLS, in plain text, and sees whether the server obeys
 * it inside TLS (CVE-2011-0411 and its kin): then so it does with a stranger's, under the client's
 * name. */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/answer.h"
#include "model/service.h"
#include "probe/dialogue/script.h"
#include "probe/plan.h"

#define DIALOGUE_LINE_SIZE                                                    \
	320 /* "EHLO " and a name of 255 bytes; STARTTLS and what is injected \
	     */

enum dialogue_result {
	DIALOGUE_READ,	    /* feed the next line */
	DIALOGUE_SEND,	    /* say dialogue_line(), then feed the next line */
	DIALOGUE_HANDSHAKE, /* do TLS, then dialogue_secured(), or dialogue_plaintext() */
	DIALOGUE_DONE,	    /* the goodbye was heard, or there is none to say */
	DIALOGUE_FAILED,    /* it cannot go on, and the answer says why; say dialogue_goodbye() */
};

struct dialogue {
	const struct script *script;
	const struct step *step;
	struct answer *answer;
	enum protocol protocol;
	enum tls_mode tls;
	enum probe_check check;
	unsigned int nth; /* lines of this reply so far */
	struct offers offers;
	bool fell_back; /* to step->instead */
	bool secured;
	bool same_host;	    /* set it before the first line: a server may trust its own host */
	bool asked_for_one; /* set it before dialogue_secured(): the server wants a client
			       certificate */
	char said[ANSWER_DETAIL_SIZE];	  /* the reply so far */
	char refused[ANSWER_DETAIL_SIZE]; /* what came in place of a list of capabilities */
};

/* Sets @d up; @answer must outlive it. *@ret_next: READ, HANDSHAKE or DONE. Returns -EINVAL where
 * there is no such dialogue (https without implicit TLS, injection where there is no STARTTLS, a
 * mode or protocol that is not set). */
int dialogue_start(struct dialogue *d, enum protocol protocol, enum tls_mode tls,
		   enum probe_check check, struct answer *answer, enum dialogue_result *ret_next);

/* Whether @line is not over, since *@ret bytes of a literal follow; @tail is reply_tail(). Ask this
 * before dialogue_feed(). */
bool dialogue_literal(const struct dialogue *d, const char *line, const char *tail, size_t *ret);

/* @line: one line of a reply, without its end. */
enum dialogue_result dialogue_feed(struct dialogue *d, const char *line);

/* The handshake is done. */
enum dialogue_result dialogue_secured(struct dialogue *d);

/* Where TLS was due, the server said @line in plain text: adds what that is. Dovecot's apology for
 * a key that does not fit its certificate looks like an attack, but is a negative reply. A greeting
 * where TLS comes first is asked for before, by dialogue_is_good_greeting(). */
void dialogue_plaintext(struct dialogue *d, const char *line);

/* Would @line begin a greeting of the protocol, and no refusal? */
bool dialogue_is_good_greeting(const struct dialogue *d, const char *line);

/* What to say after DIALOGUE_SEND, with its CRLF; @name is whom to introduce as. With an injection
 * it is two lines, and must leave in one piece. */
void dialogue_line(const struct dialogue *d, const char *name, char to[static DIALOGUE_LINE_SIZE]);

/* The polite goodbye, also in the middle; NULL where the protocol has none. */
const char *dialogue_goodbye(const struct dialogue *d);

/* The goodbye is said, and nothing that follows matters. */
bool dialogue_is_leaving(const struct dialogue *d);
bool dialogue_is_greeting(const struct dialogue *d);	/* the greeting is not whole yet */
const char *dialogue_awaited(const struct dialogue *d); /* "the greeting", "the answer to EHLO" */

/* STARTTLS, and with it what is injected, was said: whatever else goes wrong from here on, the
 * server does not obey it. */
bool dialogue_is_past_starttls(const struct dialogue *d);

#endif
