/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a unit may be repaired: a ceiling in a window, and a pause that doubles. Pure; wall
 * clock, because it must hold across restarts of Hearken and of the host. */
#ifndef BUDGET_H
#define BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

#define BUDGET_TIMES_MAX   32
#define BUDGET_TARGETS_MAX 64
#define BUDGET_TARGET_SIZE SERVICE_COMMAND_SIZE

#define BUDGET_FIRST_PAUSE_USEC                                          \
	(10 * UINT64_C(1000000)) /* after the first repair; then doubled \
				  */

struct budget { /* of one target: a unit, or a restart-command */
	char target[BUDGET_TARGET_SIZE];
	uint64_t times_usec[BUDGET_TIMES_MAX]; /* CLOCK_REALTIME, the newest last */
	size_t n;
};

struct budgets { /* zeroed is empty */
	struct budget list[BUDGET_TARGETS_MAX];
	size_t n;
};

/* The budget of @target; made when it is new, taking the place of the longest unused one when full.
 */
struct budget *budgets_of(struct budgets *budgets, const char *target);

/* WITHHELD_NO: go on. WITHHELD_BACKOFF or WITHHELD_BUDGET: *@ret_wait_usec is when to ask again. A
 * clock that was set back does not lock the door: times in the future are forgotten. */
enum withheld budget_ask(struct budget *budget, unsigned int limit, uint64_t window_usec,
			 uint64_t now_usec, uint64_t *ret_wait_usec);
void budget_spend(struct budget *budget, uint64_t now_usec);

#endif
