// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/patience.h"

#include "base/cleanup.h"

#define SLOW_TIMES 3 /* the timeout: for who is slow by right */

static uint64_t add(uint64_t a, uint64_t b)
{
	return b < USEC_NEVER - a ? a + b : USEC_NEVER;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t timeout_of(const struct probe_plan *plan)
{
	return plan->timeout_usec ? plan->timeout_usec : PLAN_TIMEOUT_USEC;
}

static uint64_t limit_of(const struct probe_plan *plan)
{
	uint64_t slow = SLOW_TIMES * timeout_of(plan);

	if (plan->hurried)
		return timeout_of(plan);
	return slow > PATIENCE_GREETING_USEC ? slow : PATIENCE_GREETING_USEC;
}

void patience_begin(struct patience *patience, const struct probe_plan *plan, uint64_t now)
{
	bool tarpits = plan->protocol == PROTOCOL_SMTP && plan->tls != TLS_IMPLICIT;
	uint64_t silence = timeout_of(plan) * (tarpits && !plan->hurried ? SLOW_TIMES : 1);

	*patience = (struct patience){
		.started_usec = now,
		.timeout_usec = timeout_of(plan),
		.limit_usec = add(now, limit_of(plan)),
		.deadline_usec = add(now, timeout_of(plan)),
		.silence_usec = add(now, silence),
	};
}

void patience_connected(struct patience *patience)
{
	patience->deadline_usec = patience->silence_usec;
}

void patience_hear(struct patience *patience)
{
	patience->heard = true;
	patience->deadline_usec = patience->limit_usec;
}

void patience_greeted(struct patience *patience, uint64_t now)
{
	patience->deadline_usec = earlier(add(now, patience->timeout_usec), patience->limit_usec);
}

void patience_try(struct patience *patience, uint64_t now)
{
	patience->deadline_usec = add(now, PATIENCE_LAST_TRY_USEC);
}

bool patience_is_short(const struct patience *patience, uint64_t now)
{
	return patience->heard && now - patience->started_usec < PATIENCE_GREETING_USEC;
}

uint64_t patience_most(const struct probe_plan *plan)
{
	return add(limit_of(plan), PATIENCE_LAST_TRY_USEC);
}
