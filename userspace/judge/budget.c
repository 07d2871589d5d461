// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/budget.h"

#include <string.h>

#include "base/text.h"

static uint64_t newest(const struct budget *budget)
{
	return budget->n ? budget->times_usec[budget->n - 1] : 0;
}

struct budget *budgets_of(struct budgets *budgets, const char *target)
{
	struct budget *budget = &budgets->list[0];

	for (size_t i = 0; i < budgets->n; i++)
		if (strcmp(budgets->list[i].target, target) == 0)
			return &budgets->list[i];
	if (budgets->n < BUDGET_TARGETS_MAX) {
		budget = &budgets->list[budgets->n++];
	} else {
		for (size_t i = 1; i < budgets->n; i++)
			if (newest(&budgets->list[i]) < newest(budget))
				budget = &budgets->list[i];
	}
	memset(budget, 0, sizeof(*budget));
	(void)text_copy(budget->target, sizeof(budget->target), target);
	return budget;
}

enum withheld budget_ask(struct budget *budget, unsigned int limit, uint64_t window_usec,
			 uint64_t now_usec, uint64_t *ret_wait_usec)
{
	uint64_t pause = BUDGET_FIRST_PAUSE_USEC, again;
	size_t kept = 0;

	if (limit > BUDGET_TIMES_MAX)
		limit = BUDGET_TIMES_MAX;
	for (size_t i = 0; i < budget->n; i++) {
		uint64_t time = budget->times_usec[i];

		if (time <= now_usec && now_usec - time < window_usec)
			budget->times_usec[kept++] = time;
	}
	budget->n = kept;
	if (kept == 0 && limit > 0)
		return WITHHELD_NO;
	if (kept >= limit) {
		*ret_wait_usec = kept ? budget->times_usec[kept - limit] + window_usec - now_usec
				      : window_usec;
		return WITHHELD_BUDGET;
	}
	for (size_t i = 1; i < kept && pause < window_usec; i++)
		pause *= 2;
	again = newest(budget) + pause;
	if (again <= now_usec)
		return WITHHELD_NO;
	*ret_wait_usec = again - now_usec;
	return WITHHELD_BACKOFF;
}

void budget_spend(struct budget *budget, uint64_t now_usec)
{
	if (budget->n == BUDGET_TIMES_MAX) {
		memmove(budget->times_usec, budget->times_usec + 1,
			(BUDGET_TIMES_MAX - 1) * sizeof(budget->times_usec[0]));
		budget->n--;
	}
	budget->times_usec[budget->n++] = now_usec;
}
