/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a conversation, for the three files that share it: conversation.c takes bytes in
 * and gives them out, course.c goes from step to step, ending.c says what it means when it ends. */
#ifndef COURSE_H
#define COURSE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/answer.h"
#include "probe/dialogue/dialogue.h"
#include "probe/wire/outbox.h"
#include "probe/wire/patience.h"
#include "probe/wire/plan.h"
#include "probe/wire/reply.h"
#include "probe/wire/tls.h"
#include "probe/wire/transcript.h"

enum state {
	STATE_CONNECTING,
	STATE_TALKING,
	STATE_HANDSHAKE,
	STATE_PLAINTEXT, /* text came where TLS was due: one line of it, then the end */
	STATE_LAST_TRY,	 /* the server was silent: does it wait for TLS? */
	STATE_DONE,
};

struct conversation {
	enum state state;
	struct probe_plan plan;
	struct tls_store *store;
	struct dialogue dialogue;
	struct reply reply;
	struct tls *tls; /* NULL before the handshake */
	bool heard_tls;	 /* a first record came */
	struct outbox outbox;
	struct patience patience;
	uint64_t silent_usec; /* how long the server was, before the last try */
	uint64_t phase_usec;  /* when the present phase began */
	int64_t unix_now;
	unsigned long allocations_failed; /* before this conversation */
	enum dialogue_result first;
	struct transcript transcript;
	struct answer answer;
};

/* Does what the dialogue says comes next. */
void course_step(struct conversation *c, enum dialogue_result result, uint64_t now_usec);

/* One line of the server's, in plain text or inside TLS. */
void course_hear(struct conversation *c, const char *line, uint64_t now_usec);

/* Goes on with the handshake, as far as the bytes that came allow. */
void course_handshake(struct conversation *c, uint64_t now_usec);

/* Says hello as if this were a port for TLS from the first byte: the server was silent, and nothing
 * can be lost any more. Its answer, if any, is heard in STATE_LAST_TRY. */
void course_try_tls(struct conversation *c, uint64_t now_usec);

#endif
