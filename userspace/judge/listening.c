// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/listening.h"

#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "judge/cause.h"
#include "judge/repair.h"
#include "judge/ruling.h"

static void rule_lost(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	bool again = watch_is_in_trouble(watch) && watch->opinion.finding == FINDING_MISSING;

	ruling_missing(judge, i, now, actions);
	/* What was under way when we were started is waited for. */
	if (again && !watch->seen.inherited)
		repair_again(judge, i, now, actions);
}

/* Its unit was masked before we came, and nobody serves it: somebody wants it so. */
static bool is_unwanted(const struct watch *watch)
{
	return watch->seen.unit.state == UNIT_MASKED && !watch->seen.falling &&
	       !watch_is_in_trouble(watch);
}

/* The end of a container's first process ends all of it, and the others are seen to end before. A
 * runtime tells of it within moments; and who is ended so politely is killed by no signal. */
static uint64_t settle_of(const struct judge *judge, size_t i)
{
	const struct watch *watch = &judge->watches[i];
	const struct task_end *end = &watch->seen.end;
	bool is_polite = !end->signal || end->signal == SIGTERM || end->signal == SIGINT ||
			 end->signal == SIGQUIT;

	if (!watch->seen.end_known || !end->exiting)
		return 0;
	if (*judge->services.list[i].server.container && !judge->policy.container_settle_usec)
		return is_polite ? judge->policy.container_word_usec : 0;
	return judge->policy.container_settle_usec;
}

/* What an incident has found already needs no patience, but for what somebody has a runtime do: to
 * restart the container is how people mend it. */
static uint64_t patience_in_trouble(const struct policy *policy, enum cause cause,
				    uint64_t patience)
{
	if (cause == CAUSE_CONTAINER_STOPPED)
		return patience;
	if (cause != CAUSE_CONTAINER_EXITED && cause != CAUSE_CONTAINER_GONE)
		return 0;
	return patience < policy->container_word_usec ? patience : policy->container_word_usec;
}

static void on_lost(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	char detail[RECORD_DETAIL_SIZE];
	enum cause cause =
		cause_of_missing(&judge->policy, &judge->services.list[i], watch, now.usec, detail);
	uint64_t patience = cause_patience(&judge->policy, cause, watch);

	watch->asking.at_usec = USEC_NEVER;
	watch->asking.suspected = false;
	if (is_unwanted(watch)) {
		watch_clear(watch, VERDICT_UNKNOWN, now.usec);
		(void)text_format(watch->opinion.detail, sizeof(watch->opinion.detail),
				  "%s is masked: nothing is expected of it",
				  judge->services.list[i].server.unit);
		return;
	}
	if (watch_is_in_trouble(watch) &&
	    finding_severity(watch->opinion.finding) == SEVERITY_CRITICAL)
		patience = patience_in_trouble(&judge->policy, cause, patience);
	/* What systemd works on is planned. */
	if (watch->seen.unit.job)
		patience = judge->policy.job_grace_usec;
	else if (patience < settle_of(judge, i))
		patience = settle_of(judge, i);
	if (patience == 0) {
		rule_lost(judge, i, now, actions);
		return;
	}
	/* What the incident warns of (a certificate that ends soon) outlasts a planned restart, and
	 * is no news then. */
	if (!watch_is_in_trouble(watch)) {
		watch->opinion.finding = FINDING_MISSING;
		watch->opinion.cause = cause;
		(void)text_copy(watch->opinion.detail, sizeof(watch->opinion.detail), detail);
	}
	watch_become(watch, VERDICT_DOWN, now.usec);
	watch->opinion.grace_until_usec = now.usec + patience;
}

/* Somebody was lucky since. While another has a part of the port, only a conversation tells that it
 * is not the part that clients come by. */
static void forget_refusal(struct watch *watch)
{
	if (!watch->seen.held)
		watch->seen.refused.at_usec = 0;
}

