/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a server is waited for. Pure.
 *
 * A slow greeting is not a dead server: RFC 5321 (4.5.3.2.1) has clients wait five minutes, and
 * Postfix's postscreen sends "220-" at once and the rest after a pause of its own, to see who
 * cannot wait. So what has begun to greet is waited for longer than who is silent; and silence
 * itself is normal for a while between mail servers, where strangers are made to wait (tarpits),
 * and nowhere else: who reads mail waits for no port that says nothing. */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/plan.h"

#define PATIENCE_GREETING_USEC UINT64_C(30000000) /* a greeting that has begun may take so long */
#define PATIENCE_LAST_TRY_USEC UINT64_C(1000000)  /* see conversation.c */

struct patience {
	uint64_t started_usec;
	uint64_t timeout_usec;
	uint64_t limit_usec;	/* it is never waited longer than up to here */
	uint64_t deadline_usec; /* as things are */
	uint64_t silence_usec;	/* how long who is connected may be silent, from the start */
	bool heard;		/* some of the greeting came */
};

void patience_begin(struct patience *patience, const struct probe_plan *plan, uint64_t now_usec);
void patience_connected(struct patience *patience);
void patience_hear(struct patience *patience); /* a part of the greeting */
void patience_greeted(struct patience *patience, uint64_t now_usec);

/* A moment more, for a last try. */
void patience_try(struct patience *patience, uint64_t now_usec);

/* At the deadline: it has begun to greet, and has not had the time that a greeting may take. */
bool patience_is_short(const struct patience *patience, uint64_t now_usec);

/* The longest that a conversation by @plan can last. */
uint64_t patience_most(const struct probe_plan *plan);

#endif
