// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/watch.h"

#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"

void watch_begin(struct watch *watch)
{
	*watch = (struct watch){ .asking.at_usec = USEC_NEVER,
				 .opinion.grace_until_usec = USEC_NEVER,
				 .outage.incident = -1,
				 .outage.named = -1 };
}

void watch_become(struct watch *watch, enum verdict verdict, uint64_t now_usec)
{
	if (watch->opinion.verdict == verdict)
		return;
	watch->opinion.verdict = verdict;
	watch->opinion.since_usec = now_usec;
	watch->opinion.older_usec = 0;
}

void watch_clear(struct watch *watch, enum verdict verdict, uint64_t now_usec)
{
	watch->opinion.finding = FINDING_NONE;
	watch->opinion.cause = CAUSE_NONE;
	*watch->opinion.detail = '\0';
	watch_become(watch, verdict, now_usec);
}

void watch_ask(struct watch *watch, uint64_t at_usec)
{
	watch->asking.again = watch->asking.under_way;
	watch->asking.at_usec = at_usec;
}

bool watch_is_in_trouble(const struct watch *watch)
{
	return watch->outage.incident >= 0 && !watch->outage.proven;
}

bool watch_is_down(const struct watch *watch)
{
	return watch_is_in_trouble(watch) &&
	       finding_verdict(watch->opinion.finding) == VERDICT_DOWN;
}

bool watch_is_of_listener(const struct watch *watch)
{
	return finding_is_of_listener(watch->opinion.finding);
}

bool watch_unit_is_gone(const struct watch *watch)
{
	return watch->seen.unit.state == UNIT_INACTIVE || watch->seen.unit.state == UNIT_FAILED ||
	       watch->seen.unit.state == UNIT_MASKED;
}

bool watch_unit_is_busy(const struct watch *watch)
{
	return watch->seen.unit.job || watch->seen.unit.is_deaf ||
	       watch->seen.unit.state == UNIT_CHANGING;
}

bool watch_is_stopped(const struct watch *watch)
{
	return watch->seen.unit.state == UNIT_MASKED ||
	       (watch->seen.unit.stopped_by_job && watch->seen.unit.state == UNIT_INACTIVE);
}

bool watch_is_wanted(const struct watch *watch)
{
	if (watch->opinion.finding == FINDING_NOT_ACCEPTING)
		return watch->seen.container.state == CONTAINER_PAUSED;
	return watch->opinion.cause == CAUSE_UNIT_STOPPED ||
	       watch->opinion.cause == CAUSE_CONTAINER_STOPPED;
}

bool watch_is_back(const struct watch *watch)
{
	if (watch->seen.coverage != COVERAGE_FULL)
		return false;
	return watch_is_of_listener(watch) ||
	       (watch->opinion.finding == FINDING_NOT_ACCEPTING && !watch->seen.stands);
}

/* It took a port away that somebody else already was refused: the story that went before is over.
 */
static bool is_newer_crash(const struct watch *watch)
{
	return watch->seen.coverage == COVERAGE_NONE && watch->seen.end_known &&
	       watch->outage.lost_usec > watch->seen.refused.at_usec &&
	       (watch->seen.end.oom ||
		(watch->seen.end.signal && watch->seen.end.signal != SIGTERM));
}

bool watch_container_ended(const struct watch *watch)
{
	switch (watch->seen.container.state) {
	case CONTAINER_RESTARTING:
	case CONTAINER_EXITED:
	case CONTAINER_REMOVED:
		return true;
	case CONTAINER_UNKNOWN:
	case CONTAINER_CREATED:
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		break;
	}
	return false;
}

bool watch_was_refused(const struct policy *policy, const struct watch *watch, uint64_t now_usec)
{
	if (!watch->seen.refused.at_usec || is_newer_crash(watch))
		return false;
	/* An incident that it opened or changed keeps its reason, however long it lasts. */
	return watch->opinion.cause == CAUSE_BIND_FAILED ||
	       now_usec < watch->seen.refused.at_usec + policy->bind_memory_usec;
}

bool watch_is_taken(const struct policy *policy, const struct watch *watch, uint64_t now_usec)
{
	return watch->seen.refused.error == EADDRINUSE && watch->seen.refused.other_holds &&
	       watch_was_refused(policy, watch, now_usec);
}

uint64_t watch_served_from(const struct watch *watch, uint64_t now_usec)
{
	return watch_is_of_listener(watch) && watch->outage.back_usec > watch->outage.lost_usec
		       ? watch->outage.back_usec
		       : now_usec;
}
