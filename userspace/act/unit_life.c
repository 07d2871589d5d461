// SPDX-License-Identifier: LGPL-2.1-or-later
#include "act/unit_life.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

bool unit_life_is_gone(const struct unit_life *life)
{
	return life->word.state == UNIT_INACTIVE || life->word.state == UNIT_FAILED ||
	       life->word.state == UNIT_MASKED;
}

static void job_began(struct unit_life *life, uint32_t job)
{
	if (job == 0 || job == life->job)
		return;
	life->job = job;
	life->word.job = true;
	life->was_up = life->word.state == UNIT_ACTIVE || life->word.state == UNIT_CHANGING;
}

void unit_life_job_ended(struct unit_life *life, const char *result)
{
	life->word.job = false;
	if (life->was_up && (unit_life_is_gone(life) || life->is_leaving) &&
	    strcmp(result, "done") == 0)
		life->word.stopped_by_job = true;
	life->was_up = false;
}

int unit_life_job_error(const char *result)
{
	static const struct {
		const char *name;
		int error;
	} results[] = {
		{ "done", 0 },
		{ "canceled", -ECANCELED },
		{ "timeout", -ETIMEDOUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		if (strcmp(results[i].name, result) == 0)
			return results[i].error;
	}
	return -EIO;
}

static void state_became(struct unit_life *life, const char *active_state)
{
	static const struct {
		const char *name;
		enum unit_state state;
	} states[] = {
		{ "active", UNIT_ACTIVE },	  { "reloading", UNIT_CHANGING },
		{ "activating", UNIT_CHANGING },  { "deactivating", UNIT_CHANGING },
		{ "inactive", UNIT_INACTIVE },	  { "failed", UNIT_FAILED },
		{ "maintenance", UNIT_CHANGING },
	};

	life->word.state = UNIT_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (strcmp(states[i].name, active_state) == 0)
			life->word.state = states[i].state;
	}
	life->is_leaving = strcmp(active_state, "deactivating") == 0;
	if (!unit_life_is_gone(life) && !life->is_leaving)
		life->word.stopped_by_job = false;
}

void unit_life_take_end(struct unit_life *life, const struct unit_properties *properties)
{
	struct unit_end *end = &life->word.end;
	bool killed = properties->end_code == CLD_KILLED || properties->end_code == CLD_DUMPED;

	if (properties->result)
		(void)text_copy(end->result, sizeof(end->result), properties->result);
	if (properties->has_end) {
		end->signal = killed ? (uint8_t)properties->end_status : 0;
		end->exit_code = killed ? 0 : (uint8_t)properties->end_status;
	}
	if (properties->has_restarts)
		end->restarts = properties->restarts;
}

/* The job first: whether the unit was up when it began is told by the state before. */
bool unit_life_take(struct unit_life *life, const struct unit_properties *properties)
{
	const struct unit_word before = life->word;

	unit_life_take_end(life, properties);
	if (properties->has_job)
		job_began(life, properties->job);
	if (properties->active_state)
		state_became(life, properties->active_state);
	if (properties->load_state && strcmp(properties->load_state, "not-found") == 0)
		life->word.state = UNIT_UNKNOWN;
	if (properties->load_state)
		life->is_masked = strcmp(properties->load_state, "masked") == 0;
	if (!unit_life_is_gone(life)) /* no signal tells that it was unmasked, but it was */
		life->is_masked = false;
	else if (life->is_masked)
		life->word.state = UNIT_MASKED;
	if (properties->has_job && properties->job == 0)
		life->word.job = false;
	return before.state != life->word.state || before.job != life->word.job ||
	       before.stopped_by_job != life->word.stopped_by_job;
}

void unit_life_deafen(struct unit_life *life)
{
	life->word.job = life->was_up = false;
	life->job = 0; /* it may still be there when we are back */
	life->word.is_deaf = true;
}

void unit_life_resume(struct unit_life *life, const struct unit_properties *properties)
{
	bool was_up = life->word.state == UNIT_ACTIVE || life->word.state == UNIT_CHANGING;

	life->word.is_deaf = false;
	(void)unit_life_take(life, properties);
	if (was_up && life->word.state == UNIT_INACTIVE &&
	    strcmp(life->word.end.result, "success") == 0)
		life->word.stopped_by_job = true;
}
