// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/damper.h"

#include <string.h>

static struct damped *find(struct damper *damper, const struct record *record)
{
	for (size_t i = 0; i < damper->n; i++) {
		struct damped *damped = &damper->list[i];

		if (strcmp(damped->record.incident, record->incident) == 0)
			return damped;
	}
	return NULL;
}

/* A free place, or that of whoever is silent longest; one with something to say is spared if it can
 * be. */
static struct damped *make_room(struct damper *damper)
{
	struct damped *best = &damper->list[0];

	if (damper->n < DAMPER_INCIDENTS_MAX) {
		best = &damper->list[damper->n++];
		memset(best, 0, sizeof(*best));
		return best;
	}
	for (size_t i = 1; i < damper->n; i++) {
		struct damped *damped = &damper->list[i];

		if (damped->is_pending != best->is_pending ? !damped->is_pending
							   : damped->since_usec < best->since_usec)
			best = damped;
	}
	memset(best, 0, sizeof(*best));
	return best;
}

/* Where @record is kept, in a window that has begun by now. */
static struct damped *follow(struct damper *damper, const struct record *record, uint64_t now_usec)
{
	struct damped *damped = find(damper, record);

	if (!damped) {
		damped = make_room(damper);
		damped->record = *record;
		damped->since_usec = now_usec;
	}
	if (now_usec - damped->since_usec >= DAMPER_WINDOW_USEC) {
		damped->since_usec = now_usec;
		damped->n = damped->n_same = 0;
	}
	return damped;
}

static bool says_the_same(const struct damped *damped, const struct record *record)
{
	return strcmp(damped->said.service, record->service) == 0 &&
	       damped->said.finding == record->finding && damped->said.cause == record->cause;
}

static bool admit_change(struct damped *damped, const struct record *record)
{
	bool same = says_the_same(damped, record);

	damped->record = *record;
	damped->is_pending =
		damped->n >= DAMPER_SAID_MAX || (same && damped->n_same >= DAMPER_SAME_MAX);
	if (damped->is_pending)
		return false;
	damped->n++;
	damped->n_same += same;
	memcpy(damped->said.service, record->service, sizeof(damped->said.service));
	damped->said.finding = record->finding;
	damped->said.cause = record->cause;
	return true;
}

bool damper_admit(struct damper *damper, const struct record *record, uint64_t now_usec)
{
	struct damped *damped;

	if (record->kind == RECORD_INCIDENT_CHANGED)
		return admit_change(follow(damper, record, now_usec), record);
	if (!*record->incident)
		return true;
	if (record->kind == RECORD_INCIDENT_CLOSED) {
		damped = find(damper, record);
		if (damped)
			*damped = damper->list[--damper->n];
		return true;
	}
	follow(damper, record, now_usec)->n++;
	return true;
}

const struct record *damper_due(struct damper *damper, uint64_t now_usec)
{
	for (size_t i = 0; i < damper->n; i++) {
		struct damped *damped = &damper->list[i];

		if (!damped->is_pending || now_usec - damped->since_usec < DAMPER_WINDOW_USEC)
			continue;
		damped->is_pending = false;
		damped->since_usec = now_usec;
		damped->n = 1;
		damped->n_same = 0;
		return &damped->record;
	}
	return NULL;
}

uint64_t damper_deadline(const struct damper *damper)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < damper->n; i++) {
		const struct damped *damped = &damper->list[i];

		if (damped->is_pending && damped->since_usec + DAMPER_WINDOW_USEC < next)
			next = damped->since_usec + DAMPER_WINDOW_USEC;
	}
	return next;
}
