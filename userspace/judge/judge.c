// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cause.h"
#include "incident.h"
#include "ladder.h"
#include "text.h"

const struct policy policy_default = {
	.repair = RUNG_NONE,
	.repair_limit = 3,
	.repair_window_usec = 3600 * USEC_PER_SEC,
	.probe_interval_usec = 60 * USEC_PER_SEC,
	.reload_grace_usec = 2 * USEC_PER_SEC,
	.restart_grace_usec = 5 * USEC_PER_SEC,
	.container_grace_usec = 30 * USEC_PER_SEC,
	.job_grace_usec = 120 * USEC_PER_SEC,
	.settle_usec = 500 * USEC_PER_MSEC,
	.proof_usec = 30 * USEC_PER_SEC,
	.check_usec = 30 * USEC_PER_SEC,
	.bind_memory_usec = 60 * USEC_PER_SEC,
	.confirm_usec = 2 * USEC_PER_SEC,
	.queue_patience_usec = 5 * USEC_PER_SEC,
};

int judge_new(const struct policy *policy, const struct service_set *services, uint64_t seed,
	      struct judge **ret)
{
	cleanup(judge_freep) struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return -ENOMEM;
	judge->policy = *policy;
	judge->services = services;
	judge->seed = seed;
	judge->watches = calloc(services->n ? services->n : 1, sizeof(*judge->watches));
	if (!judge->watches)
		return -ENOMEM;
	for (size_t i = 0; i < services->n; i++) {
		judge->watches[i].incident = -1;
		judge->watches[i].grace_until_usec = USEC_NEVER;
		judge->watches[i].probe_at_usec = USEC_NEVER;
	}
	*ret = TAKE_PTR(judge);
	return 0;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	free(judge->watches);
	free(judge);
}

void judge_inherit(struct judge *judge, const struct judge *old)
{
	memcpy(judge->incidents, old->incidents, sizeof(judge->incidents));
	judge->budgets = old->budgets;
	judge->n_incidents = old->n_incidents;
	memcpy(judge->incidents_by_cause, old->incidents_by_cause, sizeof(old->incidents_by_cause));
	memcpy(judge->repairs, old->repairs, sizeof(old->repairs));
	memcpy(judge->withheld, old->withheld, sizeof(old->withheld));
	for (size_t i = 0; i < JUDGE_INCIDENTS_MAX; i++)
		judge->incidents[i].members = 0;
	for (size_t i = 0; i < judge->services->n; i++) {
		const struct service *service = &judge->services->list[i];

		for (size_t j = 0; j < old->services->n; j++) {
			const struct service *was = &old->services->list[j];

			if (was->port != service->port || strcmp(was->name, service->name) != 0)
				continue;
			judge->watches[i] = old->watches[j];
			if (judge->watches[i].probing) { /* its answer will not find us: ask anew, at once */
				judge->watches[i].probing = judge->watches[i].ask_again = false;
				judge->watches[i].probe_at_usec = 0;
			}
			if (!service->expected)
				judge->watches[i].incident = -1;
			if (judge->watches[i].incident >= 0) {
				int k = judge->watches[i].incident;
				struct incident *incident = &judge->incidents[k];

				/* Who spoke for it goes on, or else whoever is still a member. */
				if (incident->members++ == 0 || old->incidents[k].first_service == j)
					incident->first_service = i;
			}
		}
	}
	/* Nobody expects their services any more: nothing is wrong there by definition. */
	for (size_t i = 0; i < JUDGE_INCIDENTS_MAX; i++) {
		/* Other words may be on disk now: what they forbade is looked at again at once. */
		if (judge->incidents[i].repair == REPAIR_PLANNED &&
		    judge->incidents[i].told_withheld & 1U << WITHHELD_CONFIGURATION)
			judge->incidents[i].repair_at_usec = 0;
		if (judge->incidents[i].members > 0)
			continue;
		judge->incidents[i].is_open = false;
		judge->incidents[i].repair = REPAIR_IDLE; /* its end has nobody to be told of any more */
	}
}

const char *judge_target(const struct service *service)
{
	if (*service->restart_command || service->unit_is_guess)
		return service->restart_command;
	return service->unit;
}

static void become(struct watch *watch, enum verdict verdict, uint64_t now_usec)
{
	if (watch->verdict == verdict)
		return;
	watch->verdict = verdict;
	watch->since_usec = now_usec;
}

static void clear_finding(struct watch *watch, enum verdict verdict, struct moment now)
{
	watch->finding = FINDING_NONE;
	watch->cause = CAUSE_NONE;
	*watch->detail = '\0';
	become(watch, verdict, now.usec);
}

