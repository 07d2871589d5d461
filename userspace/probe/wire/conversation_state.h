/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a conversation, for the three files that share it: conversation.c takes bytes in
 * and gives them out, course.c goes from step to step, ending.c says what it means when it ends. */
#ifndef CONVERSATION_STATE_H
#define CONVERSATION_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/answer.h"
#include "probe/dialogue/dialogue.h"
#include "probe/wire/outbox.h"
#include "probe/wire/patience.h"
#include "probe/plan.h"
#include "probe/wire/reply.h"
#include "probe/tls/tls.h"
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
	enum dialogue_result first;
	struct transcript transcript;
	struct answer answer;
};

#endif
