/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings in memory, for tests: written as the daemon writes them, and replayed. */
#ifndef TAPE_H
#define TAPE_H

#include "judge/recording/player.h"

struct tape { /* zeroed is empty */
	char *text;
	size_t n, room;
};

void tape_clear(struct tape *tape);
void tape_state(struct tape *tape, const struct judge *judge, struct moment now);
void tape_set(struct tape *tape, const struct judge *judge, struct moment now);

/* Tells @judge the fact, with what it was told and did on @tape. */
void tape_feed(struct tape *tape, struct judge *judge, const struct fact *fact, struct moment now,
	       struct actions *actions);

/* Another judge decides it all; returns how often otherwise. Afterwards it holds what @end has (all
 * that a judge holds, at @now), or that counts as one more. Says on stdout what differs. */
uint64_t tape_replay(const struct tape *tape, const struct judge *end, struct moment now);

#endif
