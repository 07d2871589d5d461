// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/incident.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "judge/ladder.h"
#include "judge/verdict.h"

#define JOIN_USEC (5 * USEC_PER_SEC) /* what one dying server takes along */

static struct incident *incident_of(struct judge *judge, size_t service)
{
	return &judge->incidents[judge->watches[service].incident];
}

/* splitmix64 (Steele, Lea, Flood 2014): well spread ids out of one random seed. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static struct record *say(struct judge *judge, size_t i, enum record_kind kind,
			  struct actions *actions)
{
	const struct service *service = &judge->services.list[i];
	const struct watch *watch = &judge->watches[i];
	struct action *action = &actions->list[actions->n++];
	struct record *record = &action->record;

	assert(actions->n < JUDGE_ACTIONS_MAX);
	memset(action, 0, sizeof(*action));
	action->kind = ACTION_SAY;
	action->service = i;
	record->kind = kind;
	if (watch->incident >= 0)
		memcpy(record->incident, judge->incidents[watch->incident].id,
		       sizeof(record->incident));
	memcpy(record->service, service->name, sizeof(record->service));
	memcpy(record->unit, service->server.unit, sizeof(record->unit));
	record->port = service->want.port;
	record->protocol = service->want.protocol;
	record->verdict = watch->verdict;
	record->finding = watch->finding;
	record->cause = watch->cause;
	memcpy(record->detail, watch->detail, sizeof(record->detail));
	ladder_remedy(service, watch, record->remedy, sizeof(record->remedy));
	return record;
}

/* Decides whether this incident gets a repair, for the reasons that its service @i has. */
static void plan_repair(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	const struct service *service = &judge->services.list[i];
	struct incident *incident = incident_of(judge, i);
	const char *target = judge_target(service);
	bool others_held = false;
	enum withheld why;
	enum rung rung;

	if (incident->repair != REPAIR_IDLE)
		return;
	for (size_t j = 0; j < judge->services.n; j++)
		if (judge->watches[j].coverage == COVERAGE_FOREIGN && *target &&
		    strcmp(judge_target(&judge->services.list[j]), target) == 0)
			others_held = true;
	rung = ladder_choose(&judge->policy, service, &judge->watches[i], others_held,
			     incident->tried, &why);
	if (rung != RUNG_NONE) {
		incident->rung = rung;
		incident->repair = REPAIR_PLANNED;
		incident->repair_at_usec = now.usec + judge->policy.settle_usec;
		return;
	}
	if (incident->told_withheld & 1U << why)
		return;
	incident->told_withheld |= 1U << why;
	judge->counts.withheld[why]++;
	/* That repair is off is no news to the one who left it off: the alert says what helps. */
	if (why != WITHHELD_OFF && (judge->watches[i].finding == FINDING_MISSING ||
				    judge->watches[i].finding == FINDING_NOT_ACCEPTING))
		say(judge, i, RECORD_REPAIR_WITHHELD, actions)->withheld = why;
}

static bool is_same_event(const struct judge *judge, const struct incident *incident, size_t i)
{
	const struct service *service = &judge->services.list[i];
	const struct watch *watch = &judge->watches[i];
	const char *target = judge_target(service);

	if (incident->cause != watch->cause || watch->lost_usec > incident->opened_usec + JOIN_USEC)
		return false;
	if (watch->cause == CAUSE_CONTAINER_GONE) /* services are expected in one place */
		return true;
	if (watch->end_known && watch->end.kernel_pid &&
	    watch->end.kernel_pid == incident->ended_pid)
		return true;
	return *target &&
	       strcmp(judge_target(&judge->services.list[incident->first_service]), target) == 0;
}

/* Ports that one server serves hang together, though their clients come at different times. */
static bool is_same_hang(const struct judge *judge, const struct incident *incident, size_t i)
{
	const char *target = judge_target(&judge->services.list[i]);

	return judge->watches[incident->first_service].finding == FINDING_NOT_ACCEPTING &&
	       *target &&
	       strcmp(judge_target(&judge->services.list[incident->first_service]), target) == 0;
}

