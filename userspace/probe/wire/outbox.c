// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/outbox.h"

#include <assert.h>
#include <string.h>

void outbox_put(struct outbox *outbox, const char *bytes, size_t n)
{
	if (outbox->at + outbox->n + n > sizeof(outbox->bytes)) {
		memmove(outbox->bytes, outbox->bytes + outbox->at, outbox->n);
		outbox->at = 0;
	}
	assert(outbox->n + n <= sizeof(outbox->bytes));
	memcpy(outbox->bytes + outbox->at + outbox->n, bytes, n);
	outbox->n += n;
}

const void *outbox_get(struct outbox *outbox, struct tls *tls, size_t *ret_n)
{
	if (outbox->n == 0) {
		outbox->at = 0;
		if (tls)
			outbox->n = tls_pull(tls, outbox->bytes, sizeof(outbox->bytes));
	}
	*ret_n = outbox->n;
	return outbox->bytes + outbox->at;
}

void outbox_sent(struct outbox *outbox, size_t n)
{
	assert(n <= outbox->n);
	outbox->at += n;
	outbox->n -= n;
}
