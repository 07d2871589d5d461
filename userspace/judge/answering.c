// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/answering.h"

#include "base/cleanup.h"
#include "judge/incident.h"
#include "judge/ruling.h"

/* Spreads what began together, so that it does not stay together. */
static uint64_t jitter(const struct judge *judge, size_t service, struct moment now)
{
	uint64_t chance = (judge->seed ^ now.usec ^ service) * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	return judge->policy.probe_jitter_usec ? chance % judge->policy.probe_jitter_usec : 0;
}

/* One conversation may be cut off, or turned away, by chance: a second decides. Who speaks TLS
 * another way has shown it by doing so, and it often cost a whole timeout to see. */
static bool may_be_chance(enum finding finding)
{
	return finding == FINDING_BUSY || (finding_severity(finding) == SEVERITY_CRITICAL &&
					   finding != FINDING_WRONG_TLS_MODE);
}

void answering_on_answer(struct judge *judge, const struct fact *fact, struct moment now,
			 struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	const struct answer *answer = &fact->answered.answer;
	bool serious = finding_severity(answer->finding) == SEVERITY_CRITICAL;

	watch->asking.under_way = false;
	watch->asking.at_usec =
		now.usec + judge->policy.probe_interval_usec + jitter(judge, fact->service, now);
	if (watch->seen.coverage != COVERAGE_FULL) {
		watch->asking.at_usec = USEC_NEVER;
		return; /* it went away meanwhile, and that says more */
	}
	watch->asking.passed_over = watch->asking.again && !watch->asking.passed_over;
	if (watch->asking.again)
		watch->asking.at_usec =
			now.usec + (watch->asking.passed_over ? 0 : judge->policy.confirm_usec);
	watch->asking.again = false;
	if (watch->asking.passed_over)
		return;
	if (!answer->complete) {
		if (!watch_is_in_trouble(watch) && watch->opinion.finding == FINDING_NONE)
			watch_become(watch, VERDICT_UNKNOWN, now.usec);
		if (watch_is_in_trouble(watch)) /* it waits for its proof */
			watch->asking.at_usec = now.usec + judge->policy.confirm_usec;
		return;
	}
	watch->asking.probes[answer->finding == FINDING_NONE]++;
	watch->seen.disk = fact->answered.disk;
	if (watch->seen.stands || watch->seen.container.state == CONTAINER_PAUSED) {
		/* That says more; who was served all the same came by another door. */
		watch->asking.at_usec = now.usec + judge->policy.probe_interval_usec / 4;
		return;
	}
	if (answer->finding == FINDING_NONE) {
		watch->asking.suspected = false;
		watch->seen.refused.at_usec = 0;
		if (watch_is_in_trouble(watch))
			incident_recover(judge, fact->service, now, actions);
		watch_clear(watch, VERDICT_UP, now.usec);
		return;
	}
	if (serious && watch_is_taken(&judge->policy, watch, now.usec)) {
		/* Two witnesses: no second look is needed. */
		if (!watch_is_down(watch))
			watch->outage.lost_usec = now.usec;
		ruling_taken(judge, fact->service, now, actions);
		return;
	}
	if (may_be_chance(answer->finding) && !watch->asking.suspected &&
	    watch->opinion.finding != answer->finding) {
		watch->asking.suspected = true;
		watch->asking.at_usec = now.usec + judge->policy.confirm_usec;
		return;
	}
	if (!watch_is_in_trouble(watch) ||
	    (finding_verdict(answer->finding) == VERDICT_DOWN && !watch_is_down(watch)))
		watch->outage.lost_usec = now.usec;
	if (serious)
		watch->asking.at_usec = now.usec + judge->policy.probe_interval_usec / 4;
	ruling_find(judge, fact->service, answer->finding, CAUSE_NONE, answer->detail, now,
		    actions);
	/* A reload takes effect a moment after it is done. */
	if (watch_is_in_trouble(watch) &&
	    judge->incidents[watch->outage.incident].repair == REPAIR_PROVING)
		watch->asking.at_usec = now.usec + judge->policy.confirm_usec;
}
