// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/memory.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "judge/state.h"

static uint64_t to_real(struct moment now, uint64_t usec)
{
	return usec ? now.real_usec - (now.usec - usec) : 0;
}

/* A clock that was set back makes nothing happen in the future; what was before this boot is its
 * first moment, and *@ret_older_usec so much older. */
static uint64_t to_monotonic(struct moment now, uint64_t real_usec, uint64_t *ret_older_usec)
{
	uint64_t age = real_usec < now.real_usec ? now.real_usec - real_usec : 0;

	*ret_older_usec = 0;
	if (!real_usec)
		return 0;
	if (age < now.usec)
		return now.usec - age;
	*ret_older_usec = age - now.usec + 1;
	return 1;
}

static void keep_incident(const struct incident *incident, struct moment now,
			  struct memory_incident *ret)
{
	*ret = (struct memory_incident){
		.opened_usec = to_real(now, incident->opened_usec) - incident->older_usec,
		.down_usec = to_real(now, incident->down_usec),
		.before_usec = incident->before_usec,
		.recovered_usec = to_real(now, incident->recovered_usec),
		.event_usec = to_real(now, incident->event_usec),
		.close_usec = incident->close_at_usec == USEC_NEVER
				      ? 0
				      : to_real(now, incident->close_at_usec),
		.finding = incident->finding,
		.cause = incident->cause,
		.ended_pid = incident->ended_pid,
		.repair = incident->repair,
		.rung = incident->rung,
		.tried = incident->tried,
		.told_withheld = incident->told_withheld,
		.hushed = incident->hushed,
		.told = incident->told,
	};
	memcpy(ret->id, incident->id, sizeof(ret->id));
}

static void keep_service(const struct judge *judge, size_t i, const int *places, struct moment now,
			 struct memory_service *ret)
{
	const struct service *service = &judge->services.list[i];
	const struct watch *watch = &judge->watches[i];
	int k = watch->outage.incident;

	*ret = (struct memory_service){
		.port = service->want.port,
		.incident = k < 0 ? -1 : places[k],
		.speaks = k >= 0 && judge->incidents[k].first_service == i,
		.proven = watch->outage.proven,
		.named = k >= 0 && watch->outage.named == k,
		.falls = watch->outage.falls,
		.verdict = watch->opinion.verdict,
		.finding = watch->opinion.finding,
		.cause = watch->opinion.cause,
		.told_disk = watch->opinion.told_disk,
		.since_usec = to_real(now, watch->opinion.since_usec) - watch->opinion.older_usec,
		.lost_usec = to_real(now, watch->outage.lost_usec),
		.back_usec = to_real(now, watch->outage.back_usec),
		.total_usec = watch->outage.total_usec,
		.stopped = watch->seen.unit.stopped_by_job || watch->seen.was_stopped,
		.falling = watch->seen.falling,
		.end_known = watch->seen.end_known,
		.end = watch->seen.end,
	};
	for (size_t f = 0; f < ret->falls.n; f++)
		ret->falls.list[f].at_usec = to_real(now, ret->falls.list[f].at_usec);
	memcpy(ret->name, service->name, sizeof(ret->name));
	memcpy(ret->detail, watch->opinion.detail, sizeof(ret->detail));
	memcpy(ret->incidents, watch->outage.incidents, sizeof(ret->incidents));
	if (!service->server.unit_is_guess)
		memcpy(ret->unit, service->server.unit, sizeof(ret->unit));
}

void memory_keep(const struct judge *judge, struct moment now, struct memory *ret)
{
	int places[JUDGE_INCIDENTS_MAX];

	ret->n_incidents = ret->n_services = 0;
	for (size_t k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		places[k] = -1;
		if (!judge->incidents[k].is_open)
			continue;
		places[k] = (int)ret->n_incidents;
		keep_incident(&judge->incidents[k], now, &ret->incidents[ret->n_incidents++]);
	}
	for (size_t i = 0; i < judge->services.n; i++)
		if (judge->services.list[i].expected)
			keep_service(judge, i, places, now, &ret->services[ret->n_services++]);
}

