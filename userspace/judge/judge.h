/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides what facts mean and what to do about them. No clock, no I/O, no allocation after
 * judge_new(): the caller says what happened and when, and carries the actions out.
 *
 * Patience depends on the cause: a crash, an OOM kill, an exit with an error or a failed bind
 * alerts at once; a listener that its living owner let go gets the grace of a reload, one whose
 * owner left with 0 or by SIGTERM that of a restart; whose container ended, that of a container's
 * restart; what systemd works on is planned until its job ends. An incident is closed only by a
 * listener *and* a conversation. */
#ifndef JUDGE_H
#define JUDGE_H

#include "base/cleanup.h"
#include "judge/action.h"
#include "judge/budget.h"
#include "judge/policy.h"
#include "model/fact.h"
#include "model/record.h"
#include "model/service.h"

/* A conversation may be asked for so much early, or an eighth of its interval if that is less, so
 * that all are asked in one wake-up. */
#define PROBE_SLACK_USEC UINT64_C(1000000)

struct judge;

/* @seed: random, so that ids are unique. @services is copied. Returns 0 or -ENOMEM. */
int judge_new(const struct policy *policy, const struct service_set *services, uint64_t seed,
	      struct judge **ret);
void judge_free(struct judge *judge);
DEFINE_FREEP(struct judge, judge_free)

/* Other words of what is expected, or of how patient to be: from now on the facts are of @services
 * (copied). What is known of those that are still there (same name and port) goes on. Returns 0 or
 * -ENOMEM, and then all is as it was. */
int judge_take_services(struct judge *judge, const struct policy *policy,
			const struct service_set *services);

const struct service_set *judge_services(const struct judge *judge);

/* What was spent on repairs before this judge was made, and what is to be stored of it. */
void judge_take_budgets(struct judge *judge, const struct budgets *budgets);
const struct budgets *judge_budgets(const struct judge *judge);

const struct judge_counts *judge_counts(const struct judge *judge);

/* What is held of one service. */
struct judge_view {
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	const char *detail;
	uint64_t since_usec;	   /* when the verdict last changed; 0: never */
	uint64_t since_older_usec; /* so much earlier: before this boot */
	bool looked;		   /* @coverage means something */
	enum coverage coverage;
	bool held; /* as the fact said it */
	bool silenced;
	enum place place;
	bool waits;	      /* clients waited at the last look: the next one is wanted too */
	bool settled;	      /* no grace runs, no answer is awaited: nothing is about to change */
	uint64_t probes[2];   /* failed, passed */
	const char *incident; /* its id, or NULL */
	uint64_t incident_opened_usec;
	uint64_t incident_older_usec; /* so much earlier */
	enum repair_state repair;     /* of that incident */
	const uint64_t *incidents;    /* that it was in, CAUSE_COUNT of them */
};

/* The texts are borrowed until the next fact. */
void judge_view(const struct judge *judge, size_t service, struct judge_view *ret);

/* What an administrator can do about the service; "" where nothing is known, or nothing is wrong.
 */
void judge_remedy(const struct judge *judge, size_t service, char *to, size_t size);

/* Takes one fact, and puts what follows from it into @actions (which is emptied first). */
void judge_feed(struct judge *judge, const struct fact *fact, struct moment now,
		struct actions *actions);

/* When the service wants its next FACT_TICK; USEC_NEVER: only if something happens. */
uint64_t judge_deadline(const struct judge *judge, size_t service);

/* How long clients were kept out in all, an outage that goes on included. Never becomes less. */
uint64_t judge_downtime(const struct judge *judge, size_t service, uint64_t now_usec);

#endif
