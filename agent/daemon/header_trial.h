/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of rounds: where a conversation met silence, one more tries whether a PROXY protocol header
 * helps: seldom, and beside the round, whose outcome does not wait for it. Pure. */
#ifndef HEADER_TRIAL_H
#define HEADER_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "model/answer.h"
#include "model/service.h"

struct header_trial {		   /* of one service, seen from one side; zeroed is a valid start */
	enum proxy_header learned; /* without being told: it talks only behind this one */
	unsigned int tries;	   /* in vain, since it last talked */
	uint64_t tried_usec;	   /* meaningful only while tries > 0 */
};

/* Not before the pause after the last one is over, which is longer after each. */
bool header_trial_is_due(const struct header_trial *trial, uint64_t now);

/* It is tried: which header is next. */
enum proxy_header header_trial_start(struct header_trial *trial, uint64_t now);

/* A trial with @header ended: one with a header shows whether that helps; one without, whether what
 * was learned is needed. */
void header_trial_end(struct header_trial *trial, enum proxy_header header, enum tls_mode tls,
		      const struct answer *answer);

/* A conversation behind @header ended: what was learned helped, which is a finding of @answer, or
 * does no longer. */
void header_trial_note(struct header_trial *trial, enum proxy_header header,
		       const struct service *service, struct answer *answer);

#endif
