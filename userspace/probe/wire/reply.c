// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/reply.h"

#include <errno.h>

static const char *take_line(struct reply *reply)
{
	size_t n = reply->n;

	if (n > reply->tail && reply->line[n - 1] == '\r')
		n--;
	reply->line[n] = '\0';
	reply->n = 0;
	reply->taken = n;
	return reply->line;
}

int reply_line(struct reply *reply, const char **bytes, size_t *n, const char **ret_line)
{
	while (*n > 0) {
		char c = **bytes;

		if (reply->total == REPLY_TOTAL_MAX)
			return -EFBIG;
		if (reply->n == 0)
			reply->tail = 0; /* another line begins */
		reply->total++;
		(*bytes)++;
		(*n)--;
		if (c == '\n' && reply->literal == 0) {
			*ret_line = take_line(reply);
			return 1;
		}
		if (reply->n == REPLY_LINE_MAX)
			return -EMSGSIZE;
		reply->line[reply->n++] = c ? c : '?';
		if (reply->literal > 0 && --reply->literal == 0)
			reply->tail = reply->n;
	}
	return 0;
}

void reply_continue(struct reply *reply, size_t literal)
{
	reply->n = reply->taken;
	reply->tail = reply->taken;
	reply->literal = literal;
}

const char *reply_tail(const struct reply *reply)
{
	return reply->line + reply->tail;
}

const char *reply_rest(struct reply *reply)
{
	return reply->n > 0 ? take_line(reply) : NULL;
}