/* Enters a finding: opens an incident, or changes the one that is open. */
static void find(struct judge *judge, size_t i, enum finding finding, enum cause cause,
		 const char *detail, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	/* That the next certificate has come is news: now a reload helps. */
	bool same = watch->finding == finding && watch->cause == cause &&
		    (!ladder_is_of_certificate(finding) || watch->told_disk == watch->disk);

	watch->told_disk = watch->disk;
	watch->finding = finding;
	watch->cause = cause;
	watch->suspected = false;
	(void)text_copy(watch->detail, sizeof(watch->detail), detail);
	become(watch, finding_verdict(finding), now.usec);
	if (watch->incident < 0)
		incident_open(judge, i, now, actions);
	else if (!same)
		incident_change(judge, i, now, actions);
}

/* The grace is over, or there was none: the listener is missing. */
static void find_missing(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	char detail[RECORD_DETAIL_SIZE];
	enum cause cause = cause_of_missing(&judge->policy, &judge->services->list[i], watch, now.usec, detail);

	watch->grace_until_usec = USEC_NEVER;
	find(judge, i, FINDING_MISSING, cause, detail, now, actions);
}

/* Somebody listens, but not everywhere, or not who should. */
static void find_misplaced(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	bool refused = cause_is_bind(&judge->policy, watch, now.usec);
	char detail[RECORD_DETAIL_SIZE];

	(void)text_copy(detail, sizeof(detail), watch->detail);
	watch->grace_until_usec = USEC_NEVER;
	find(judge, i, watch->coverage == COVERAGE_PARTIAL ? FINDING_WRONG_ADDRESS : FINDING_FOREIGN_OWNER,
	     refused ? CAUSE_BIND_FAILED : CAUSE_NONE, refused ? watch->refused.detail : detail, now, actions);
}

/* Who was refused is one thing; that another holds the port is what is wrong for clients. */
static bool is_taken(const struct judge *judge, const struct watch *watch, struct moment now)
{
	return watch->refused.error == EADDRINUSE && watch->refused.other_holds &&
	       cause_is_bind(&judge->policy, watch, now.usec);
}

static void ask_soon(struct watch *watch, uint64_t at_usec)
{
	watch->ask_again = watch->probing;
	watch->probe_at_usec = at_usec;
}

static void on_lost(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	char detail[RECORD_DETAIL_SIZE];
	enum cause cause = cause_of_missing(&judge->policy, &judge->services->list[i], watch, now.usec, detail);
	uint64_t patience = cause_patience(&judge->policy, cause, watch);

	watch->probe_at_usec = USEC_NEVER;
	watch->suspected = false;
	/* What systemd works on is planned. */
	if (watch->unit_job)
		patience = judge->policy.job_grace_usec;
	/* The end of a container's first process ends all of it, and the others are seen to end before. */
	else if (watch->end_known && watch->end.exiting && patience < judge->policy.container_settle_usec)
		patience = judge->policy.container_settle_usec;
	if (patience == 0 || watch->incident >= 0) {
		find_missing(judge, i, now, actions);
		return;
	}
	watch->finding = FINDING_MISSING;
	watch->cause = cause;
	(void)text_copy(watch->detail, sizeof(watch->detail), detail);
	become(watch, VERDICT_DOWN, now.usec);
	watch->grace_until_usec = now.usec + patience;
}

static void on_coverage(struct judge *judge, const struct fact *fact, struct moment now,
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
			ask_soon(watch, now.usec); /* other sockets than before: do they work? */
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
		watch->lost_usec = fact->coverage.at_usec;
		on_lost(judge, fact->service, now, actions);
		return;
	case COVERAGE_PARTIAL:
	case COVERAGE_FOREIGN:
		(void)text_copy(watch->detail, sizeof(watch->detail), fact->coverage.detail);
		if (watch->grace_until_usec == USEC_NEVER) {
			if (watch->incident < 0)
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
			clear_finding(watch, VERDICT_UNKNOWN, now);
		ask_soon(watch, now.usec);
		return;
	}
}

/* Spreads what began together, so that it does not stay together. */
static uint64_t jitter(const struct judge *judge, size_t service, struct moment now)
{
	uint64_t chance = (judge->seed ^ now.usec ^ service) * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	return judge->policy.probe_jitter_usec ? chance % judge->policy.probe_jitter_usec : 0;
}

