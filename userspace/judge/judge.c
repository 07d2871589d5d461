// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/judge.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/incident.h"
#include "judge/ladder.h"
#include "judge/listening.h"
#include "judge/verdict.h"

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

static void begin_watch(struct watch *watch)
{
	watch->incident = -1;
	watch->grace_until_usec = USEC_NEVER;
	watch->probe_at_usec = USEC_NEVER;
}

int judge_new(const struct policy *policy, const struct service_set *services, uint64_t seed,
	      struct judge **ret)
{
	cleanup(judge_freep) struct judge *judge = calloc(1, sizeof(*judge));
	int r;

	if (!judge)
		return -ENOMEM;
	judge->seed = seed;
	r = judge_take_services(judge, policy, services);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(judge);
	return 0;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	service_set_clear(&judge->services);
	free(judge->watches);
	free(judge);
}

/* The service is @i now; its watch was @was. */
static void inherit_watch(struct judge *judge, size_t i, const struct watch *was, bool speaks)
{
	struct watch *watch = &judge->watches[i];

	*watch = *was;
	if (watch->probing) { /* its answer will not find us: ask anew, at once */
		watch->probing = watch->ask_again = false;
		watch->probe_at_usec = 0;
	}
	if (!judge->services.list[i].expected)
		watch->incident = -1;
	if (watch->incident >= 0) {
		struct incident *incident = &judge->incidents[watch->incident];

		/* Who spoke for it goes on, or else whoever is still a member. */
		if (incident->members++ == 0 || speaks)
			incident->first_service = i;
	}
}

/* What is known of @old, whose watches are @watches, goes on where it is in the new set too. */
static void inherit(struct judge *judge, const struct service_set *old, const struct watch *watches)
{
	size_t speakers[JUDGE_INCIDENTS_MAX];

	for (size_t k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		speakers[k] = judge->incidents[k].first_service;
		judge->incidents[k].members = 0;
	}
	for (size_t i = 0; i < judge->services.n; i++) {
		const struct service *was = service_set_find_same(old, &judge->services.list[i]);
		size_t j = was ? (size_t)(was - old->list) : 0;

		if (was)
			inherit_watch(judge, i, &watches[j],
				      watches[j].incident >= 0 &&
					      speakers[watches[j].incident] == j);
	}
	for (size_t k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		struct incident *incident = &judge->incidents[k];

		/* Other words may be on disk now: what they forbade is looked at again at once. */
		if (incident->repair == REPAIR_PLANNED &&
		    incident->told_withheld & 1U << WITHHELD_CONFIGURATION)
			incident->repair_at_usec = 0;
		if (incident->members > 0)
			continue;
		/* Nobody expects its services any more: nothing is wrong there by definition, and
		 * its end has nobody to be told of. */
		incident->is_open = false;
		incident->repair = REPAIR_IDLE;
	}
}

int judge_take_services(struct judge *judge, const struct policy *policy,
			const struct service_set *services)
{
	size_t n = services->n ? services->n : 1;
	cleanup(memory_freep) struct service *list = calloc(n, sizeof(*list));
	cleanup(memory_freep) struct watch *old_watches = judge->watches;
	struct watch *watches = calloc(n, sizeof(*watches));
	struct service_set old = judge->services;

	if (!list || !watches) {
		free(watches);
		TAKE_PTR(old_watches);
		return -ENOMEM;
	}
	if (services->n)
		memcpy(list, services->list, services->n * sizeof(*list));
	judge->policy = *policy;
	judge->services = (struct service_set){ .list = TAKE_PTR(list), .n = services->n };
	judge->watches = watches;
	for (size_t i = 0; i < services->n; i++)
		begin_watch(&watches[i]);
	inherit(judge, &old, old_watches);
	service_set_clear(&old);
	return 0;
}

const struct service_set *judge_services(const struct judge *judge)
{
	return &judge->services;
}

void judge_take_budgets(struct judge *judge, const struct budgets *budgets)
{
	judge->budgets = *budgets;
}

const struct budgets *judge_budgets(const struct judge *judge)
{
	return &judge->budgets;
}

const struct judge_counts *judge_counts(const struct judge *judge)
{
	return &judge->counts;
}

void judge_view(const struct judge *judge, size_t service, struct judge_view *ret)
{
	const struct watch *watch = &judge->watches[service];
	const struct incident *incident =
		watch->incident >= 0 ? &judge->incidents[watch->incident] : NULL;

	*ret = (struct judge_view){
		.verdict = watch->verdict,
		.finding = watch->finding,
		.cause = watch->cause,
		.detail = watch->detail,
		.since_usec = watch->since_usec,
		.looked = watch->looked,
		.coverage = watch->coverage,
		.place = watch->place,
		.waits = watch->queues.n > 0 || watch->stands,
		.settled = watch->grace_until_usec == USEC_NEVER && !watch->probing &&
			   !watch->suspected,
		.probes = { watch->probes[0], watch->probes[1] },
		.incident = incident ? incident->id : NULL,
		.incident_opened_usec = incident ? incident->opened_usec : 0,
		.repair = incident ? incident->repair : REPAIR_IDLE,
	};
}

