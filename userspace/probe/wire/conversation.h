/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One conversation from connect to goodbye, without its socket: bytes in, bytes out, and at its end
 * an answer. Whoever owns the socket says what happened to it, and when (CLOCK_MONOTONIC).
 *
 * When several things are wrong, the answer has them all, the gravest first. What ends the
 * conversation hides what would have come after it.
 *
 * With PROBE_INJECTION the only finding is command-injection; whatever else is wrong before it can
 * be told makes the answer incomplete, and is the ordinary conversation's to tell. */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/answer.h"
#include "probe/plan.h"
#include "probe/tls/tls.h"
#include "probe/wire/transcript.h"

struct conversation;

/* @unix_now: seconds, what certificates are checked against. @store outlives the conversation.
 * Returns 0, -EINVAL: the plan makes no sense, or why there is no TLS (see tls_store_load()). */
int conversation_new(struct conversation **ret, const struct probe_plan *plan,
		     struct tls_store *store, uint64_t now_usec, int64_t unix_now);
void conversation_free(struct conversation *c);

/* To be set before anything else happens. */
void conversation_set_trace(struct conversation *c, transcript_line on_line, void *userdata);

/* Both ends have the same address: to be said before conversation_connected(). A server may trust
 * its own host more than others, so auth-before-tls is not judged then. */
void conversation_same_host(struct conversation *c);

void conversation_connected(struct conversation *c, uint64_t now_usec);
void conversation_receive(struct conversation *c, const void *bytes, size_t n, uint64_t now_usec);
void conversation_eof(struct conversation *c, uint64_t now_usec);
/* The connection failed, or broke: @error is a positive errno. Where that is of our own making, the
 * answer is incomplete. */
void conversation_broken(struct conversation *c, int error, uint64_t now_usec);
/* Nothing came until the deadline. It may be tried once more then: see conversation_is_done(). */
void conversation_timeout(struct conversation *c, uint64_t now_usec);

/* The bytes to be sent next, *@ret_n of them (0: none); conversation_sent() says how many were.
 * There may still be some after the end: the goodbye, worth one try. */
const void *conversation_output(struct conversation *c, size_t *ret_n);
void conversation_sent(struct conversation *c, size_t n);

bool conversation_is_connected(const struct conversation *c);
bool conversation_is_done(const struct conversation *c);
/* When conversation_timeout() is due: it moves as bytes come. */
uint64_t conversation_deadline(const struct conversation *c);
const struct answer *conversation_answer(const struct conversation *c);

/* The answer where not even a socket came to connect; @error is a positive errno, and the answer
 * incomplete where that is of our own making. */
void conversation_unreachable(struct answer *ret, int error);

#endif