static void on_answer(struct judge *judge, const struct fact *fact, struct moment now,
		      struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	const struct answer *answer = &fact->answer;
	bool serious = finding_severity(answer->finding) == SEVERITY_CRITICAL;

	watch->probing = false;
	watch->probe_at_usec = now.usec + judge->policy.probe_interval_usec + jitter(judge, fact->service, now);
	if (watch->coverage != COVERAGE_FULL) {
		watch->probe_at_usec = USEC_NEVER;
		return; /* it went away meanwhile, and that says more */
	}
	if (watch->ask_again) {
		watch->ask_again = false;
		watch->probe_at_usec = now.usec;
		return;
	}
	if (!answer->complete) {
		if (watch->incident < 0 && watch->finding == FINDING_NONE)
			become(watch, VERDICT_UNKNOWN, now.usec);
		if (watch->incident >= 0) /* it waits for its proof */
			watch->probe_at_usec = now.usec + judge->policy.confirm_usec;
		return;
	}
	watch->probes[answer->finding == FINDING_NONE]++;
	watch->disk = answer->disk;
	if (watch->stands) {
		/* That says more; who was served all the same came by another door. */
		watch->probe_at_usec = now.usec + judge->policy.probe_interval_usec / 4;
		return;
	}
	if (answer->finding == FINDING_NONE) {
		watch->suspected = false;
		watch->refused.at_usec = 0;
		if (watch->incident >= 0)
			incident_recover(judge, fact->service, now, actions);
		clear_finding(watch, VERDICT_UP, now);
		return;
	}
	if (serious && is_taken(judge, watch, now)) {
		/* Two witnesses: no second look is needed. */
		if (watch->incident < 0)
			watch->lost_usec = now.usec;
		find(judge, fact->service, FINDING_FOREIGN_OWNER, CAUSE_BIND_FAILED, watch->refused.detail, now,
		     actions);
		return;
	}
	if ((serious || answer->finding == FINDING_BUSY) && !watch->suspected &&
	    watch->finding != answer->finding) {
		/* One conversation may be cut off, or turned away, by chance: a second decides. */
		watch->suspected = true;
		watch->probe_at_usec = now.usec + judge->policy.confirm_usec;
		return;
	}
	if (watch->incident < 0)
		watch->lost_usec = now.usec;
	if (serious)
		watch->probe_at_usec = now.usec + judge->policy.probe_interval_usec / 4;
	find(judge, fact->service, answer->finding, CAUSE_NONE, answer->detail, now, actions);
	/* A reload takes effect a moment after it is done. */
	if (watch->incident >= 0 && judge->incidents[watch->incident].repair == REPAIR_PROVING)
		watch->probe_at_usec = now.usec + judge->policy.confirm_usec;
}

static void on_bind_failed(struct judge *judge, const struct fact *fact, struct moment now,
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
	/* What systemd works on is planned: a service manager may try again. The end of the job decides. */
	if (!watch->looked || watch->unit_job)
		return;
	switch (watch->coverage) {
	case COVERAGE_NONE:
		find_missing(judge, fact->service, now, actions);
		return;
	case COVERAGE_PARTIAL:
	case COVERAGE_FOREIGN:
		find_misplaced(judge, fact->service, now, actions);
		return;
	case COVERAGE_FULL:
		/* Somebody serves it; a conversation tells whether that will do. */
		if (watch->incident >= 0 && watch->verdict == VERDICT_DOWN && is_taken(judge, watch, now))
			find(judge, fact->service, FINDING_FOREIGN_OWNER, CAUSE_BIND_FAILED,
			     watch->refused.detail, now, actions);
		else
			ask_soon(watch, now.usec);
		return;
	}
}

static void on_place(struct judge *judge, const struct fact *fact, struct moment now,
		     struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	uint64_t until = watch->lost_usec + judge->policy.container_grace_usec;

	watch->place = fact->place.place;
	memcpy(watch->place_detail, fact->place.detail, sizeof(watch->place_detail));
	/* Before the loss was told: then it is the cause from the start. */
	if (!watch->looked || watch->coverage != COVERAGE_NONE || watch->place == PLACE_THERE)
		return;
	if (watch->incident >= 0) {
		find_missing(judge, fact->service, now, actions);
		return;
	}
	/* A restart of the container is planned while it lasts; a job's end may be later. */
	if (watch->grace_until_usec != USEC_NEVER && watch->grace_until_usec < until)
		watch->grace_until_usec = until;
	watch->cause = cause_of_missing(&judge->policy, &judge->services->list[fact->service], watch, now.usec,
					watch->detail);
}