void judge_remedy(const struct judge *judge, size_t service, char *to, size_t size)
{
	*to = '\0';
	if (judge->watches[service].finding != FINDING_NONE)
		ladder_remedy(&judge->services.list[service], &judge->watches[service], to, size);
}

const char *judge_target(const struct service *service)
{
	if (*service->server.restart_command || service->server.unit_is_guess)
		return service->server.restart_command;
	return service->server.unit;
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
	watch->probe_at_usec =
		now.usec + judge->policy.probe_interval_usec + jitter(judge, fact->service, now);
	if (watch->coverage != COVERAGE_FULL) {
		watch->probe_at_usec = USEC_NEVER;
		return; /* it went away meanwhile, and that says more */
	}
	watch->passed_over = watch->ask_again && !watch->passed_over;
	if (watch->ask_again)
		watch->probe_at_usec =
			now.usec + (watch->passed_over ? 0 : judge->policy.confirm_usec);
	watch->ask_again = false;
	if (watch->passed_over)
		return;
	if (!answer->complete) {
		if (watch->incident < 0 && watch->finding == FINDING_NONE)
			verdict_become(watch, VERDICT_UNKNOWN, now.usec);
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
		verdict_clear(watch, VERDICT_UP, now);
		return;
	}
	if (serious && verdict_is_taken(judge, watch, now)) {
		/* Two witnesses: no second look is needed. */
		if (!verdict_is_down(watch))
			watch->lost_usec = now.usec;
		verdict_taken(judge, fact->service, now, actions);
		return;
	}
	if ((serious || answer->finding == FINDING_BUSY) && !watch->suspected &&
	    watch->finding != answer->finding) {
		/* One conversation may be cut off, or turned away, by chance: a second decides. */
		watch->suspected = true;
		watch->probe_at_usec = now.usec + judge->policy.confirm_usec;
		return;
	}
	if (watch->incident < 0 ||
	    (finding_verdict(answer->finding) == VERDICT_DOWN && !verdict_is_down(watch)))
		watch->lost_usec = now.usec;
	if (serious)
		watch->probe_at_usec = now.usec + judge->policy.probe_interval_usec / 4;
	verdict_find(judge, fact->service, answer->finding, CAUSE_NONE, answer->detail, now,
		     actions);
	/* A reload takes effect a moment after it is done. */
	if (watch->incident >= 0 && judge->incidents[watch->incident].repair == REPAIR_PROVING)
		watch->probe_at_usec = now.usec + judge->policy.confirm_usec;
}

/* How much too early may a conversation be? Where the interval is short, less: else every answer
 * would at once be followed by the next question. */
static uint64_t slack(const struct policy *policy)
{
	uint64_t most = policy->probe_interval_usec / 8;

	return most < PROBE_SLACK_USEC ? most : PROBE_SLACK_USEC;
}

static void on_tick(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	const struct service *service = &judge->services.list[i];

	if (watch->grace_until_usec <= now.usec) {
		watch->grace_until_usec = USEC_NEVER;
		if (watch->coverage == COVERAGE_NONE)
			verdict_missing(judge, i, now, actions);
		else if (watch->coverage == COVERAGE_PARTIAL || watch->coverage == COVERAGE_FOREIGN)
			verdict_misplaced(judge, i, now, actions);
	}
	if (watch->probe_at_usec <= now.usec + slack(&judge->policy) && !watch->probing &&
	    service->expected) {
		struct action *action = &actions->list[actions->n++];

		assert(actions->n < JUDGE_ACTIONS_MAX);
		*action = (struct action){ .kind = ACTION_PROBE, .service = i };
		watch->probing = true;
		watch->probe_at_usec = USEC_NEVER;
	}
	if (watch->incident >= 0)
		incident_tick(judge, i, now, actions);
}

static void learn(struct server *server, const char *unit)
{
	(void)text_copy(server->unit, sizeof(server->unit), unit);
	server->unit_is_guess = false;
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
	if (!judge->services.list[fact->service].expected)
		return;
	switch (fact->kind) {
	case FACT_COVERAGE:
		listening_on_coverage(judge, fact, now, actions);
		break;
	case FACT_ANSWER:
		on_answer(judge, fact, now, actions);
		break;
	case FACT_BIND_FAILED:
		listening_on_bind_failed(judge, fact, now, actions);
		break;
	case FACT_PLACE:
		listening_on_place(judge, fact, now, actions);
		break;
	case FACT_QUEUES:
		listening_on_queues(judge, fact, now, actions);
		break;
	case FACT_UNIT:
		listening_on_unit(judge, fact, now, actions);
		break;
	case FACT_LEARNED:
		learn(&judge->services.list[fact->service].server, fact->learned.unit);
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

	if (!judge->services.list[service].expected)
		return USEC_NEVER;
	if (!watch->probing && watch->probe_at_usec < deadline)
		deadline = watch->probe_at_usec;
	if (watch->incident >= 0 && incident_deadline(judge, service) < deadline)
		deadline = incident_deadline(judge, service);
	return deadline;
}
