// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/incident.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "judge/kin.h"
#include "judge/repair.h"
#include "judge/say.h"

/* splitmix64 (Steele, Lea, Flood 2014): well spread ids out of one random seed. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void note_down(struct incident *incident, const struct watch *watch)
{
	if (watch_is_down(watch) &&
	    (!incident->down_usec || watch->outage.lost_usec < incident->down_usec))
		incident->down_usec = watch->outage.lost_usec;
}

/* One more loss of the service. */
static void note_fall(struct watch *watch)
{
	const struct outage *outage = &watch->outage;
	bool was_back = outage->back_usec && outage->back_usec < outage->lost_usec;

	watch->outage.incidents[watch->opinion.cause]++;
	if (watch_is_wanted(watch)) /* whoever stops it often has a reason */
		return;
	falls_add(&watch->outage.falls, outage->lost_usec,
		  was_back ? outage->lost_usec - outage->back_usec : 0);
}

static void note_event(struct incident *incident, const struct watch *watch)
{
	incident->event_usec = watch->outage.lost_usec;
	incident->finding = watch->opinion.finding;
	incident->cause = watch->opinion.cause;
	incident->ended_pid = watch->seen.end_known ? watch->seen.end.kernel_pid : 0;
	incident->close_at_usec = USEC_NEVER;
}

/* Says that it comes and goes, where it does. */
static void say_falls(const struct judge *judge, size_t i, struct moment now)
{
	struct watch *watch = &judge->watches[i];

	falls_say(&judge->policy, &watch->outage.falls, watch->opinion.cause, now.usec,
		  watch->opinion.detail);
}

/* All that falls with it is named by one record, whenever the kernel tells of it. */
static void name_kin(struct judge *judge, size_t i, struct record *record)
{
	int k = judge->watches[i].outage.incident;

	for (size_t j = 0; j < judge->services.n; j++) {
		struct watch *watch = &judge->watches[j];

		if (j != i && !kin_falls_too(judge, i, j))
			continue;
		watch->outage.named = k;
		record_add_service(record, judge->services.list[j].name,
				   judge->services.list[j].want.port);
	}
}

/* Joins an incident. Where the one that spoke for it could not be repaired, this one may. */
static void join(struct judge *judge, size_t i, int k, struct moment now, struct actions *actions)
{
	struct incident *incident = &judge->incidents[k];
	struct watch *watch = &judge->watches[i];
	bool was_named = watch->outage.named == k;

	watch->outage.incident = k;
	watch->outage.proven = false;
	note_down(incident, watch);
	incident->members++;
	incident->close_at_usec = USEC_NEVER;
	watch->outage.named = k;
	/* That others take the clients on the host is told of one port at least. */
	if (!was_named || (*watch->seen.outside && !incident->told_outside))
		say(judge, i, RECORD_INCIDENT_CHANGED, actions)->joined = true;
	incident->told_outside |= *watch->seen.outside != '\0';
	if (*service_target(&judge->services.list[incident->first_service]) ||
	    !*service_target(&judge->services.list[i]) || incident->repair != REPAIR_IDLE)
		return;
	incident->first_service = i;
	repair_plan(judge, i, now, actions);
}

/* Lost again before all of its incident was believed to be back: a new reason for a repair, and no
 * incident of its own. */
static void relapse(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	struct watch *watch = &judge->watches[i];

	watch->outage.proven = false;
	note_down(incident, watch);
	if (incident->members++ > 0) {
		if (watch->outage.lost_usec > incident->event_usec)
			note_event(incident, watch);
		return;
	}
	note_event(incident, watch);
	incident->first_service = i;
	say_falls(judge, i, now);
	name_kin(judge, i, say(judge, i, RECORD_INCIDENT_CHANGED, actions));
	repair_again(judge, i, now, actions);
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

static struct incident *begin(struct judge *judge, int k)
{
	struct incident *incident = &judge->incidents[k];

	for (size_t j = 0; j < judge->services.n; j++) {
		if (judge->watches[j].outage.incident == k)
			judge->watches[j].outage.incident = -1;
		if (judge->watches[j].outage.named == k)
			judge->watches[j].outage.named = -1;
	}
	memset(incident, 0, sizeof(*incident));
	incident->is_open = true;
	incident->members = 1;
	incident->repair_at_usec = USEC_NEVER;
	(void)text_format(incident->id, sizeof(incident->id), "%016" PRIx64 "%016" PRIx64,
			  mix(judge->seed ^ mix(judge->counts.incidents)),
			  mix(judge->seed + judge->counts.incidents + 1));
	judge->counts.incidents++;
	return incident;
}

void incident_open(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	struct incident *incident;
	int k;

	note_fall(watch);
	if (watch->outage.incident >= 0) {
		relapse(judge, i, now, actions);
		return;
	}
	k = kin_find(judge, i);
	if (k >= 0) {
		join(judge, i, k, now, actions);
		return;
	}
	k = find_place(judge);
	if (k < 0)
		k = (int)(judge->counts.incidents % JUDGE_INCIDENTS_MAX);
	incident = begin(judge, k);
	incident->first_service = i;
	incident->opened_usec = watch->outage.lost_usec;
	watch->outage.incident = k;
	watch->outage.proven = false;
	incident->told_outside = *watch->seen.outside != '\0';
	note_event(incident, watch);
	note_down(incident, watch);
	say_falls(judge, i, now);
	name_kin(judge, i, say(judge, i, RECORD_INCIDENT_OPENED, actions));
	repair_plan(judge, i, now, actions);
}

void incident_change(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);
	const struct opinion *opinion = &judge->watches[i].opinion;
	bool known = incident->members > 1 && incident->finding == opinion->finding &&
		     incident->cause == opinion->cause &&
		     !finding_is_of_certificate(opinion->finding);

	note_down(incident, &judge->watches[i]);
	if (!known) /* of one of its ports it was told already */
		say(judge, i, RECORD_INCIDENT_CHANGED, actions);
	incident->finding = opinion->finding;
	incident->cause = opinion->cause;
	/* What was planned was planned for another reason. */
	if (incident->first_service == i && incident->repair == REPAIR_PLANNED) {
		incident->repair = REPAIR_IDLE;
		incident->repair_at_usec = USEC_NEVER;
	}
	repair_plan(judge, i, now, actions);
}

