// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/damper.h"

#include <string.h>

static struct damped *find(struct damper *damper, const struct record *record)
{
	for (size_t i = 0; i < damper->n; i++) {
		struct damped *damped = &damper->list[i];

		if (strcmp(damped->record.incident, record->incident) == 0 &&
		    strcmp(damped->record.service, record->service) == 0)
			return damped;
	}
	return NULL;
}

/* A free place, or that of whoever is silent longest; one with something to say is spared if it can
 * be. */
static struct damped *make_room(struct damper *damper)
{
	struct damped *best = &damper->list[0];

	if (damper->n < DAMPER_SERVICES_MAX) {
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

bool damper_admit(struct damper *damper, const struct record *record, uint64_t now_usec)
{
	struct damped *damped = find(damper, record);

	if (record->kind != RECORD_INCIDENT_CHANGED) {
		if (damped && (record->kind == RECORD_INCIDENT_CLOSED ||
			       record->kind == RECORD_INCIDENT_OPENED))
			*damped = damper->list[--damper->n];
		return true;
	}
	if (!damped) {
		damped = make_room(damper);
		damped->since_usec = now_usec;
	}
	if (now_usec - damped->since_usec >= DAMPER_WINDOW_USEC) {
		damped->since_usec = now_usec;
		damped->n = 0;
	}
	damped->record = *record;
	damped->is_pending = ++damped->n > DAMPER_SAID_MAX;
	return !damped->is_pending;
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