static int find_same_certificate(const struct judge *judge, size_t i)
{
	const char *target = judge_target(&judge->services.list[i]);

	for (int k = 0; k < JUDGE_INCIDENTS_MAX && *target; k++) {
		const struct incident *incident = &judge->incidents[k];
		const struct watch *first = &judge->watches[incident->first_service];

		if (incident->is_open && first->incident == k &&
		    first->finding == judge->watches[i].finding &&
		    first->disk == judge->watches[i].disk &&
		    strcmp(judge_target(&judge->services.list[incident->first_service]), target) ==
			    0)
			return k;
	}
	return -1;
}

/* The open incident that service @i belongs to; -1: it has its own. */
static int find_kin(const struct judge *judge, size_t i)
{
	const struct watch *watch = &judge->watches[i];

	if (watch->finding == FINDING_NOT_ACCEPTING) {
		for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++)
			if (judge->incidents[k].is_open &&
			    is_same_hang(judge, &judge->incidents[k], i))
				return k;
		return -1;
	}
	/* The ports of one server get its new certificate by one reload. */
	if (ladder_is_of_certificate(watch->finding))
		return find_same_certificate(judge, i);
	/* What was missing when we started has no common event: each port is its own story. */
	if (!watch->seen_falling || watch->finding != FINDING_MISSING)
		return -1;
	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++)
		if (judge->incidents[k].is_open && is_same_event(judge, &judge->incidents[k], i))
			return k;
	return -1;
}

static void note_down(struct incident *incident, const struct watch *watch)
{
	if (verdict_is_down(watch) &&
	    (!incident->down_usec || watch->lost_usec < incident->down_usec))
		incident->down_usec = watch->lost_usec;
}

/* Joins an incident. Where the one that spoke for it could not be repaired, this one may. */
static void join(struct judge *judge, size_t i, int k, struct moment now, struct actions *actions)
{
	struct incident *incident = &judge->incidents[k];

	judge->watches[i].incident = k;
	note_down(incident, &judge->watches[i]);
	incident->members++;
	say(judge, i, RECORD_INCIDENT_CHANGED, actions)->joined = true;
	if (*judge_target(&judge->services.list[incident->first_service]) ||
	    !*judge_target(&judge->services.list[i]) || incident->repair != REPAIR_IDLE)
		return;
	incident->first_service = i;
	plan_repair(judge, i, now, actions);
}

/* A free place, or that of the oldest: more than JUDGE_INCIDENTS_MAX at once are told, not tracked.
 */
static int find_place(const struct judge *judge)
{
	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++)
		if (!judge->incidents[k].is_open && judge->incidents[k].repair != REPAIR_RUNNING)
			return k;
	return -1;
}

void incident_open(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	int k = find_kin(judge, i);
	struct incident *incident;

	if (k >= 0) {
		join(judge, i, k, now, actions);
		return;
	}
	k = find_place(judge);
	if (k < 0)
		k = (int)(judge->counts.incidents % JUDGE_INCIDENTS_MAX);
	incident = &judge->incidents[k];
	if (incident->is_open)
		for (size_t j = 0; j < judge->services.n; j++)
			if (judge->watches[j].incident == k)
				judge->watches[j].incident = -1;
	memset(incident, 0, sizeof(*incident));
	incident->is_open = true;
	incident->first_service = i;
	incident->members = 1;
	incident->opened_usec = watch->lost_usec;
	incident->cause = watch->cause;
	incident->ended_pid = watch->end_known ? watch->end.kernel_pid : 0;
	incident->repair_at_usec = USEC_NEVER;
	(void)text_format(incident->id, sizeof(incident->id), "%016" PRIx64 "%016" PRIx64,
			  mix(judge->seed ^ mix(judge->counts.incidents)),
			  mix(judge->seed + judge->counts.incidents + 1));
	judge->counts.incidents++;
	judge->counts.by_cause[watch->cause]++;
	watch->incident = k;
	note_down(incident, watch);
	say(judge, i, RECORD_INCIDENT_OPENED, actions);
	plan_repair(judge, i, now, actions);
}

