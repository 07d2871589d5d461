// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/judge.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/answering.h"
#include "judge/incident.h"
#include "judge/ladder.h"
#include "judge/listening.h"
#include "judge/repair.h"
#include "judge/ruling.h"
#include "judge/silence.h"
#include "judge/state.h"

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
	if (watch->asking.under_way) { /* its answer will not find us: ask anew, at once */
		watch->asking.under_way = watch->asking.again = false;
		watch->asking.at_usec = 0;
	}
	if (!judge->services.list[i].expected)
		watch->outage.incident = -1;
	if (watch->outage.incident >= 0) {
		struct incident *incident = &judge->incidents[watch->outage.incident];

		/* Who spoke for it goes on, or else whoever is still a member. */
		if (!incident->is_kept || speaks ||
		    (incident->members == 0 && !watch->outage.proven))
			incident->first_service = i;
		incident->is_kept = true;
		incident->members += !watch->outage.proven;
	}
}

/* What is known of @old, whose watches are @watches, goes on where it is in the new set too. */
static void inherit(struct judge *judge, const struct service_set *old, const struct watch *watches)
{
	size_t speakers[JUDGE_INCIDENTS_MAX];

	for (size_t k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		speakers[k] = judge->incidents[k].first_service;
		judge->incidents[k].members = 0;
		judge->incidents[k].is_kept = false;
	}
	for (size_t i = 0; i < judge->services.n; i++) {
		const struct service *was = service_set_find_same(old, &judge->services.list[i]);
		size_t j = was ? (size_t)(was - old->list) : 0;

		if (was)
			inherit_watch(judge, i, &watches[j],
				      watches[j].outage.incident >= 0 &&
					      speakers[watches[j].outage.incident] == j);
	}
	for (size_t k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		struct incident *incident = &judge->incidents[k];

		/* Other words may be on disk now: what they forbade is looked at again at once. */
		if (incident->repair == REPAIR_PLANNED &&
		    incident->told_withheld & 1U << WITHHELD_CONFIGURATION)
			incident->repair_at_usec = 0;
		if (incident->is_kept && incident->members == 0 &&
		    incident->close_at_usec == USEC_NEVER)
			incident->close_at_usec = 0; /* who was not back is not expected any more */
		if (incident->is_kept)
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
		watch_begin(&watches[i]);
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

/* Back, by all that the kernel tells: what the incident is about is no longer so, and nobody knows
 * yet whether it serves. */
static bool is_unproven(const struct watch *watch)
{
	return watch_is_in_trouble(watch) && watch->seen.coverage == COVERAGE_FULL &&
	       watch_is_of_listener(watch) && watch->outage.back_usec > watch->outage.lost_usec;
}

/* Of an incident from before our start, and not looked at since: it may be over, or not. */
static bool is_unseen(const struct watch *watch)
{
	return watch->seen.inherited && !watch->seen.looked;
}

static void view_as_unknown(struct judge_view *view, const char *why)
{
	view->verdict = VERDICT_UNKNOWN;
	view->finding = FINDING_NONE;
	view->cause = CAUSE_NONE;
	view->detail = why;
}

void judge_view(const struct judge *judge, size_t service, struct judge_view *ret)
{
	const struct watch *watch = &judge->watches[service];
	const struct incident *incident =
		watch->outage.incident >= 0 ? &judge->incidents[watch->outage.incident] : NULL;

	*ret = (struct judge_view){
		.verdict = watch->opinion.verdict,
		.finding = watch->opinion.finding,
		.cause = watch->opinion.cause,
		.detail = watch->opinion.detail,
		.since_usec = watch->opinion.since_usec,
		.since_older_usec = watch->opinion.older_usec,
		.looked = watch->seen.looked,
		.coverage = watch->seen.coverage,
		.held = watch->seen.held,
		.silenced = watch->seen.silenced,
		.place = watch->seen.place,
		.waits = watch->seen.queues.n > 0 || watch->seen.stands,
		.settled = watch->opinion.grace_until_usec == USEC_NEVER &&
			   !watch->asking.under_way && !watch->asking.suspected,
		.probes = { watch->asking.probes[0], watch->asking.probes[1] },
		.incident = incident ? incident->id : NULL,
		.incident_opened_usec = incident ? incident->opened_usec : 0,
		.incident_older_usec = incident ? incident->older_usec : 0,
		.repair = incident ? incident->repair : REPAIR_IDLE,
		.incidents = watch->outage.incidents,
	};
	if (is_unproven(watch)) {
		view_as_unknown(ret, "it listens again; a conversation must prove that it serves");
		ret->since_usec = watch->outage.back_usec;
		ret->since_older_usec = 0;
	}
	if (is_unseen(watch))
		view_as_unknown(ret,
				"it was not well when Hearken ended, and has not been seen since");
}

void judge_remedy(const struct judge *judge, size_t service, char *to, size_t size)
{
	*to = '\0';
	if (judge->watches[service].opinion.finding != FINDING_NONE &&
	    !is_unproven(&judge->watches[service]))
		ladder_remedy(&judge->services.list[service], &judge->watches[service], to, size);
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

	if (watch->opinion.grace_until_usec <= now.usec) {
		watch->opinion.grace_until_usec = USEC_NEVER;
		if (watch->seen.coverage == COVERAGE_NONE)
			ruling_missing(judge, i, now, actions);
		else if (watch->seen.coverage == COVERAGE_PARTIAL ||
			 watch->seen.coverage == COVERAGE_FOREIGN)
			ruling_misplaced(judge, i, now, actions);
	}
	/* What was let go turns out to be configured no more, now that the sources were read. */
	if (watch_is_in_trouble(watch) && watch->opinion.finding == FINDING_MISSING &&
	    watch->opinion.cause == CAUSE_CLOSED_BY_OWNER &&
	    service->provenance.rendered == RENDERED_NO)
		ruling_missing(judge, i, now, actions);
	if (watch->asking.at_usec <= now.usec + slack(&judge->policy) && !watch->asking.under_way &&
	    service->expected) {
		struct action *action = &actions->list[actions->n++];

		assert(actions->n < JUDGE_ACTIONS_MAX);
		*action = (struct action){ .kind = ACTION_PROBE, .service = i };
		watch->asking.under_way = true;
		watch->asking.at_usec = USEC_NEVER;
	}
	if (watch->outage.incident >= 0)
		repair_tick(judge, i, now, actions);
	if (watch->outage.incident >= 0)
		incident_tick(judge, i, now, actions);
}

static void learn(struct server *server, const char *unit)
{
	(void)text_copy(server->unit, sizeof(server->unit), unit);
	server->unit_is_guess = false;
}

static void take(struct judge *judge, const struct fact *fact, struct moment now,
		 struct actions *actions)
{
	if (fact->kind == FACT_CHECKED) {
		repair_checked(judge, fact, now, actions);
		return;
	}
	if (fact->kind == FACT_REPAIRED) {
		repair_ended(judge, fact, now, actions);
		return;
	}
	if (!judge->services.list[fact->service].expected)
		return;
	switch (fact->kind) {
	case FACT_COVERAGE:
		listening_on_coverage(judge, fact, now, actions);
		break;
	case FACT_ANSWER:
		answering_on_answer(judge, fact, now, actions);
		break;
	case FACT_BIND_FAILED:
		listening_on_bind_failed(judge, fact, now, actions);
		break;
	case FACT_PLACE:
		listening_on_place(judge, fact, now, actions);
		break;
	case FACT_CONTAINER:
		listening_on_container(judge, fact, now, actions);
		break;
	case FACT_QUEUES:
		listening_on_queues(judge, fact, now, actions);
		break;
	case FACT_SILENCE:
		silence_on_fact(judge, fact, now, actions);
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

void judge_feed(struct judge *judge, const struct fact *fact, struct moment now,
		struct actions *actions)
{
	actions->n = 0;
	take(judge, fact, now, actions);
	silence_hush(judge, actions);
}

uint64_t judge_downtime(const struct judge *judge, size_t i, uint64_t now_usec)
{
	const struct watch *watch = &judge->watches[i];
	uint64_t until = watch_served_from(watch, now_usec);

	/* The kernel's time may be ahead of that of this turn of the loop. */
	if (!watch_is_down(watch) || until <= watch->outage.lost_usec)
		return watch->outage.total_usec;
	return watch->outage.total_usec + until - watch->outage.lost_usec;
}

uint64_t judge_deadline(const struct judge *judge, size_t service)
{
	const struct watch *watch = &judge->watches[service];
	uint64_t deadline = watch->opinion.grace_until_usec;

	if (!judge->services.list[service].expected)
		return USEC_NEVER;
	if (!watch->asking.under_way && watch->asking.at_usec < deadline)
		deadline = watch->asking.at_usec;
	if (watch->outage.incident >= 0 && repair_deadline(judge, service) < deadline)
		deadline = repair_deadline(judge, service);
	if (watch->outage.incident >= 0 && incident_deadline(judge, service) < deadline)
		deadline = incident_deadline(judge, service);
	return deadline;
}
