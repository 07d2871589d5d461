/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enters into a watch what was found, with the incident that it opens or changes. Private to
 * judge/; pure. */
#ifndef VERDICT_H
#define VERDICT_H

#include "judge/judge.h"

void verdict_become(struct watch *watch, enum verdict verdict, uint64_t now_usec);

/* Nothing is wrong that is known. */
void verdict_clear(struct watch *watch, enum verdict verdict, struct moment now);

/* Enters a finding: opens an incident, or changes the one that is open. */
void verdict_find(struct judge *judge, size_t service, enum finding finding, enum cause cause,
		  const char *detail, struct moment now, struct actions *actions);

/* Whether clients are kept out, by what an incident says. */
bool verdict_is_down(const struct watch *watch);

/* The grace is over, or there was none: the listener is missing. */
void verdict_missing(struct judge *judge, size_t service, struct moment now,
		     struct actions *actions);

/* Somebody listens, but not everywhere, or not who should. */
void verdict_misplaced(struct judge *judge, size_t service, struct moment now,
		       struct actions *actions);

/* Who was refused is one thing; that another holds the port is what is wrong for clients. */
bool verdict_is_taken(const struct judge *judge, const struct watch *watch, struct moment now);

/* The same as a finding. */
void verdict_taken(struct judge *judge, size_t service, struct moment now, struct actions *actions);

/* A conversation at @at_usec; one that is under way is about what was before. */
void verdict_ask(struct watch *watch, uint64_t at_usec);

#endif