void incident_change(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);

	note_down(incident, &judge->watches[i]);
	say(judge, i, RECORD_INCIDENT_CHANGED, actions);
	incident->cause = judge->watches[i].cause;
	/* What was planned was planned for another reason. */
	if (incident->first_service == i && incident->repair == REPAIR_PLANNED) {
		incident->repair = REPAIR_IDLE;
		incident->repair_at_usec = USEC_NEVER;
	}
	plan_repair(judge, i, now, actions);
}

/* Of those who are left, but for @gone: one that can be repaired, if there is one. */
static size_t find_speaker(const struct judge *judge, int k, size_t gone)
{
	size_t speaker = gone;

	for (size_t j = 0; j < judge->services.n; j++) {
		if (j == gone || judge->watches[j].incident != k)
			continue;
		if (*judge_target(&judge->services.list[j]))
			return j;
		speaker = j;
	}
	return speaker;
}

/* What is wrong is with who listens, not with what is said. */
static bool is_of_listener(const struct watch *watch)
{
	return watch->finding == FINDING_MISSING || watch->finding == FINDING_WRONG_ADDRESS ||
	       watch->finding == FINDING_FOREIGN_OWNER;
}

/* The repair is done: what it brought is asked now, not when a minute is over. */
static void ask_members(struct judge *judge, int k, struct moment now)
{
	for (size_t j = 0; j < judge->services.n; j++)
		if (judge->watches[j].incident == k &&
		    judge->watches[j].coverage == COVERAGE_FULL && !judge->watches[j].probing)
			judge->watches[j].probe_at_usec = now.usec + judge->policy.confirm_usec / 4;
}

/* The listener's return is when clients got in again; the conversation only proves it. */
static uint64_t served_from(const struct watch *watch, uint64_t now_usec)
{
	return is_of_listener(watch) && watch->back_usec > watch->lost_usec ? watch->back_usec
									    : now_usec;
}

uint64_t judge_downtime(const struct judge *judge, size_t i, uint64_t now_usec)
{
	const struct watch *watch = &judge->watches[i];
	uint64_t until = served_from(watch, now_usec);

	/* The kernel's time may be ahead of that of this turn of the loop. */
	if (!verdict_is_down(watch) || until <= watch->lost_usec)
		return watch->downtime_usec;
	return watch->downtime_usec + until - watch->lost_usec;
}

void incident_served(struct judge *judge, size_t i, struct moment now)
{
	struct watch *watch = &judge->watches[i];
	struct incident *incident = incident_of(judge, i);
	uint64_t until = served_from(watch, now.usec);

	if (until > watch->lost_usec)
		watch->downtime_usec += until - watch->lost_usec;
	if (until > incident->recovered_usec)
		incident->recovered_usec = until;
}

void incident_recover(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	struct incident *incident = incident_of(judge, i);

	if (verdict_is_down(watch))
		incident_served(judge, i, now);
	if (--incident->members == 0) {
		struct record *record = say(judge, i, RECORD_INCIDENT_CLOSED, actions);

		if (incident->down_usec && incident->recovered_usec > incident->down_usec)
			record->downtime_usec = incident->recovered_usec - incident->down_usec;
		record->verdict = VERDICT_UP; /* the finding says what it was */
		record->cause = incident->cause;
		(void)text_copy(record->detail, sizeof(record->detail),
				"a listener, and a whole conversation with it");
		*record->remedy = '\0';
		incident->is_open = false;
	} else if (incident->first_service == i) {
		incident->first_service = find_speaker(judge, watch->incident, i);
	}
	watch->incident = -1;
}

