/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One conversation for a command: held by a child in the sandbox, since the command may be root's.
 */
#ifndef HOLD_H
#define HOLD_H

#include <stdint.h>

#include "probe/wire/conversation.h"

/* Holds the conversation of @plan over @fd, which is connected since @start_usec (CLOCK_MONOTONIC)
 * and stays the caller's; or was, when it is -1: reset before anything else could be known of it.
 * @on_line (may be NULL) hears each line as it comes. Returns 0 with an answer, incomplete where
 * the child could not do its job, or -errno. */
int hold(const struct probe_plan *plan, struct tls_store *store, int fd, uint64_t start_usec,
	 transcript_line on_line, void *userdata, struct answer *ret);

#endif
