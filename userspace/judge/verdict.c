// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/verdict.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/cause.h"
#include "judge/incident.h"
#include "judge/ladder.h"

void verdict_become(struct watch *watch, enum verdict verdict, uint64_t now_usec)
{
	if (watch->verdict == verdict)
		return;
	watch->verdict = verdict;
	watch->since_usec = now_usec;
}

void verdict_clear(struct watch *watch, enum verdict verdict, struct moment now)
{
	watch->finding = FINDING_NONE;
	watch->cause = CAUSE_NONE;
	*watch->detail = '\0';
	verdict_become(watch, verdict, now.usec);
}

bool verdict_is_down(const struct watch *watch)
{
	return watch->incident >= 0 && finding_verdict(watch->finding) == VERDICT_DOWN;
}

void verdict_find(struct judge *judge, size_t i, enum finding finding, enum cause cause,
		  const char *detail, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	/* That the next certificate has come is news: now a reload helps. */
	bool same = watch->finding == finding && watch->cause == cause &&
		    (!ladder_is_of_certificate(finding) || watch->told_disk == watch->disk);

	if (verdict_is_down(watch) && finding_verdict(finding) != VERDICT_DOWN)
		incident_served(judge, i, now);
	watch->told_disk = watch->disk;
	watch->finding = finding;
	watch->cause = cause;
	watch->suspected = false;
	(void)text_copy(watch->detail, sizeof(watch->detail), detail);
	verdict_become(watch, finding_verdict(finding), now.usec);
	if (watch->incident < 0)
		incident_open(judge, i, now, actions);
	else if (!same)
		incident_change(judge, i, now, actions);
}

void verdict_missing(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	char detail[RECORD_DETAIL_SIZE];
	enum cause cause =
		cause_of_missing(&judge->policy, &judge->services.list[i], watch, now.usec, detail);

	watch->grace_until_usec = USEC_NEVER;
	verdict_find(judge, i, FINDING_MISSING, cause, detail, now, actions);
}

void verdict_misplaced(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	bool refused = cause_is_bind(&judge->policy, watch, now.usec);
	char detail[RECORD_DETAIL_SIZE];

	(void)text_copy(detail, sizeof(detail), watch->detail);
	watch->grace_until_usec = USEC_NEVER;
	verdict_find(judge, i,
		     watch->coverage == COVERAGE_PARTIAL ? FINDING_WRONG_ADDRESS
							 : FINDING_FOREIGN_OWNER,
		     refused ? CAUSE_BIND_FAILED : CAUSE_NONE,
		     refused ? watch->refused.detail : detail, now, actions);
}

bool verdict_is_taken(const struct judge *judge, const struct watch *watch, struct moment now)
{
	return watch->refused.error == EADDRINUSE && watch->refused.other_holds &&
	       cause_is_bind(&judge->policy, watch, now.usec);
}

void verdict_taken(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	verdict_find(judge, i, FINDING_FOREIGN_OWNER, CAUSE_BIND_FAILED,
		     judge->watches[i].refused.detail, now, actions);
}

void verdict_ask(struct watch *watch, uint64_t at_usec)
{
	watch->ask_again = watch->probing;
	watch->probe_at_usec = at_usec;
}