void incident_repaired(struct judge *judge, const struct fact *fact, struct moment now,
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
		incident->repair = incident->is_open ? REPAIR_PROVING : REPAIR_IDLE;
		incident->repair_at_usec =
			now.usec + (fact->repaired.ok ? judge->policy.proof_usec : 0);
		if (fact->repaired.ok)
			ask_members(judge, k, now);
		return;
	}
}

/* The one that could be repaired is back, and the one that speaks for the incident now cannot. */
static bool lost_its_means(struct judge *judge, size_t i, struct moment now,
			   struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);

	if (*judge_target(&judge->services.list[i]))
		return false;
	incident->repair = REPAIR_IDLE;
	plan_repair(judge, i, now, actions);
	return true;
}

/* Says it once, and plans the next try. */
static struct record *withhold(struct judge *judge, size_t i, enum withheld why, uint64_t next_usec,
			       struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	struct record *record;

	incident->repair = REPAIR_PLANNED;
	incident->repair_at_usec = next_usec;
	if (incident->told_withheld & 1U << why)
		return NULL;
	incident->told_withheld |= 1U << why;
	judge->counts.withheld[why]++;
	record = say(judge, i, RECORD_REPAIR_WITHHELD, actions);
	record->withheld = why;
	return record;
}

static struct budget *ask_budget(struct judge *judge, size_t i, struct moment now,
				 struct actions *actions)
{
	struct budget *budget = budgets_of(&judge->budgets, judge_target(&judge->services.list[i]));
	uint64_t wait_usec;
	enum withheld why = budget_ask(budget, judge->policy.repair_limit,
				       judge->policy.repair_window_usec, now.real_usec, &wait_usec);

	if (why == WITHHELD_NO)
		return budget;
	(void)withhold(judge, i, why, now.usec + wait_usec, actions);
	return NULL;
}

static void act(const struct judge *judge, size_t i, enum action_kind kind, struct actions *actions)
{
	const struct incident *incident = &judge->incidents[judge->watches[i].incident];
	struct action *action = &actions->list[actions->n++];

	assert(actions->n < JUDGE_ACTIONS_MAX);
	*action = (struct action){ .kind = kind, .service = i, .rung = incident->rung };
	memcpy(action->record.incident, incident->id, sizeof(action->record.incident));
}

/* The look is for free, so the budget is asked before and after it, and spent only then. */
static void check_repair(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);

	if (lost_its_means(judge, i, now, actions) || !ask_budget(judge, i, now, actions))
		return;
	incident->repair = REPAIR_CHECKING;
	incident->repair_at_usec = now.usec + judge->policy.check_usec;
	act(judge, i, ACTION_CHECK, actions);
}

static void start_repair(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	struct budget *budget;

	if (lost_its_means(judge, i, now, actions))
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

/* It listens, and accepts: whether it works is for the conversation to say. */
static bool is_back(const struct watch *watch)
{
	if (watch->coverage != COVERAGE_FULL)
		return false;
	return is_of_listener(watch) || (watch->finding == FINDING_NOT_ACCEPTING && !watch->stands);
}

void incident_checked(struct judge *judge, const struct fact *fact, struct moment now,
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
		if (!incident->is_open || is_back(&judge->watches[i])) {
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

void incident_tick(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);

	if (incident->first_service != i || incident->repair_at_usec > now.usec)
		return;
	incident->repair_at_usec = USEC_NEVER;
	switch (incident->repair) {
	case REPAIR_PLANNED:
		/* Back meanwhile: the conversation decides, not the restart. */
		if (is_back(&judge->watches[i]))
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
		plan_repair(judge, i, now, actions);
		break;
	case REPAIR_IDLE:
	case REPAIR_RUNNING:
		break;
	}
}

uint64_t incident_deadline(const struct judge *judge, size_t i)
{
	const struct incident *incident = &judge->incidents[judge->watches[i].incident];

	return incident->first_service == i ? incident->repair_at_usec : USEC_NEVER;
}
