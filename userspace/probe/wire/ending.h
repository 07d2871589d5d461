/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a conversation ends, and what that says of the server. */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/wire/conversation_state.h"

/* In order, or because the dialogue found what ends it: the answer is as it stands. */
void ending_finish(struct conversation *c, uint64_t now_usec);

/* With one finding more. */
void ending_fail(struct conversation *c, enum finding finding, const char *detail,
		 uint64_t now_usec);
void ending_fail_tls(struct conversation *c, uint64_t now_usec);

/* Without an answer: @why is ours to answer for, not the server's, or not to be told yet. */
void ending_incomplete(struct conversation *c, const char *why);

/* The connection ended by itself: @how. */
void ending_closed(struct conversation *c, const char *how, uint64_t now_usec);

/* A line, or the whole conversation, is too long: @error as of reply_line(). */
void ending_limit(struct conversation *c, int error, uint64_t now_usec);

/* At the deadline: who says nothing at all, where clients begin in plain text, may wait for TLS. */
bool ending_is_worth_a_try(const struct conversation *c);

/* The deadline has come, and nothing is left to be tried. */
void ending_late(struct conversation *c, uint64_t now_usec);

/* The last try brought @line in plain text; NULL: it brought the beginning of TLS. */
void ending_tried(struct conversation *c, const char *line, uint64_t now_usec);

#endif
