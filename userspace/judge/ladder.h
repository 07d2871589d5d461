/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which repair a cause calls for, and what speaks against it. The rows of the truth table. Private
 * to judge/; pure. */
#ifndef LADDER_H
#define LADDER_H

#include "judge/watch.h"
#include "model/service.h"

/* The rung that could help, or RUNG_NONE with *@ret_why; what is against it for now (budget,
 * backoff) is asked of the budget afterwards. @others_held: a port of the same target is another's.
 * @tried: the rungs that this incident had already, 1 << enum rung. */
enum rung ladder_choose(const struct policy *policy, const struct service *service,
			const struct watch *watch, bool others_held, uint32_t tried,
			enum withheld *ret_why);

/* What an administrator can do about it; writes "" where nothing is known. */
void ladder_remedy(const struct service *service, const struct watch *watch, char *to, size_t size);

#endif
