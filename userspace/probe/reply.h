/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes of a server in, its lines out. Pure; keeps at most one unfinished line.
 * A line ends in CRLF or a lone LF. A NUL byte within it becomes '?', so that lines are strings. */
#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>

#define REPLY_LINE_MAX	2048	    /* RFC 5321 says 512; lists of capabilities are longer */
#define REPLY_TOTAL_MAX (64 * 1024) /* of one conversation, before and inside TLS together */

struct reply { /* zeroed is a valid start */
	char line[REPLY_LINE_MAX + 1];
	size_t n;     /* bytes of the unfinished line */
	size_t total; /* bytes ever taken */
};

/* Takes bytes off the front of *@bytes until a line is whole. Returns 1 and the line, without its
 * end and valid until the next call; 0 when the bytes are used up; -EMSGSIZE: the line is too long;
 * -EFBIG: the conversation is. After an error the reader is of no use any more. */
int reply_line(struct reply *reply, const char **bytes, size_t *n, const char **ret_line);

/* Takes what has come of the unfinished line, at the end of the connection; NULL: nothing has. */
const char *reply_rest(struct reply *reply);

#endif
