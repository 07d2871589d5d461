// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/incident.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "judge/ladder.h"
#include "judge/repair.h"
#include "judge/say.h"

#define JOIN_USEC (5 * USEC_PER_SEC) /* what one dying server takes along */

/* splitmix64 (Steele, Lea, Flood 2014): well spread ids out of one random seed. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static bool is_same_event(const struct judge *judge, const struct incident *incident, size_t i)
{
	const struct service *service = &judge->services.list[i];
	const struct watch *watch = &judge->watches[i];
	const char *target = service_target(service);

	if (incident->cause != watch->opinion.cause ||
	    watch->outage.lost_usec > incident->opened_usec + JOIN_USEC)
		return false;
	if (watch->opinion.cause == CAUSE_CONTAINER_GONE ||
	    watch->opinion.cause == CAUSE_CONTAINER_STOPPED ||
	    watch->opinion.cause == CAUSE_CONTAINER_EXITED)
		return judge->services.list[incident->first_service].place == service->place;
	if (watch->seen.end_known && watch->seen.end.kernel_pid &&
	    watch->seen.end.kernel_pid == incident->ended_pid)
		return true;
	return *target &&
	       strcmp(service_target(&judge->services.list[incident->first_service]), target) == 0;
}

/* Ports that one server serves hang together, though their clients come at different times. */
static bool is_same_hang(const struct judge *judge, const struct incident *incident, size_t i)
{
	const char *target = service_target(&judge->services.list[i]);

	return judge->watches[incident->first_service].opinion.finding == FINDING_NOT_ACCEPTING &&
	       *target &&
	       strcmp(service_target(&judge->services.list[incident->first_service]), target) == 0;
}

static int find_same_certificate(const struct judge *judge, size_t i)
{
	const char *target = service_target(&judge->services.list[i]);

	for (int k = 0; k < JUDGE_INCIDENTS_MAX && *target; k++) {
		const struct incident *incident = &judge->incidents[k];
		const struct watch *first = &judge->watches[incident->first_service];

		if (incident->is_open && first->outage.incident == k &&
		    first->opinion.finding == judge->watches[i].opinion.finding &&
		    first->seen.disk == judge->watches[i].seen.disk &&
		    strcmp(service_target(&judge->services.list[incident->first_service]),
			   target) == 0)
			return k;
	}
	return -1;
}

/* Where no event tells what was lost together: these are of the unit as a whole. */
static bool is_of_unit(enum cause cause)
{
	return cause == CAUSE_NOT_STARTED || cause == CAUSE_UNIT_FAILED ||
	       cause == CAUSE_UNIT_STOPPED || cause == CAUSE_OWNER_CRASHED ||
	       cause == CAUSE_OWNER_OOM_KILLED;
}

static int find_same_unit(const struct judge *judge, size_t i)
{
	const struct watch *watch = &judge->watches[i];
	const char *target = service_target(&judge->services.list[i]);

	for (int k = 0; k < JUDGE_INCIDENTS_MAX && *target; k++) {
		const struct incident *incident = &judge->incidents[k];
		size_t first = incident->first_service;

		if (incident->is_open && incident->cause == watch->opinion.cause &&
		    judge->watches[first].outage.incident == k &&
		    !judge->watches[first].seen.falling &&
		    strcmp(service_target(&judge->services.list[first]), target) == 0)
			return k;
	}
	return -1;
}

/* The open incident that service @i belongs to; -1: it has its own. */
static int find_kin(const struct judge *judge, size_t i)
{
	const struct watch *watch = &judge->watches[i];

	if (watch->opinion.finding == FINDING_NOT_ACCEPTING) {
		for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++)
			if (judge->incidents[k].is_open &&
			    is_same_hang(judge, &judge->incidents[k], i))
				return k;
		return -1;
	}
	/* The ports of one server get its new certificate by one reload. */
	if (finding_is_of_certificate(watch->opinion.finding))
		return find_same_certificate(judge, i);
	if (watch->opinion.finding != FINDING_MISSING)
		return -1;
	/* What was missing when we started has no common event, but a unit that is down has all of
	 * its ports. */
	if (!watch->seen.falling)
		return is_of_unit(watch->opinion.cause) ? find_same_unit(judge, i) : -1;
	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++)
		if (judge->incidents[k].is_open && is_same_event(judge, &judge->incidents[k], i))
			return k;
	return -1;
}

