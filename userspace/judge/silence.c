// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/silence.h"

#include <string.h>

#include "judge/repair.h"
#include "judge/say.h"

static bool is_of(const struct watch *watch, int k)
{
	return watch->outage.named == k || (watch->outage.incident == k && !watch->outage.proven);
}

/* Nobody outside of the silence has a part in it. */
static bool is_silenced(const struct judge *judge, int k, size_t i)
{
	for (size_t j = 0; j < judge->services.n; j++)
		if (is_of(&judge->watches[j], k) && !judge->watches[j].seen.silenced)
			return false;
	return judge->watches[i].seen.silenced;
}

/* All that is wrong in the incident, said once more. */
static void tell_again(struct judge *judge, size_t i, struct actions *actions)
{
	struct record *record = say(judge, i, RECORD_INCIDENT_CHANGED, actions);
	int k = judge->watches[i].outage.incident;

	for (size_t j = 0; j < judge->services.n; j++)
		if (judge->watches[j].outage.incident == k && !judge->watches[j].outage.proven)
			record_add_service(record, judge->services.list[j].name,
					   judge->services.list[j].want.port);
}

static void end(struct judge *judge, size_t i, struct moment now, struct actions *actions)
{
	struct incident *incident;

	if (!watch_is_in_trouble(&judge->watches[i]))
		return;
	incident = incident_of(judge, i);
	if (incident->hushed) {
		incident->hushed = false;
		tell_again(judge, i, actions);
	}
	if (!(incident->told_withheld & 1U << WITHHELD_SILENCED))
		return;
	incident->told_withheld &= ~(1U << WITHHELD_SILENCED);
	repair_plan(judge, incident->first_service, now, actions);
}

void silence_on_fact(struct judge *judge, const struct fact *fact, struct moment now,
		     struct actions *actions)
{
	struct watch *watch = &judge->watches[fact->service];
	bool ends = watch->seen.silenced && !fact->silence.begins;

	watch->seen.silenced = fact->silence.begins;
	if (ends)
		end(judge, fact->service, now, actions);
	else if (watch->seen.silenced && watch_is_in_trouble(watch))
		incident_of(judge, fact->service)->hushed = true;
}

static int find(const struct judge *judge, const char *id)
{
	for (int k = 0; k < JUDGE_INCIDENTS_MAX && *id; k++)
		if (strcmp(judge->incidents[k].id, id) == 0)
			return k;
	return -1;
}

void silence_hush(struct judge *judge, struct actions *actions)
{
	for (size_t a = 0; a < actions->n; a++) {
		struct record *record = &actions->list[a].record;
		int k = find(judge, record->incident);
		struct incident *incident = k >= 0 ? &judge->incidents[k] : NULL;

		if (actions->list[a].kind != ACTION_SAY || !incident)
			continue;
		/* Who was told of it is told that it is over. */
		record->silenced = record->kind == RECORD_INCIDENT_CLOSED
					   ? !incident->told
					   : is_silenced(judge, k, actions->list[a].service);
		if (record->kind != RECORD_INCIDENT_OPENED &&
		    record->kind != RECORD_INCIDENT_CHANGED)
			continue;
		incident->told |= !record->silenced;
		incident->hushed |= record->silenced;
	}
}
