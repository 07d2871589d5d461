/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes of a server in, its lines out. Pure; keeps at most one unfinished line.
 *
 * A line ends in CRLF or a lone LF: RFC 5321 (2.3.8) and its kin forbid the latter, but all clients
 * take it, and a server that they can talk to is not down. (Where a lone LF is dangerous is in
 * mail, and none is carried here.) A lone CR is part of the line. A NUL byte becomes '?', so that
 * lines are strings.
 *
 * IMAP and ManageSieve have literals: a line may end in "{5}", and then five bytes of any kind and
 * the rest of the line follow. Whoever knows the protocol says so with reply_continue(). */
#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>

#define REPLY_LINE_MAX                                                            \
	8192 /* RFC 5321 says 512; lists of capabilities are longer (RFC 7162, 4) \
	      */
#define REPLY_TOTAL_MAX (64 * 1024) /* of one conversation, before and inside TLS together */

struct reply { /* zeroed is a valid start */
	char line[REPLY_LINE_MAX + 1];
	size_t n;	/* bytes of the unfinished line */
	size_t taken;	/* length of the line that was returned last */
	size_t literal; /* bytes still to come that are not looked at */
	size_t tail;	/* where in the line the last literal ended */
	size_t total;	/* bytes ever taken */
};

/* Takes bytes off the front of *@bytes until a line is whole. Returns 1 and the line, without its
 * end and valid until the next call; 0 when the bytes are used up; -EMSGSIZE: the line is too long;
 * -EFBIG: the conversation is. After an error the reader is of no use any more. */
int reply_line(struct reply *reply, const char **bytes, size_t *n, const char **ret_line);

/* The line just returned is not whole: @literal bytes and the rest of it follow, and it will be
 * returned again with them appended, its own end left out: "a {1}", "b" and "c" make "a {1}bc". */
void reply_continue(struct reply *reply, size_t literal);

/* Of the line just returned, the part behind its last literal: where "{5}" announces another. */
const char *reply_tail(const struct reply *reply);

/* Takes what has come of the unfinished line, at the end of the connection; NULL: nothing has. */
const char *reply_rest(struct reply *reply);

#endif
