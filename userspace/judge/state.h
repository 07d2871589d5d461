/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a judge holds: the set, a watch for each service, the incidents that they share. Private to
 * judge/. */
#ifndef JUDGE_STATE_H
#define JUDGE_STATE_H

#include "judge/action.h"
#include "judge/budget.h"
#include "judge/policy.h"
#include "judge/watch.h"

struct incident {
	char id[INCIDENT_ID_SIZE];
	bool is_open;
	size_t first_service;	 /* who speaks for it, and is repaired for it */
	unsigned int members;	 /* services that are not back yet */
	bool is_kept;		 /* another set is taken, and has one of its services */
	uint64_t opened_usec;	 /* when the first was lost */
	uint64_t event_usec;	 /* the same, in the newest loss of all */
	uint64_t close_at_usec;	 /* all serve; until then it must hold. USEC_NEVER: they do not */
	uint64_t older_usec;	 /* so much earlier: before this boot */
	uint64_t down_usec;	 /* since when clients were kept out of one; 0: never */
	uint64_t before_usec;	 /* for how long they were before that */
	uint64_t recovered_usec; /* when the last came back */
	enum finding finding;	 /* as it was told last */
	enum cause cause;
	uint32_t ended_pid; /* kernel pid of the process whose end it was; 0: not known */
	enum repair_state repair;
	enum rung rung;
	bool told_outside;	 /* who listens on the host was told */
	bool waits_for_unit;	 /* planned: systemd is at it */
	uint64_t repair_at_usec; /* planned: when; checking, proving: until; USEC_NEVER */
	uint32_t tried;		 /* 1 << enum rung */
	uint32_t told_withheld;	 /* 1 << enum withheld, said once each */
	bool told;		 /* aloud */
	bool hushed;		 /* or what is so now was not, or was before a silence */
};

struct judge {
	struct policy policy;
	struct service_set services; /* a copy */
	struct watch *watches;	     /* one a service */
	struct incident incidents[JUDGE_INCIDENTS_MAX];
	struct budgets budgets;
	struct judge_counts counts;
	uint64_t seed; /* ids are made of it, and of their number */
};

/* That of a service that has one. */
static inline struct incident *incident_of(struct judge *judge, size_t service)
{
	return &judge->incidents[judge->watches[service].outage.incident];
}

#endif
