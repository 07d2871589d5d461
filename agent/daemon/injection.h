/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the injection check is due: a conversation of its own, at start, when a listener was opened,
 * and once a day; it is a breach of manners that servers may log. A round may end with it, see
 * rounds.h, and what it found goes into the answer of each round until it is found otherwise. No
 * I/O. */
#ifndef INJECTION_H
#define INJECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "model/answer.h"
#include "model/service.h"

struct injection { /* of one service; zeroed: due */
	uint64_t due_usec;
	struct answer found; /* what is added to each answer */
};

/* Whether to look now, after a conversation that ended with @answer. */
bool injection_is_due(const struct injection *injection, const struct service *service,
		      const struct answer *answer, uint64_t now_usec);

/* It was looked: an answer of PROBE_INJECTION. */
void injection_take(struct injection *injection, const struct answer *answer, uint64_t now_usec);

#endif