void incident_resume(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	if (incident_of(judge, i)->first_service == i)
		repair_plan(judge, i, now, actions);
}

/* Of those who are left, but for @gone: one that can be repaired, if there is one. */
static size_t find_speaker(const struct judge *judge, int k, size_t gone)
{
	size_t speaker = gone;

	for (size_t j = 0; j < judge->services.n; j++) {
		if (j == gone || judge->watches[j].outage.incident != k ||
		    judge->watches[j].outage.proven)
			continue;
		if (*service_target(&judge->services.list[j]))
			return j;
		speaker = j;
	}
	return speaker;
}

void incident_served(struct judge *judge, size_t i, struct moment now)
{
	struct watch *watch = &judge->watches[i];
	struct incident *incident = incident_of(judge, i);
	uint64_t until = watch_served_from(watch, now.usec);

	if (until > watch->outage.lost_usec)
		watch->outage.total_usec += until - watch->outage.lost_usec;
	if (until > incident->recovered_usec)
		incident->recovered_usec = until;
}

/* Of all that it ever took along: who waits longest. */
static uint64_t hold_of(const struct judge *judge, int k, uint64_t now_usec)
{
	uint64_t hold = judge->policy.hold_usec;

	for (size_t j = 0; j < judge->services.n; j++) {
		uint64_t own =
			falls_hold(&judge->policy, &judge->watches[j].outage.falls, now_usec);

		if (judge->watches[j].outage.incident == k && own > hold)
			hold = own;
	}
	return hold;
}

/* The time between two outages of one incident is none of its downtime. */
static void sum_up(struct incident *incident)
{
	if (incident->down_usec && incident->recovered_usec > incident->down_usec)
		incident->before_usec += incident->recovered_usec - incident->down_usec;
	incident->down_usec = incident->recovered_usec = 0;
}

static void finish(struct judge *judge, int k, struct actions *actions)
{
	struct incident *incident = &judge->incidents[k];
	struct record *record =
		say(judge, incident->first_service, RECORD_INCIDENT_CLOSED, actions);

	record->downtime_usec = incident->before_usec;
	record->verdict = VERDICT_UP; /* the finding says what it was */
	record->finding = incident->finding;
	record->cause = incident->cause;
	(void)text_copy(record->detail, sizeof(record->detail),
			"a listener, and a whole conversation with it");
	*record->remedy = '\0';
	for (size_t j = 0; j < judge->services.n; j++) {
		struct outage *outage = &judge->watches[j].outage;

		if (outage->named == k)
			outage->named = -1;
		if (outage->incident != k)
			continue;
		record_add_service(record, judge->services.list[j].name,
				   judge->services.list[j].want.port);
		outage->incident = -1;
	}
	incident->is_open = false;
}

void incident_recover(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	struct incident *incident = incident_of(judge, i);
	uint64_t hold;

	if (watch_is_down(watch))
		incident_served(judge, i, now);
	watch->outage.proven = true;
	if (--incident->members > 0) {
		if (incident->first_service == i)
			incident->first_service = find_speaker(judge, watch->outage.incident, i);
		return;
	}
	sum_up(incident);
	incident->first_service = i;
	hold = hold_of(judge, watch->outage.incident, now.usec);
	incident->close_at_usec = now.usec + hold;
	if (hold == 0)
		finish(judge, watch->outage.incident, actions);
}

void incident_tick(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	const struct incident *incident = incident_of(judge, i);

	if (incident->first_service == i && incident->close_at_usec <= now.usec)
		finish(judge, judge->watches[i].outage.incident, actions);
}

uint64_t incident_deadline(const struct judge *judge, size_t i)
{
	const struct incident *incident = &judge->incidents[judge->watches[i].outage.incident];

	return incident->first_service == i ? incident->close_at_usec : USEC_NEVER;
}
