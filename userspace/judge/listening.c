// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/listening.h"

#include <string.h>

#include "base/text.h"
#include "judge/cause.h"
#include "judge/verdict.h"

static void on_lost(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	char detail[RECORD_DETAIL_SIZE];
	enum cause cause =
		cause_of_missing(&judge->policy, &judge->services.list[i], watch, now.usec, detail);
	uint64_t patience = cause_patience(&judge->policy, cause, watch);

	watch->probe_at_usec = USEC_NEVER;
	watch->suspected = false;
	/* What systemd works on is planned. */
	if (watch->unit_job)
		patience = judge->policy.job_grace_usec;
	/* The end of a container's first process ends all of it, and the others are seen to end
	 * before. */
	else if (watch->end_known && watch->end.exiting &&
		 patience < judge->policy.container_settle_usec)
		patience = judge->policy.container_settle_usec;
	if (patience == 0 ||
	    (watch->incident >= 0 && finding_severity(watch->finding) == SEVERITY_CRITICAL)) {
		verdict_missing(judge, i, now, actions);
		return;
	}
	/* What the incident warns of (a certificate that ends soon) outlasts a planned restart, and
	 * is no news then. */
	if (watch->incident < 0) {
		watch->finding = FINDING_MISSING;
		watch->cause = cause;
		(void)text_copy(watch->detail, sizeof(watch->detail), detail);
	}
	verdict_become(watch, VERDICT_DOWN, now.usec);
	watch->grace_until_usec = now.usec + patience;
}

void listening_on_coverage(struct judge *judge, const struct fact *fact, struct moment now,
			   struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	enum coverage coverage = fact->coverage.coverage;
	bool changed = !watch->looked || watch->coverage != coverage;

	if (coverage != COVERAGE_NONE)
		watch->place = PLACE_THERE;
	if (!changed) {
		if (coverage == COVERAGE_FULL) {
			watch->refused.at_usec = 0;
			verdict_ask(watch, now.usec); /* other sockets than before: do they work? */
		}
		return;
	}
	watch->looked = true;
	watch->coverage = coverage;
	watch->stands = false; /* those queues may be gone; the next look tells */
	switch (coverage) {
	case COVERAGE_NONE:
		watch->seen_falling = fact->coverage.seen;
		watch->end_known = fact->coverage.end_known;
		watch->end = fact->coverage.end;
		(void)text_copy(watch->outside, sizeof(watch->outside), fact->coverage.detail);
		if (verdict_is_down(watch) && fact->coverage.at_usec > watch->lost_usec)
			watch->downtime_usec +=
				fact->coverage.at_usec - watch->lost_usec; /* it was before, too */
		watch->lost_usec = fact->coverage.at_usec;
		on_lost(judge, fact->service, now, actions);
		return;
	case COVERAGE_PARTIAL:
	case COVERAGE_FOREIGN:
		(void)text_copy(watch->detail, sizeof(watch->detail), fact->coverage.detail);
		if (watch->grace_until_usec == USEC_NEVER) {
			if (!verdict_is_down(watch))
				watch->lost_usec = fact->coverage.at_usec;
			/* A server opens its sockets one after the other. */
			watch->grace_until_usec = now.usec + judge->policy.reload_grace_usec;
		}
		return;
	case COVERAGE_FULL:
		watch->refused.at_usec = 0; /* somebody else was lucky since */
		watch->grace_until_usec = USEC_NEVER;
		watch->back_usec = fact->coverage.at_usec;
		/* Back within its grace: a planned gap. Whether it works is asked next. */
		if (watch->incident < 0 && watch->finding != FINDING_NONE)
			verdict_clear(watch, VERDICT_UNKNOWN, now);
		verdict_ask(watch, now.usec);
		return;
	}
}

/* Somebody serves it; a conversation tells whether that will do. Who tries again and again is no
 * reason for one each time. */
static void ask_of_refusal(const struct judge *judge, struct watch *watch, struct moment now)
{
	uint64_t next_usec = watch->refused.asked_usec + judge->policy.probe_interval_usec / 4;

	if (!watch->refused.asked_usec || next_usec <= now.usec) {
		watch->refused.asked_usec = now.usec;
		verdict_ask(watch, now.usec);
	} else if (!watch->probing && next_usec < watch->probe_at_usec) {
		watch->probe_at_usec = next_usec;
	}
}