void listening_on_coverage(struct judge *judge, const struct fact *fact, struct moment now,
			   struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	enum coverage coverage = fact->coverage.coverage;
	bool freed = watch->seen.held && !fact->coverage.held;
	bool changed = !watch->seen.looked || watch->seen.coverage != coverage ||
		       (freed && coverage == COVERAGE_PARTIAL);
	bool was_foreign = watch->seen.looked && watch->seen.coverage == COVERAGE_FOREIGN;
	/* A container made anew may be another place, where nobody saw anything go. It went all the
	 * same. */
	bool was_served = watch->seen.looked && watch->seen.coverage == COVERAGE_FULL &&
			  *judge->services.list[fact->service].server.container;

	if (coverage != COVERAGE_NONE)
		watch->seen.place = PLACE_THERE;
	if (coverage == COVERAGE_FULL)
		watch->seen.owner = fact->coverage.owner;
	watch->seen.held = fact->coverage.held;
	if (!changed) {
		if (coverage == COVERAGE_FULL) {
			forget_refusal(watch);
			watch_ask(watch, now.usec); /* other sockets than before: do they work? */
		}
		return;
	}
	watch->seen.looked = true;
	watch->seen.coverage = coverage;
	watch->seen.freed = freed && coverage != COVERAGE_FULL;
	watch->seen.stands = false; /* those queues may be gone; the next look tells */
	watch->seen.inherited &= coverage == COVERAGE_NONE && !fact->coverage.seen &&
				 watch->opinion.finding == FINDING_MISSING;
	switch (coverage) {
	case COVERAGE_NONE:
		(void)text_copy(watch->seen.outside, sizeof(watch->seen.outside),
				fact->coverage.detail);
		if (watch->seen.inherited) { /* it still is as it was */
			on_lost(judge, fact->service, now, actions);
			watch->seen.inherited = false;
			return;
		}
		/* The end of another's process is none of this service's. */
		watch->seen.falling = (fact->coverage.seen || was_served) && !was_foreign;
		watch->seen.end_known = fact->coverage.end_known && !was_foreign;
		watch->seen.end = fact->coverage.end;
		if (watch_is_down(watch) && fact->coverage.at_usec > watch->outage.lost_usec)
			watch->outage.total_usec +=
				fact->coverage.at_usec -
				watch->outage.lost_usec; /* it was before, too */
		watch->outage.lost_usec = fact->coverage.at_usec;
		on_lost(judge, fact->service, now, actions);
		return;
	case COVERAGE_PARTIAL:
	case COVERAGE_FOREIGN:
		(void)text_copy(watch->opinion.detail, sizeof(watch->opinion.detail),
				fact->coverage.detail);
		if (watch->opinion.grace_until_usec == USEC_NEVER) {
			if (!watch_is_down(watch))
				watch->outage.lost_usec = fact->coverage.at_usec;
			/* A server opens its sockets one after the other. */
			watch->opinion.grace_until_usec =
				now.usec + judge->policy.reload_grace_usec;
		}
		if (watch->seen.freed && watch_is_in_trouble(watch))
			repair_again(judge, fact->service, now, actions);
		return;
	case COVERAGE_FULL:
		forget_refusal(watch);
		watch->opinion.grace_until_usec = USEC_NEVER;
		watch->outage.back_usec = fact->coverage.at_usec;
		/* Back within its grace: a planned gap. Whether it works is asked next. */
		if (!watch_is_in_trouble(watch) && watch->opinion.finding != FINDING_NONE)
			watch_clear(watch, VERDICT_UNKNOWN, now.usec);
		watch_ask(watch, now.usec);
		return;
	}
}

/* Somebody serves it; a conversation tells whether that will do. Who tries again and again is no
 * reason for one each time. */
static void ask_of_refusal(const struct judge *judge, struct watch *watch, struct moment now)
{
	uint64_t next_usec = watch->seen.refused.asked_usec + judge->policy.probe_interval_usec / 4;

	if (!watch->seen.refused.asked_usec || next_usec <= now.usec) {
		watch->seen.refused.asked_usec = now.usec;
		watch_ask(watch, now.usec);
	} else if (!watch->asking.under_way && next_usec < watch->asking.at_usec) {
		watch->asking.at_usec = next_usec;
	}
}

