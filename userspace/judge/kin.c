// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/kin.h"

#include <string.h>

#include "base/cleanup.h"

#define JOIN_USEC (5 * USEC_PER_SEC) /* what one dying server takes along */

static bool is_same_event(const struct judge *judge, const struct incident *incident, size_t i)
{
	const struct service *service = &judge->services.list[i];
	const struct watch *watch = &judge->watches[i];
	const char *target = service_target(service);

	if (incident->cause != watch->opinion.cause ||
	    watch->outage.lost_usec > incident->event_usec + JOIN_USEC)
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

/* Nothing that its container publishes leads there: all of its ports are lost with its network. */
static bool is_cut_off(const struct watch *watch)
{
	return watch->opinion.finding == FINDING_UNREACHABLE && watch->seen.container.is_cut_off;
}

static bool is_same_container(const struct service *a, const struct service *b)
{
	return *a->server.container && strcmp(a->server.container, b->server.container) == 0;
}

static int find_same_network(const struct judge *judge, size_t i)
{
	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		size_t first = judge->incidents[k].first_service;

		if (judge->incidents[k].is_open && judge->watches[first].outage.incident == k &&
		    is_cut_off(&judge->watches[first]) &&
		    is_same_container(&judge->services.list[first], &judge->services.list[i]))
			return k;
	}
	return -1;
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

/* A unit that nobody has seen to serve it is no ground for a repair, but one story all the same. */
static bool is_same_unit(const struct service *a, const struct service *b)
{
	const char *target = service_target(a);

	if (*target && target != a->server.container)
		return strcmp(service_target(b), target) == 0;
	return *a->server.unit && strcmp(a->server.unit, b->server.unit) == 0;
}

static int find_same_unit(const struct judge *judge, size_t i)
{
	const struct watch *watch = &judge->watches[i];

	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++) {
		const struct incident *incident = &judge->incidents[k];
		size_t first = incident->first_service;

		if (incident->is_open && incident->cause == watch->opinion.cause &&
		    judge->watches[first].outage.incident == k &&
		    !judge->watches[first].seen.falling &&
		    is_same_unit(&judge->services.list[first], &judge->services.list[i]))
			return k;
	}
	return -1;
}

int kin_find(const struct judge *judge, size_t i)
{
	const struct watch *watch = &judge->watches[i];

	if (watch->opinion.finding == FINDING_NOT_ACCEPTING) {
		for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++)
			if (judge->incidents[k].is_open &&
			    is_same_hang(judge, &judge->incidents[k], i))
				return k;
		return -1;
	}
	if (is_cut_off(watch))
		return find_same_network(judge, i);
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

/* Of a server as a whole, not of one of its ports. */
static bool is_of_all(enum cause cause)
{
	return is_of_unit(cause) || cause == CAUSE_OWNER_EXITED ||
	       cause == CAUSE_CONTAINER_STOPPED || cause == CAUSE_CONTAINER_EXITED ||
	       cause == CAUSE_CONTAINER_GONE;
}

static bool is_of_container(enum cause cause)
{
	return cause == CAUSE_CONTAINER_STOPPED || cause == CAUSE_CONTAINER_EXITED ||
	       cause == CAUSE_CONTAINER_GONE;
}

bool kin_falls_too(const struct judge *judge, size_t i, size_t j)
{
	const struct service *a = &judge->services.list[i], *b = &judge->services.list[j];
	const struct watch *watch = &judge->watches[i], *other = &judge->watches[j];
	const struct task_end *end = watch->seen.end_known ? &watch->seen.end : NULL;

	if (!b->expected || (!other->seen.looked && !watch_unit_is_gone(other)) ||
	    (watch_is_in_trouble(other) && other->outage.incident != watch->outage.incident))
		return false;
	if (is_cut_off(watch))
		return is_same_container(a, b);
	if (watch->opinion.finding != FINDING_MISSING || !is_of_all(watch->opinion.cause))
		return false;
	if (is_of_container(watch->opinion.cause))
		return a->place == b->place;
	/* Several servers may share a unit or a container; who opened it is the better witness. */
	if (end && end->exiting && other->seen.owner)
		return other->seen.owner == end->kernel_pid;
	return is_same_unit(a, b);
}
