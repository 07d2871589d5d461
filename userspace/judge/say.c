// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/say.h"

#include <assert.h>
#include <string.h>

#include "judge/ladder.h"

struct record *say(const struct judge *judge, size_t i, enum record_kind kind,
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
	if (watch->outage.incident >= 0)
		memcpy(record->incident, judge->incidents[watch->outage.incident].id,
		       sizeof(record->incident));
	memcpy(record->service, service->name, sizeof(record->service));
	memcpy(record->unit, service->server.unit, sizeof(record->unit));
	record->port = service->want.port;
	record->protocol = service->want.protocol;
	record->verdict = watch->opinion.verdict;
	record->finding = watch->opinion.finding;
	record->cause = watch->opinion.cause;
	record->wanted = watch_is_wanted(watch);
	memcpy(record->detail, watch->opinion.detail, sizeof(record->detail));
	ladder_remedy(service, watch, record->remedy, sizeof(record->remedy));
	return record;
}