void listening_on_bind_failed(struct judge *judge, const struct fact *fact, struct moment now,
			      struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];

	/* It has been opened since, all of it: that order of events is the kernel's. */
	if (watch->seen.coverage == COVERAGE_FULL && !watch->seen.held &&
	    watch->outage.back_usec > fact->bind.at_usec)
		return;
	watch->seen.freed = false;
	watch->seen.refused.at_usec = fact->bind.at_usec;
	watch->seen.refused.error = fact->bind.error;
	watch->seen.refused.other_holds = fact->bind.other_holds;
	memcpy(watch->seen.refused.holder, fact->bind.holder, sizeof(watch->seen.refused.holder));
	memcpy(watch->seen.refused.detail, fact->bind.detail, sizeof(watch->seen.refused.detail));
	/* What systemd works on is planned: a service manager may try again. The end of the job
	 * decides. */
	if (!watch->seen.looked || watch->seen.unit.job)
		return;
	switch (watch->seen.coverage) {
	case COVERAGE_NONE:
		ruling_missing(judge, fact->service, now, actions);
		return;
	case COVERAGE_PARTIAL:
	case COVERAGE_FOREIGN:
		ruling_misplaced(judge, fact->service, now, actions);
		return;
	case COVERAGE_FULL:
		if (watch_is_in_trouble(watch) && watch->opinion.verdict == VERDICT_DOWN &&
		    watch_is_taken(&judge->policy, watch, now.usec))
			ruling_taken(judge, fact->service, now, actions);
		else
			ask_of_refusal(judge, watch, now);
		return;
	}
}

/* What happens to its container then is our own doing, and no news. */
static bool is_being_repaired(const struct judge *judge, size_t i)
{
	const struct watch *watch = &judge->watches[i];
	enum repair_state repair = watch_is_in_trouble(watch)
					   ? judge->incidents[watch->outage.incident].repair
					   : REPAIR_IDLE;

	return repair == REPAIR_RUNNING || repair == REPAIR_PROVING;
}

void listening_on_place(struct judge *judge, const struct fact *fact, struct moment now,
			struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	uint64_t until = watch->outage.lost_usec + judge->policy.container_grace_usec;

	watch->seen.place = fact->place.place;
	memcpy(watch->seen.place_detail, fact->place.detail, sizeof(watch->seen.place_detail));
	/* Before the loss was told: then it is the cause from the start. */
	if (!watch->seen.looked || watch->seen.coverage != COVERAGE_NONE ||
	    watch->seen.place == PLACE_THERE)
		return;
	if (watch_is_in_trouble(watch) && watch->opinion.grace_until_usec == USEC_NEVER) {
		if (is_being_repaired(judge, fact->service))
			return;
		/* Made anew, and its server has yet to start there: that is no news. */
		if (watch->seen.place == PLACE_MOVED)
			watch->opinion.grace_until_usec =
				now.usec + judge->policy.restart_grace_usec;
		else
			ruling_missing(judge, fact->service, now, actions);
		return;
	}
	/* A restart of the container is planned while it lasts; a job's end may be later. */
	if (watch->opinion.grace_until_usec != USEC_NEVER &&
	    watch->opinion.grace_until_usec < until)
		watch->opinion.grace_until_usec = until;
	if (!watch_is_in_trouble(watch))
		watch->opinion.cause =
			cause_of_missing(&judge->policy, &judge->services.list[fact->service],
					 watch, now.usec, watch->opinion.detail);
}

/* Its processes are frozen: the kernel takes clients, and nobody answers them. */
static void on_pause(struct judge *judge, size_t i, bool was_paused, struct moment now,
		     struct actions *actions)
{
	struct watch *watch = &judge->watches[i];

	if (watch->seen.container.state == CONTAINER_PAUSED) {
		if (!watch_is_down(watch))
			watch->outage.lost_usec = now.usec;
		ruling_find(judge, i, FINDING_NOT_ACCEPTING, CAUSE_NONE,
			    watch->seen.container.detail, now, actions);
	} else if (was_paused) {
		watch_ask(watch, now.usec);
	}
}

