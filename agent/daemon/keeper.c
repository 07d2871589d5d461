// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/keeper.h"

#include <errno.h>
#include <string.h>

#include "agent/daemon/memory_file.h"
#include "agent/daemon/state_directory.h"
#include "base/log.h"
#include "base/text.h"

#define PAUSE_USEC (100 * USEC_PER_MSEC) /* between two writes */

struct keeper {
	struct core *core;
	const struct config *config;
	struct memory memory; /* its services: room for as many as there were the last time */
	size_t room;
	uint64_t stored_usec;
	bool has_failed; /* and that was said */
};

static void learn(struct keeper *keeper, const struct memory_service *was, keeper_learned *learned,
		  void *userdata)
{
	const struct service_set *services = core_services(keeper->core);
	const struct service *service = service_set_find_name(services, was->name);
	struct fact fact;

	if (!service || service->want.port != was->port || !service->server.unit_is_guess ||
	    !*was->unit)
		return;
	fact = core_fact(keeper->core, FACT_LEARNED, (size_t)(service - services->list));
	memcpy(fact.learned.unit, was->unit, sizeof(fact.learned.unit));
	(void)core_post(keeper->core, &fact);
	learned(fact.service, fact.learned.unit, userdata);
}

void keeper_give_back(struct keeper *keeper, keeper_learned *learned, void *userdata)
{
	const char *state = keeper->config->state;
	struct memory *memory = calloc(1, sizeof(*memory));
	int r = memory ? memory_file_load(state, memory) : -ENOMEM;

	if (r == -EBADMSG || r == -EPROTONOSUPPORT)
		state_directory_set_aside(state, MEMORY_FILE_NAME,
					  r == -EBADMSG ? "it is torn"
							: "a later version wrote it");
	else if (r < 0)
		(void)log_warning(
			r, "Cannot read %s/" MEMORY_FILE_NAME "; open incidents begin anew", state);
	if (r >= 0) {
		/* First: who learns of a unit asks systemd about it, and what that says is compared
		 * with what was. */
		core_take_memory(keeper->core, memory);
		for (size_t i = 0; i < memory->n_services; i++)
			learn(keeper, &memory->services[i], learned, userdata);
		memory_file_clear(memory);
	}
	free(memory);
}

static int keep(struct keeper *keeper)
{
	size_t n = core_services(keeper->core)->n + 1;

	if (n > keeper->room) {
		struct memory_service *fresh = calloc(n, sizeof(*fresh));

		if (!fresh)
			return -ENOMEM;
		free(keeper->memory.services);
		keeper->memory.services = fresh;
		keeper->room = n;
	}
	memory_keep(core_judge(keeper->core), core_now(keeper->core), &keeper->memory);
	return memory_file_save(keeper->config->state, &keeper->memory);
}

void keeper_store(struct keeper *keeper)
{
	int r = keep(keeper);

	keeper->stored_usec = core_now(keeper->core).usec;
	if (r < 0 && !keeper->has_failed)
		(void)log_error(r,
				"Cannot store the incidents in %s; should Hearken end, they begin "
				"anew",
				keeper->config->state);
	keeper->has_failed = r < 0;
}

void keeper_note(struct keeper *keeper)
{
	uint64_t least = keeper->stored_usec + PAUSE_USEC, now = core_now(keeper->core).usec;

	timers_set_earlier(core_timers(keeper->core), TIMER_KEEPER, least > now ? least : now);
}

static void on_due(void *userdata)
{
	keeper_store(userdata);
}

int keeper_new(struct core *core, const struct config *config, struct keeper **ret)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return -ENOMEM;
	keeper->core = core;
	keeper->config = config;
	timers_handle(core_timers(core), TIMER_KEEPER, 0, on_due, keeper);
	*ret = keeper;
	return 0;
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	memory_file_clear(&keeper->memory);
	free(keeper);
}
