// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/ruling.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "judge/cause.h"
#include "judge/incident.h"
#include "judge/ladder.h"

void ruling_find(struct judge *judge, size_t i, enum finding finding, enum cause cause,
		 const char *detail, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	/* That the next certificate has come is news: now a reload helps. */
	bool same = watch->opinion.finding == finding && watch->opinion.cause == cause &&
		    (!finding_is_of_certificate(finding) ||
		     watch->opinion.told_disk == watch->seen.disk);

	if (watch_is_down(watch) && finding_verdict(finding) != VERDICT_DOWN)
		incident_served(judge, i, now);
	/* Clients were kept out although somebody listened: that return was none. */
	if (watch_is_down(watch) && !watch_is_of_listener(watch) && finding_is_of_listener(finding))
		watch->outage.back_usec = 0;
	watch->opinion.told_disk = watch->seen.disk;
	watch->opinion.finding = finding;
	watch->opinion.cause = cause;
	watch->asking.suspected = false;
	(void)text_copy(watch->opinion.detail, sizeof(watch->opinion.detail), detail);
	watch_become(watch, finding_verdict(finding), now.usec);
	if (!watch_is_in_trouble(watch))
		incident_open(judge, i, now, actions);
	else if (!same)
		incident_change(judge, i, now, actions);
	else if (watch->outage.inherited)
		incident_resume(judge, i, now, actions);
	watch->outage.inherited = false;
}

void ruling_missing(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	char detail[RECORD_DETAIL_SIZE];
	enum cause cause =
		cause_of_missing(&judge->policy, &judge->services.list[i], watch, now.usec, detail);

	watch->opinion.grace_until_usec = USEC_NEVER;
	ruling_find(judge, i, FINDING_MISSING, cause, detail, now, actions);
}

void ruling_misplaced(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	bool refused = watch_was_refused(&judge->policy, watch, now.usec);
	char detail[RECORD_DETAIL_SIZE];

	(void)text_copy(detail, sizeof(detail), watch->opinion.detail);
	watch->opinion.grace_until_usec = USEC_NEVER;
	ruling_find(judge, i,
		    watch->seen.coverage == COVERAGE_PARTIAL ? FINDING_WRONG_ADDRESS
							     : FINDING_FOREIGN_OWNER,
		    refused ? CAUSE_BIND_FAILED : CAUSE_NONE,
		    refused ? watch->seen.refused.detail : detail, now, actions);
}

void ruling_taken(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	ruling_find(judge, i, FINDING_FOREIGN_OWNER, CAUSE_BIND_FAILED,
		    judge->watches[i].seen.refused.detail, now, actions);
}
