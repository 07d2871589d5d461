/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One answer of HTTP/1.0, as docker and podman give it to a question of that version: a status
 * line, headers that nobody reads, a body that ends with the connection. Chunks and lengths are
 * HTTP/1.1's, and not spoken. Pure. */
#ifndef RUNTIME_HTTP_H
#define RUNTIME_HTTP_H

#include <stddef.h>

#define HTTP_HEAD_MAX 8192 /* status line and headers */

struct http_answer {
	unsigned int status; /* 200, 404 */
	size_t body;	     /* where it begins */
};

/* Reads the head at the beginning of @n bytes. Returns 0, -EAGAIN (more bytes are needed) or
 * -EBADMSG (no such answer, or its body is coded in a way we did not ask for). */
int http_answer_parse(const char *bytes, size_t n, struct http_answer *ret);

#endif
