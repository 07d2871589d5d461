/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes on their way to the wire: what was said in plain text, then what TLS has to send. Pure. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stddef.h>

#include "probe/tls/tls.h"

/* Plain text never has more than a few lines pending, and TLS is pulled piece by piece. */
#define OUTBOX_SIZE 4096

struct outbox { /* zeroed is a valid start */
	char bytes[OUTBOX_SIZE];
	size_t at;
	size_t n;
};

/* They must fit: a dialogue that never waits for an answer does not exist. */
void outbox_put(struct outbox *outbox, const char *bytes, size_t n);

/* What is to be sent next, *@ret_n bytes (0: none); outbox_sent() says how many were. @tls: what it
 * has to send comes when the text is gone; NULL: there is none. */
const void *outbox_get(struct outbox *outbox, struct tls *tls, size_t *ret_n);
void outbox_sent(struct outbox *outbox, size_t n);

#endif