/* Its runtime starts one again that ends by itself; one that does so again and again serves nobody,
 * however short each time is. */
static void note_exit(const struct policy *policy, struct watch *watch, bool had_ended,
		      uint64_t now_usec)
{
	struct seen *seen = &watch->seen;

	if (had_ended || !watch_container_ended(watch) || seen->container.asked ||
	    seen->container.may_be_meant)
		return;
	seen->exits_again =
		seen->exited_usec && now_usec < seen->exited_usec + policy->container_memory_usec;
	seen->exited_usec = now_usec;
}

void listening_on_container(struct judge *judge, const struct fact *fact, struct moment now,
			    struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	const struct service *service = &judge->services.list[fact->service];
	char detail[RECORD_DETAIL_SIZE];
	bool was_paused = watch->seen.container.state == CONTAINER_PAUSED;
	bool had_ended = watch_container_ended(watch);
	bool was_cut_off = watch->seen.container.is_cut_off;
	uint64_t until;
	enum cause cause;

	watch->seen.container = fact->container;
	watch->seen.container_usec = now.usec;
	note_exit(&judge->policy, watch, had_ended, now.usec);
	if (watch->seen.looked && watch->seen.coverage == COVERAGE_FULL) {
		on_pause(judge, fact->service, was_paused, now, actions);
		if (was_cut_off != fact->container.is_cut_off)
			watch_ask(watch, now.usec);
	}
	if (!watch->seen.looked || watch->seen.coverage != COVERAGE_NONE)
		return;
	/* It runs, or does again: its listeners tell what comes of that, or its place does. */
	if (fact->container.state == CONTAINER_RUNNING && !fact->container.asked)
		return;
	cause = cause_of_missing(&judge->policy, service, watch, now.usec, detail);
	if (watch->opinion.grace_until_usec == USEC_NEVER) {
		if (!is_being_repaired(judge, fact->service))
			ruling_missing(judge, fact->service, now, actions);
		return;
	}
	until = watch->outage.lost_usec + cause_patience(&judge->policy, cause, watch);
	if (until <= now.usec && !watch->seen.unit.job) {
		ruling_missing(judge, fact->service, now, actions);
		return;
	}
	if (!watch->seen.unit.job &&
	    (cause == CAUSE_CONTAINER_STOPPED || cause == CAUSE_CONTAINER_EXITED))
		watch->opinion.grace_until_usec = until;
	if (watch_is_in_trouble(watch)) /* which says something else, until this is over */
		return;
	watch->opinion.cause = cause;
	(void)text_copy(watch->opinion.detail, sizeof(watch->opinion.detail), detail);
}

void listening_on_queues(struct judge *judge, const struct fact *fact, struct moment now,
			 struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	bool stood = watch->seen.stands;
	char detail[RECORD_DETAIL_SIZE];
	uint64_t since_usec;

	watch->seen.stands = queues_stand(&judge->policy, &watch->seen.queues, fact->queues.list,
					  fact->queues.n, now.usec, &since_usec, detail);
	if (!watch->seen.stands) {
		if (stood) /* a conversation tells whether it serves */
			watch_ask(watch, now.usec);
		return;
	}
	/* What systemd works on is planned; what is missing says more. */
	if (watch->seen.coverage != COVERAGE_FULL || watch->seen.unit.job)
		return;
	if (!watch_is_down(watch))
		watch->outage.lost_usec = since_usec;
	/* That it is another's queue says more, and the two must not take turns. */
	if (watch_is_taken(&judge->policy, watch, now.usec))
		ruling_taken(judge, fact->service, now, actions);
	else
		ruling_find(judge, fact->service, FINDING_NOT_ACCEPTING, CAUSE_NONE, detail, now,
			    actions);
}