static void on_queues(struct judge *judge, const struct fact *fact, struct moment now,
		      struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	bool stood = watch->stands;
	char detail[RECORD_DETAIL_SIZE];
	uint64_t since_usec;

	watch->stands = queues_stand(&judge->policy, &watch->queues, fact->queues.list, fact->queues.n,
				     now.usec, &since_usec, detail);
	if (!watch->stands) {
		if (stood) /* a conversation tells whether it serves */
			ask_soon(watch, now.usec);
		return;
	}
	/* What systemd works on is planned; what is missing says more. */
	if (watch->coverage != COVERAGE_FULL || watch->unit_job)
		return;
	if (watch->incident < 0)
		watch->lost_usec = since_usec;
	find(judge, fact->service, FINDING_NOT_ACCEPTING, CAUSE_NONE, detail, now, actions);
}

static void on_unit(struct judge *judge, const struct fact *fact, struct moment now,
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
		find_missing(judge, fact->service, now, actions);
	else if (job_ended && cause_is_bind(&judge->policy, watch, now.usec))
		find_missing(judge, fact->service, now, actions);
	else if (job_ended)
		watch->grace_until_usec = now.usec + judge->policy.reload_grace_usec;
}

/* How much too early may a conversation be? Where the interval is short, less: else every answer would at
 * once be followed by the next question. */
static uint64_t slack(const struct policy *policy)
{
	uint64_t most = policy->probe_interval_usec / 8;

	return most < PROBE_SLACK_USEC ? most : PROBE_SLACK_USEC;
}

static void on_tick(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	const struct service *service = &judge->services->list[i];

	if (watch->grace_until_usec <= now.usec) {
		watch->grace_until_usec = USEC_NEVER;
		if (watch->coverage == COVERAGE_NONE)
			find_missing(judge, i, now, actions);
		else if (watch->coverage == COVERAGE_PARTIAL || watch->coverage == COVERAGE_FOREIGN)
			find_misplaced(judge, i, now, actions);
	}
	if (watch->probe_at_usec <= now.usec + slack(&judge->policy) && !watch->probing && service->expected) {
		struct action *action = &actions->list[actions->n++];

		assert(actions->n < JUDGE_ACTIONS_MAX);
		*action = (struct action){ .kind = ACTION_PROBE, .service = i };
		watch->probing = true;
		watch->probe_at_usec = USEC_NEVER;
	}
	if (watch->incident >= 0)
		incident_tick(judge, i, now, actions);
}

void judge_feed(struct judge *judge, const struct fact *fact, struct moment now,
		struct actions *actions)
{
	actions->n = 0;
	if (fact->kind == FACT_CHECKED) {
		incident_checked(judge, fact, now, actions);
		return;
	}
	if (fact->kind == FACT_REPAIRED) {
		incident_repaired(judge, fact, now, actions);
		return;
	}
	if (!judge->services->list[fact->service].expected)
		return;
	switch (fact->kind) {
	case FACT_COVERAGE:
		on_coverage(judge, fact, now, actions);
		break;
	case FACT_ANSWER:
		on_answer(judge, fact, now, actions);
		break;
	case FACT_BIND_FAILED:
		on_bind_failed(judge, fact, now, actions);
		break;
	case FACT_PLACE:
		on_place(judge, fact, now, actions);
		break;
	case FACT_QUEUES:
		on_queues(judge, fact, now, actions);
		break;
	case FACT_UNIT:
		on_unit(judge, fact, now, actions);
		break;
	case FACT_CHECKED:
	case FACT_REPAIRED:
	case FACT_TICK:
		break;
	}
	on_tick(judge, fact->service, now, actions);
}

uint64_t judge_deadline(const struct judge *judge, size_t service)
{
	const struct watch *watch = &judge->watches[service];
	uint64_t deadline = watch->grace_until_usec;

	if (!judge->services->list[service].expected)
		return USEC_NEVER;
	if (!watch->probing && watch->probe_at_usec < deadline)
		deadline = watch->probe_at_usec;
	if (watch->incident >= 0 && incident_deadline(judge, service) < deadline)
		deadline = incident_deadline(judge, service);
	return deadline;
}

enum verdict judge_worst(const struct judge *judge)
{
	/* From harmless to grave. */
	static const int gravity[VERDICT_COUNT] = { [VERDICT_UP] = 0,
						    [VERDICT_UNKNOWN] = 1,
						    [VERDICT_DEGRADED] = 2,
						    [VERDICT_DOWN] = 3 };
	enum verdict worst = VERDICT_UP;

	for (size_t i = 0; i < judge->services->n; i++)
		if (judge->services->list[i].expected &&
		    gravity[judge->watches[i].verdict] > gravity[worst])
			worst = judge->watches[i].verdict;
	return worst;
}
