// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/repair.h"

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "judge/ladder.h"
#include "judge/say.h"

/* Says it once, and plans the next try. */
static struct record *withhold(struct judge *judge, size_t i, enum withheld why, uint64_t next_usec,
			       struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	struct record *record;

	incident->repair = next_usec == USEC_NEVER ? REPAIR_IDLE : REPAIR_PLANNED;
	incident->repair_at_usec = next_usec;
	if (incident->told_withheld & 1U << why)
		return NULL;
	incident->told_withheld |= 1U << why;
	judge->counts.withheld[why]++;
	/* That repair is off is no news to the one who left it off: the alert says what helps. */
	if (why == WITHHELD_OFF)
		return NULL;
	record = say(judge, i, RECORD_REPAIR_WITHHELD, actions);
	record->withheld = why;
	return record;
}

/* Another has a port of the same target: started now, the server would lose all of them. */
static bool is_held(const struct judge *judge, const char *target)
{
	for (size_t j = 0; j < judge->services.n && *target; j++) {
		const struct seen *seen = &judge->watches[j].seen;
		bool refused = seen->refused.at_usec && seen->refused.other_holds && !seen->freed &&
			       seen->coverage != COVERAGE_FULL;

		if ((seen->held || refused) &&
		    strcmp(service_target(&judge->services.list[j]), target) == 0)
			return true;
	}
	return false;
}

/* A repair would touch one that is: who shares its unit is restarted with it. */
static bool is_silenced(const struct judge *judge, size_t i)
{
	const char *target = service_target(&judge->services.list[i]);

	for (size_t j = 0; j < judge->services.n; j++)
		if (judge->watches[j].seen.silenced &&
		    (j == i ||
		     (*target && strcmp(service_target(&judge->services.list[j]), target) == 0)))
			return true;
	return false;
}

static enum rung choose(const struct judge *judge, size_t i, enum withheld *ret_why)
{
	const struct service *service = &judge->services.list[i];
	const struct watch *watch = &judge->watches[i];
	enum rung rung = ladder_choose(&judge->policy, service, watch,
				       is_held(judge, service_target(service)),
				       judge->incidents[watch->outage.incident].tried, ret_why);

	if (rung == RUNG_NONE || !is_silenced(judge, i))
		return rung;
	*ret_why = WITHHELD_SILENCED;
	return RUNG_NONE;
}

/* What is wrong is told by the alert; that nothing is done is told where it is an outage. */
static void withhold_for_good(struct judge *judge, size_t i, enum withheld why,
			      struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	enum finding finding = judge->watches[i].opinion.finding;

	if (finding == FINDING_MISSING || finding == FINDING_NOT_ACCEPTING) {
		(void)withhold(judge, i, why, USEC_NEVER, actions);
		return;
	}
	judge->counts.withheld[why] += !(incident->told_withheld & 1U << why);
	incident->told_withheld |= 1U << why;
	incident->repair = REPAIR_IDLE;
	incident->repair_at_usec = USEC_NEVER;
}

void repair_plan(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	enum withheld why;
	enum rung rung;

	if (incident->repair != REPAIR_IDLE)
		return;
	rung = choose(judge, i, &why);
	if (rung == RUNG_NONE && why == WITHHELD_PORT_HELD) {
		(void)withhold(judge, i, why, now.usec + judge->policy.check_usec, actions);
	} else if (rung == RUNG_NONE) {
		withhold_for_good(judge, i, why, actions);
	} else {
		incident->rung = rung;
		incident->repair = REPAIR_PLANNED;
		incident->repair_at_usec = now.usec + judge->policy.settle_usec;
	}
}

void repair_again(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);

	if (incident->repair == REPAIR_PROVING)
		incident->repair = REPAIR_IDLE;
	repair_plan(judge, i, now, actions);
}

void repair_on_unit(struct judge *judge, size_t i, struct moment now)
{
	struct incident *incident = incident_of(judge, i);

	if (!incident->waits_for_unit || watch_unit_is_busy(&judge->watches[i]))
		return;
	incident->waits_for_unit = false;
	if (incident->repair == REPAIR_PLANNED)
		incident->repair_at_usec = now.usec + judge->policy.settle_usec;
}

/* The one gate before a repair, asked when it is planned to begin and once more when it does: what
 * was true when it was planned need not be true any more. */
static bool may_begin(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	enum withheld why;
	enum rung rung;

	/* Neither the operator's job is ours to cross, nor a start that systemd has planned. */
	if (watch_unit_is_busy(&judge->watches[i])) {
		incident->waits_for_unit = true;
		incident->repair = REPAIR_PLANNED;
		incident->repair_at_usec = now.usec + judge->policy.job_grace_usec;
		return false;
	}
	rung = choose(judge, i, &why);
	if (rung != RUNG_NONE) {
		incident->rung = rung;
		return true;
	}
	incident->repair = REPAIR_IDLE;
	repair_plan(judge, i, now, actions); /* which says why not */
	return false;
}

/* The repair is done: what it brought is asked now, not when a minute is over. */
static void ask_members(struct judge *judge, int k, struct moment now)
{
	for (size_t j = 0; j < judge->services.n; j++)
		if (judge->watches[j].outage.incident == k && !judge->watches[j].outage.proven &&
		    judge->watches[j].seen.coverage == COVERAGE_FULL &&
		    !judge->watches[j].asking.under_way)
			judge->watches[j].asking.at_usec =
				now.usec + judge->policy.confirm_usec / 4;
}

