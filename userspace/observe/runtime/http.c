// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/runtime/http.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define STATUS_AT     9 /* behind "HTTP/1.x " */
#define STATUS_DIGITS 3

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int parse_status(const char *bytes, size_t n, unsigned int *ret)
{
	unsigned int status = 0;

	if (n < STATUS_AT + STATUS_DIGITS || memcmp(bytes, "HTTP/1.", 7) != 0 ||
	    !is_digit(bytes[7]) || bytes[8] != ' ')
		return -EBADMSG;
	for (size_t i = 0; i < STATUS_DIGITS; i++) {
		if (!is_digit(bytes[STATUS_AT + i]))
			return -EBADMSG;
		status = status * 10 + (unsigned int)(bytes[STATUS_AT + i] - '0');
	}
	*ret = status;
	return 0;
}

/* A proxy before the runtime might forget which version was asked for. */
static bool is_coded(const char *head, size_t n)
{
	static const char name[] = "transfer-encoding:";

	for (const char *line = memchr(head, '\n', n); line;
	     line = memchr(line, '\n', n - (size_t)(line - head))) {
		line++;
		if (n - (size_t)(line - head) < sizeof(name) - 1)
			return false;
		if (strncasecmp(line, name, sizeof(name) - 1) == 0)
			return true;
	}
	return false;
}

int http_answer_parse(const char *bytes, size_t n, struct http_answer *ret)
{
	static const char end[] = "\r\n\r\n";
	size_t limit = n < HTTP_HEAD_MAX ? n : HTTP_HEAD_MAX;
	const char *found = memmem(bytes, limit, end, sizeof(end) - 1);
	struct http_answer answer = { 0 };
	int r;

	if (!found)
		return n >= HTTP_HEAD_MAX ? -EBADMSG : -EAGAIN;
	answer.body = (size_t)(found - bytes) + sizeof(end) - 1;
	r = parse_status(bytes, answer.body, &answer.status);
	if (r < 0 || is_coded(bytes, answer.body))
		return -EBADMSG;
	*ret = answer;
	return 0;
}