void listening_on_bind_failed(struct judge *judge, const struct fact *fact, struct moment now,
			      struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];

	/* It has been opened since: that order of events is the kernel's. */
	if (watch->coverage == COVERAGE_FULL && watch->back_usec > fact->bind.at_usec)
		return;
	watch->refused.at_usec = fact->bind.at_usec;
	watch->refused.error = fact->bind.error;
	watch->refused.other_holds = fact->bind.other_holds;
	memcpy(watch->refused.holder, fact->bind.holder, sizeof(watch->refused.holder));
	memcpy(watch->refused.detail, fact->bind.detail, sizeof(watch->refused.detail));
	/* What systemd works on is planned: a service manager may try again. The end of the job
	 * decides. */
	if (!watch->looked || watch->unit_job)
		return;
	switch (watch->coverage) {
	case COVERAGE_NONE:
		verdict_missing(judge, fact->service, now, actions);
		return;
	case COVERAGE_PARTIAL:
	case COVERAGE_FOREIGN:
		verdict_misplaced(judge, fact->service, now, actions);
		return;
	case COVERAGE_FULL:
		if (watch->incident >= 0 && watch->verdict == VERDICT_DOWN &&
		    verdict_is_taken(judge, watch, now))
			verdict_taken(judge, fact->service, now, actions);
		else
			ask_of_refusal(judge, watch, now);
		return;
	}
}

void listening_on_place(struct judge *judge, const struct fact *fact, struct moment now,
			struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	uint64_t until = watch->lost_usec + judge->policy.container_grace_usec;

	watch->place = fact->place.place;
	memcpy(watch->place_detail, fact->place.detail, sizeof(watch->place_detail));
	/* Before the loss was told: then it is the cause from the start. */
	if (!watch->looked || watch->coverage != COVERAGE_NONE || watch->place == PLACE_THERE)
		return;
	if (watch->incident >= 0 && watch->grace_until_usec == USEC_NEVER) {
		verdict_missing(judge, fact->service, now, actions);
		return;
	}
	/* A restart of the container is planned while it lasts; a job's end may be later. */
	if (watch->grace_until_usec != USEC_NEVER && watch->grace_until_usec < until)
		watch->grace_until_usec = until;
	if (watch->incident < 0)
		watch->cause =
			cause_of_missing(&judge->policy, &judge->services.list[fact->service],
					 watch, now.usec, watch->detail);
}

void listening_on_queues(struct judge *judge, const struct fact *fact, struct moment now,
			 struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	bool stood = watch->stands;
	char detail[RECORD_DETAIL_SIZE];
	uint64_t since_usec;

	watch->stands = queues_stand(&judge->policy, &watch->queues, fact->queues.list,
				     fact->queues.n, now.usec, &since_usec, detail);
	if (!watch->stands) {
		if (stood) /* a conversation tells whether it serves */
			verdict_ask(watch, now.usec);
		return;
	}
	/* What systemd works on is planned; what is missing says more. */
	if (watch->coverage != COVERAGE_FULL || watch->unit_job)
		return;
	if (!verdict_is_down(watch))
		watch->lost_usec = since_usec;
	/* That it is another's queue says more, and the two must not take turns. */
	if (verdict_is_taken(judge, watch, now))
		verdict_taken(judge, fact->service, now, actions);
	else
		verdict_find(judge, fact->service, FINDING_NOT_ACCEPTING, CAUSE_NONE, detail, now,
			     actions);
}

void listening_on_unit(struct judge *judge, const struct fact *fact, struct moment now,
		       struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	bool job_ended = watch->unit_job && !fact->unit.job;

	watch->unit_state = fact->unit.state;
	watch->unit_job = fact->unit.job;
	watch->unit_stopped_by_job = fact->unit.stopped_by_job;
	if (watch->grace_until_usec == USEC_NEVER || watch->coverage != COVERAGE_NONE)
		return;
	if (watch->unit_job)
		watch->grace_until_usec = now.usec + judge->policy.job_grace_usec;
	else if (watch->unit_stopped_by_job && watch->unit_state == UNIT_INACTIVE)
		verdict_missing(judge, fact->service, now, actions);
	else if (job_ended && cause_is_bind(&judge->policy, watch, now.usec))
		verdict_missing(judge, fact->service, now, actions);
	else if (job_ended)
		watch->grace_until_usec = now.usec + judge->policy.reload_grace_usec;
}