void repair_ended(struct judge *judge, const struct fact *fact, struct moment now,
		  struct actions *actions)
{
	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		struct incident *incident = &judge->incidents[k];
		struct record *record;

		/* It may be closed by now: a start is often proven before its command returns. */
		if (incident->repair != REPAIR_RUNNING ||
		    strcmp(incident->id, fact->repaired.incident) != 0)
			continue;
		record = say(judge, incident->first_service, RECORD_REPAIR_FINISHED, actions);
		memcpy(record->incident, incident->id, sizeof(record->incident));
		record->rung = incident->rung;
		record->repair_error = !fact->repaired.ok;
		(void)text_copy(record->detail, sizeof(record->detail), fact->repaired.detail);
		judge->counts.repairs[incident->rung][fact->repaired.ok]++;
		incident->repair = incident->members > 0 ? REPAIR_PROVING : REPAIR_IDLE;
		incident->repair_at_usec =
			now.usec + (fact->repaired.ok ? judge->policy.proof_usec : 0);
		if (fact->repaired.ok)
			ask_members(judge, k, now);
		return;
	}
}

static struct budget *ask_budget(struct judge *judge, size_t i, struct moment now,
				 struct actions *actions)
{
	struct budget *budget =
		budgets_of(&judge->budgets, service_target(&judge->services.list[i]));
	struct record *record;
	uint64_t wait_usec;
	enum withheld why = budget_ask(budget, judge->policy.repair_limit,
				       judge->policy.repair_window_usec, now.real_usec, &wait_usec);

	if (why == WITHHELD_NO)
		return budget;
	record = withhold(judge, i, why, now.usec + wait_usec, actions);
	if (record)
		record->next_usec = now.real_usec + wait_usec;
	return NULL;
}

static void act(const struct judge *judge, size_t i, enum action_kind kind, struct actions *actions)
{
	const struct incident *incident = &judge->incidents[judge->watches[i].outage.incident];
	struct action *action = &actions->list[actions->n++];

	assert(actions->n < JUDGE_ACTIONS_MAX);
	*action = (struct action){ .kind = kind, .service = i, .rung = incident->rung };
	memcpy(action->record.incident, incident->id, sizeof(action->record.incident));
}

/* The look is for free, so the budget is asked before and after it, and spent only then. */
static void check_repair(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);

	if (!may_begin(judge, i, now, actions) || !ask_budget(judge, i, now, actions))
		return;
	incident->repair = REPAIR_CHECKING;
	incident->repair_at_usec = now.usec + judge->policy.check_usec;
	act(judge, i, ACTION_CHECK, actions);
}

static void start_repair(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	struct budget *budget;

	if (!may_begin(judge, i, now, actions))
		return;
	budget = ask_budget(judge, i, now, actions);
	if (!budget)
		return;
	budget_spend(budget, now.real_usec);
	incident->tried |= 1U << incident->rung;
	incident->repair = REPAIR_RUNNING;
	incident->repair_at_usec = USEC_NEVER;
	say(judge, i, RECORD_REPAIR_STARTED, actions)->rung = incident->rung;
	act(judge, i, ACTION_REPAIR, actions);
}

void repair_checked(struct judge *judge, const struct fact *fact, struct moment now,
		    struct actions *actions)
{
	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		struct incident *incident = &judge->incidents[k];
		size_t i = incident->first_service;
		struct record *record;

		if (incident->repair != REPAIR_CHECKING ||
		    strcmp(incident->id, fact->checked.incident) != 0)
			continue;
		incident->repair_at_usec = USEC_NEVER;
		if (!incident->is_open || incident->members == 0 ||
		    watch_is_back(&judge->watches[i])) {
			incident->repair = REPAIR_IDLE; /* back meanwhile */
			return;
		}
		if (fact->checked.ok) {
			start_repair(judge, i, now, actions);
			return;
		}
		record = withhold(judge, i, WITHHELD_CONFIGURATION,
				  now.usec + judge->policy.check_usec, actions);
		if (record) {
			(void)text_copy(record->detail, sizeof(record->detail),
					fact->checked.detail);
			*record->remedy = '\0'; /* the detail names what is to be mended first */
		}
		return;
	}
}

void repair_tick(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);

	if (incident->first_service != i || incident->repair_at_usec > now.usec)
		return;
	incident->repair_at_usec = USEC_NEVER;
	if (incident->members == 0 && incident->repair != REPAIR_RUNNING) {
		incident->repair = REPAIR_IDLE; /* all is back */
		return;
	}
	switch (incident->repair) {
	case REPAIR_PLANNED:
		/* Back meanwhile: the conversation decides, not the restart. */
		if (watch_is_back(&judge->watches[i]))
			incident->repair = REPAIR_IDLE;
		else
			check_repair(judge, i, now, actions);
		break;
	case REPAIR_CHECKING: /* nobody answered: ask again */
		incident->repair = REPAIR_PLANNED;
		incident->repair_at_usec = now.usec;
		break;
	case REPAIR_PROVING:
		incident->repair = REPAIR_IDLE; /* it did not help */
		repair_plan(judge, i, now, actions);
		break;
	case REPAIR_IDLE:
	case REPAIR_RUNNING:
		break;
	}
}

uint64_t repair_deadline(const struct judge *judge, size_t i)
{
	const struct incident *incident = &judge->incidents[judge->watches[i].outage.incident];

	return incident->first_service == i ? incident->repair_at_usec : USEC_NEVER;
}