static void note_down(struct incident *incident, const struct watch *watch)
{
	if (watch_is_down(watch) &&
	    (!incident->down_usec || watch->outage.lost_usec < incident->down_usec))
		incident->down_usec = watch->outage.lost_usec;
}

/* Joins an incident. Where the one that spoke for it could not be repaired, this one may. */
static void join(struct judge *judge, size_t i, int k, struct moment now, struct actions *actions)
{
	struct incident *incident = &judge->incidents[k];

	judge->watches[i].outage.incident = k;
	note_down(incident, &judge->watches[i]);
	incident->members++;
	say(judge, i, RECORD_INCIDENT_CHANGED, actions)->joined = true;
	if (*service_target(&judge->services.list[incident->first_service]) ||
	    !*service_target(&judge->services.list[i]) || incident->repair != REPAIR_IDLE)
		return;
	incident->first_service = i;
	repair_plan(judge, i, now, actions);
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

	watch->outage.incidents[watch->opinion.cause]++;
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
			if (judge->watches[j].outage.incident == k)
				judge->watches[j].outage.incident = -1;
	memset(incident, 0, sizeof(*incident));
	incident->is_open = true;
	incident->first_service = i;
	incident->members = 1;
	incident->opened_usec = watch->outage.lost_usec;
	incident->cause = watch->opinion.cause;
	incident->ended_pid = watch->seen.end_known ? watch->seen.end.kernel_pid : 0;
	incident->repair_at_usec = USEC_NEVER;
	(void)text_format(incident->id, sizeof(incident->id), "%016" PRIx64 "%016" PRIx64,
			  mix(judge->seed ^ mix(judge->counts.incidents)),
			  mix(judge->seed + judge->counts.incidents + 1));
	judge->counts.incidents++;
	watch->outage.incident = k;
	note_down(incident, watch);
	say(judge, i, RECORD_INCIDENT_OPENED, actions);
	repair_plan(judge, i, now, actions);
}

void incident_change(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident = incident_of(judge, i);

	note_down(incident, &judge->watches[i]);
	say(judge, i, RECORD_INCIDENT_CHANGED, actions);
	incident->cause = judge->watches[i].opinion.cause;
	/* What was planned was planned for another reason. */
	if (incident->first_service == i && incident->repair == REPAIR_PLANNED) {
		incident->repair = REPAIR_IDLE;
		incident->repair_at_usec = USEC_NEVER;
	}
	repair_plan(judge, i, now, actions);
}

/* Of those who are left, but for @gone: one that can be repaired, if there is one. */
static size_t find_speaker(const struct judge *judge, int k, size_t gone)
{
	size_t speaker = gone;

	for (size_t j = 0; j < judge->services.n; j++) {
		if (j == gone || judge->watches[j].outage.incident != k)
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

void incident_recover(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct watch *watch = &judge->watches[i];
	struct incident *incident = incident_of(judge, i);

	if (watch_is_down(watch))
		incident_served(judge, i, now);
	if (--incident->members == 0) {
		struct record *record = say(judge, i, RECORD_INCIDENT_CLOSED, actions);

		if (incident->down_usec && incident->recovered_usec > incident->down_usec)
			record->downtime_usec = incident->recovered_usec - incident->down_usec +
						incident->before_usec;
		record->verdict = VERDICT_UP; /* the finding says what it was */
		record->cause = incident->cause;
		(void)text_copy(record->detail, sizeof(record->detail),
				"a listener, and a whole conversation with it");
		*record->remedy = '\0';
		incident->is_open = false;
	} else if (incident->first_service == i) {
		incident->first_service = find_speaker(judge, watch->outage.incident, i);
	}
	watch->outage.incident = -1;
}
