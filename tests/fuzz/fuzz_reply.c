// SPDX-License-Identifier: LGPL-2.1-or-later
/* The first byte says how the rest is cut into pieces. Whatever the pieces, the lines are the same.
 */
#include "fuzz.h"

#include "probe/dialogue/script.h"
#include "probe/wire/reply.h"

/* A number made of all lines: that they are the same lines is what counts. */
static uint64_t hear(const uint8_t *data, size_t size, size_t piece)
{
	struct reply *reply = calloc(1, sizeof(*reply));
	uint64_t sum = 1;
	int r = 0;

	claim(reply);
	for (size_t at = 0; at < size && r >= 0; at += piece) {
		const char *bytes = (const char *)data + at, *line;
		size_t n = size - at < piece ? size - at : piece, literal;

		while ((r = reply_line(reply, &bytes, &n, &line)) > 0) {
			claim(strlen(line) <= REPLY_LINE_MAX);
			claim(reply_tail(reply) >= line && reply_tail(reply) <= line + strlen(line));
			for (const char *s = line; *s; s++)
				sum = sum * 31 + (unsigned char)*s;
			sum = sum * 31 + '\n';
			if (script_literal(reply_tail(reply), &literal))
				reply_continue(reply, literal);
		}
		claim(r < 0 || n == 0);
	}
	sum = sum * 31 + (uint64_t)-r;
	if (r == 0 && reply_rest(reply))
		sum++;
	free(reply);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1)
		claim(hear(data + 1, size - 1, 1 + data[0]) == hear(data + 1, size - 1, size));
	return 0;
}