/* Who let the port go has ended, it turns out: another cause, and another patience. */
static void reconsider(struct judge *judge, size_t i, struct moment now)
{
	struct watch *watch = &judge->watches[i];
	char detail[RECORD_DETAIL_SIZE];
	enum cause cause =
		cause_of_missing(&judge->policy, &judge->services.list[i], watch, now.usec, detail);

	if (watch->opinion.finding != FINDING_MISSING || watch->opinion.cause == cause)
		return;
	watch->opinion.cause = cause;
	(void)text_copy(watch->opinion.detail, sizeof(watch->opinion.detail), detail);
	watch->opinion.grace_until_usec =
		watch->outage.lost_usec + cause_patience(&judge->policy, cause, watch);
}

/* systemd does not tell what was before we asked it: who stopped a unit, nor that it was up once
 * more since it died, and then ended well. Nobody may be overruled for that. */
static void compare_with_before(struct watch *watch)
{
	const struct task_end *end = &watch->seen.end;
	bool is_down = watch->seen.unit.state == UNIT_INACTIVE;

	if (watch->seen.unit.state == UNIT_ACTIVE || watch->seen.unit.state == UNIT_FAILED)
		watch->seen.was_stopped = false;
	watch->seen.unit.stopped_by_job |= watch->seen.was_stopped && is_down;
	if (!watch->seen.inherited || !is_down || !watch->seen.end_known ||
	    (!end->oom && !end->exit_code && (!end->signal || end->signal == SIGTERM)) ||
	    strcmp(watch->seen.unit.end.result, "success") != 0)
		return;
	watch->seen.falling = watch->seen.end_known = false;
}

/* Of what somebody listens on: what the job came upon, or brought. */
static void on_job_ended(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];

	switch (watch->seen.coverage) {
	case COVERAGE_NONE:
		return;
	case COVERAGE_PARTIAL:
	case COVERAGE_FOREIGN:
		if (watch_was_refused(&judge->policy, watch, now.usec))
			ruling_misplaced(judge, i, now, actions);
		return;
	case COVERAGE_FULL:
		/* It may have loaded another configuration or certificate, and no listener tells of
		 * that. A reload takes effect a moment after it is done. */
		if (!watch->asking.under_way)
			watch_ask(watch, now.usec + judge->policy.confirm_usec);
		return;
	}
}

void listening_on_unit(struct judge *judge, const struct fact *fact, struct moment now,
		       struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	bool job_ended = watch->seen.unit.job && !fact->unit.job;
	bool comes_up = watch->seen.unit.state != UNIT_ACTIVE &&
			watch->seen.unit.state != UNIT_UNKNOWN && fact->unit.state == UNIT_ACTIVE;

	watch->seen.unit = fact->unit;
	if (watch->seen.inherited || watch->seen.was_stopped)
		compare_with_before(watch);
	if (watch_is_in_trouble(watch))
		repair_on_unit(judge, fact->service, now);
	if (job_ended && watch->seen.looked)
		on_job_ended(judge, fact->service, now, actions);
	if (!watch->seen.looked || watch->seen.coverage != COVERAGE_NONE)
		return;
	if (comes_up) /* who had it ended is another story from now on */
		watch->seen.end.sent = (struct signal_sent){ 0 };
	if (watch->opinion.grace_until_usec == USEC_NEVER) {
		if (!watch_is_in_trouble(watch) || watch->seen.unit.job)
			return;
		/* What the incident says may be another story by now: above all, a stop. Who has
		 * just been started has his ports a moment later. */
		if (comes_up)
			watch->opinion.grace_until_usec =
				now.usec + judge->policy.restart_grace_usec;
		else
			ruling_missing(judge, fact->service, now, actions);
		return;
	}
	if (watch->seen.unit.job)
		watch->opinion.grace_until_usec = now.usec + judge->policy.job_grace_usec;
	else if (watch_is_stopped(watch))
		ruling_missing(judge, fact->service, now, actions);
	else if (job_ended && watch_was_refused(&judge->policy, watch, now.usec))
		ruling_missing(judge, fact->service, now, actions);
	else if (job_ended)
		watch->opinion.grace_until_usec = now.usec + judge->policy.reload_grace_usec;
	else if (watch_unit_is_gone(watch))
		reconsider(judge, fact->service, now);
}
