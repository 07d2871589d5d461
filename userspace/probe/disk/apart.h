/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that a stranger may have written, parsed apart: in a child that is a copy of us and has
 * given up what the prober gives up (confined/sandbox.h). It says one thing, and is gone. */
#ifndef APART_H
#define APART_H

#include <stddef.h>

#define APART_SIZE_MAX 16384 /* of what it says */

/* Calls @work in the child, and brings the @size bytes of @ret back that it has written, as far as
 * it wrote them. They are as the child left them, which may have been taken over: nothing in them
 * is well formed before the caller has looked. Waits, for a quarter of a second at most. Returns 0,
 * -ETIMEDOUT, -EBADMSG (it ended without a word), or why there is no child: -EAGAIN, -ENOMEM, ...
 */
int apart_run(void (*work)(const void *userdata, void *ret), const void *userdata, void *ret,
	      size_t size);

#endif