static void inherit_incident(struct judge *judge, const struct memory_incident *was,
			     struct moment now, struct incident *incident)
{
	uint64_t older;

	memset(incident, 0, sizeof(*incident));
	memcpy(incident->id, was->id, sizeof(incident->id));
	incident->opened_usec = to_monotonic(now, was->opened_usec, &incident->older_usec);
	incident->down_usec = to_monotonic(now, was->down_usec, &older);
	incident->before_usec = was->before_usec + older;
	incident->recovered_usec = to_monotonic(now, was->recovered_usec, &older);
	incident->event_usec = to_monotonic(now, was->event_usec, &older);
	/* It has to hold anew: nobody looked. */
	incident->close_at_usec = was->close_usec ? now.usec + judge->policy.hold_usec : USEC_NEVER;
	incident->finding = was->finding;
	incident->cause = was->cause;
	incident->ended_pid = was->ended_pid;
	incident->rung = was->rung;
	incident->tried = was->tried;
	incident->told_withheld = was->told_withheld;
	incident->hushed = was->hushed;
	incident->told = was->told;
	incident->repair_at_usec = USEC_NEVER;
	if (was->repair == REPAIR_RUNNING || was->repair == REPAIR_PROVING) {
		incident->repair = REPAIR_PROVING;
		incident->repair_at_usec = now.usec + judge->policy.proof_usec;
	}
}

static void inherit_service(struct judge *judge, size_t i, const struct memory_service *was,
			    struct moment now)
{
	struct watch *watch = &judge->watches[i];
	uint64_t older;

	watch->seen.was_stopped = was->stopped;
	watch->outage.total_usec = was->total_usec;
	memcpy(watch->outage.incidents, was->incidents, sizeof(watch->outage.incidents));
	watch->outage.falls = was->falls;
	for (size_t f = 0; f < was->falls.n; f++)
		watch->outage.falls.list[f].at_usec =
			to_monotonic(now, was->falls.list[f].at_usec, &older);
	if (was->incident < 0)
		return;
	watch->outage.incident = was->incident;
	watch->outage.named = was->named ? was->incident : -1;
	watch->outage.proven = was->proven;
	watch->outage.inherited = !was->proven;
	watch->outage.lost_usec = to_monotonic(now, was->lost_usec, &older);
	watch->outage.total_usec += older;
	watch->outage.back_usec = to_monotonic(now, was->back_usec, &older);
	/* Well then, and waiting for others: nobody has seen since whether it is. */
	watch->opinion.verdict = was->verdict == VERDICT_UP ? VERDICT_UNKNOWN : was->verdict;
	watch->opinion.finding = was->finding;
	watch->opinion.cause = was->cause;
	watch->opinion.told_disk = watch->seen.disk = was->told_disk;
	watch->opinion.since_usec = to_monotonic(now, was->since_usec, &watch->opinion.older_usec);
	memcpy(watch->opinion.detail, was->detail, sizeof(watch->opinion.detail));
	watch->seen.inherited = !was->proven;
	watch->seen.falling = was->falling;
	watch->seen.end_known = was->end_known;
	watch->seen.end = was->end;
}

static struct service *find_service(const struct judge *judge, const struct memory_service *was)
{
	struct service *service = service_set_find_name(&judge->services, was->name);

	return service && service->expected && service->want.port == was->port ? service : NULL;
}

void memory_inherit(struct judge *judge, const struct memory *memory, struct moment now)
{
	for (size_t k = 0; k < memory->n_incidents; k++)
		inherit_incident(judge, &memory->incidents[k], now, &judge->incidents[k]);
	for (size_t j = 0; j < memory->n_services; j++) {
		const struct memory_service *was = &memory->services[j];
		const struct service *service = find_service(judge, was);
		struct incident *incident;
		size_t i;

		if (!service)
			continue;
		i = (size_t)(service - judge->services.list);
		inherit_service(judge, i, was, now);
		if (was->incident < 0)
			continue;
		incident = &judge->incidents[was->incident];
		if (!incident->is_open || was->speaks || (incident->members == 0 && !was->proven))
			incident->first_service = i;
		incident->is_open = true;
		incident->members += !was->proven;
	}
}
