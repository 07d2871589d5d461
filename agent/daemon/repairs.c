// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/repairs.h"

#include <errno.h>
#include <string.h>

#include "agent/daemon/background.h"
#include "agent/daemon/state_directory.h"
#include "base/log.h"
#include "base/text.h"

#define COMMAND_OUTPUT_MAX (64 * 1024)
#define COMMAND_USEC	   (90 * USEC_PER_SEC) /* as systemd's own DefaultTimeoutStartSec */

struct repair { /* under way; free while its incident is empty */
	struct repairs *repairs;
	char incident[INCIDENT_ID_SIZE];
	char target[BUDGET_TARGET_SIZE];
	struct background command; /* of a restart-command; else another works on it */
};

struct repairs {
	struct core *core;
	const struct config *config;
	const struct repairs_callbacks *callbacks;
	void *userdata;
	struct repair list[REPAIRS_MAX];
};

static void tell(struct repairs *repairs, const char *incident, bool ok, const char *detail)
{
	struct fact fact = core_fact(repairs->core, FACT_REPAIRED, 0);

	fact.repaired.ok = ok;
	(void)text_copy(fact.repaired.incident, sizeof(fact.repaired.incident), incident);
	(void)text_copy(fact.repaired.detail, sizeof(fact.repaired.detail), detail);
	text_sanitize(fact.repaired.detail);
	repairs->callbacks->ended(repairs->userdata);
	(void)core_post(repairs->core, &fact); /* there is room for those, see core.h */
}

static void end(struct repair *repair, bool ok, const char *detail)
{
	char incident[INCIDENT_ID_SIZE];

	memcpy(incident, repair->incident, sizeof(incident));
	*repair->incident = '\0'; /* free: what follows may start another */
	tell(repair->repairs, incident, ok, detail);
}

static void on_command_ended(int r, int status, char *output, void *userdata)
{
	char detail[FACT_DETAIL_SIZE];

	if (r < 0)
		(void)text_copy(detail, sizeof(detail), strerror(-r));
	else
		spawn_show_status(status, detail, sizeof(detail));
	if (r >= 0 && status != 0 && output && *output) {
		size_t n;
		const char *line = text_last_line(output, &n); /* says most, as a rule */

		(void)text_append(detail, sizeof(detail), ": %.*s", (int)n, line);
	}
	end(userdata, r >= 0 && status == 0, detail);
}

static void on_job_done(int error, const char *detail, void *userdata)
{
	end(userdata, error == 0, detail);
}

static int run_command(struct repair *repair)
{
	char buffer[SERVICE_COMMAND_SIZE];
	const char *argv[SPAWN_ARGV_MAX];
	int r = spawn_split(repair->target, buffer, sizeof(buffer), argv, SPAWN_ARGV_MAX);

	if (r < 0)
		return r;
	return background_start(&repair->command, core_event(repair->repairs->core), 0, argv,
				COMMAND_OUTPUT_MAX, COMMAND_USEC, on_command_ended, repair);
}

/* Room for a repair of @target; NULL when there is none, or one of them works on it: two restarts
 * of one server would fight. */
static struct repair *find_room(struct repairs *repairs, const char *target)
{
	struct repair *room = NULL;

	for (size_t i = 0; i < REPAIRS_MAX; i++) {
		struct repair *repair = &repairs->list[i];

		if (!*repair->incident)
			room = repair;
		else if (strcmp(repair->target, target) == 0)
			return NULL;
	}
	return room;
}

static int start(struct repairs *repairs, const struct action *action)
{
	const struct service *service = &core_services(repairs->core)->list[action->service];
	const char *target = service_target(service);
	struct repair *repair = find_room(repairs, target);
	int r;

	if (!repair)
		return -EBUSY;
	repair->repairs = repairs;
	(void)text_copy(repair->target, sizeof(repair->target), target);
	if (*service->server.restart_command)
		r = run_command(repair);
	else if (target == service->server.container)
		r = repairs->callbacks->restart(target, on_job_done, repair, repairs->userdata);
	else
		r = repairs->callbacks->act(target, action->rung, on_job_done, repair,
					    repairs->userdata);
	if (r >= 0)
		memcpy(repair->incident, action->record.incident, sizeof(repair->incident));
	return r;
}

static void on_repair(const struct action *action, void *userdata)
{
	struct repairs *repairs = userdata;
	const char *state = repairs->config->state;
	int r = state_directory_save_budgets(state, judge_budgets(core_judge(repairs->core)));

	if (r < 0)
		(void)log_error(r, "Cannot store what was spent on repairs in %s", state);
	r = start(repairs, action);
	if (r < 0)
		tell(repairs, action->record.incident, false,
		     r == -ENOTCONN ? "systemd cannot be reached over D-Bus" : strerror(-r));
}

void repairs_load_budgets(struct repairs *repairs)
{
	cleanup(memory_freep) struct budgets *budgets = calloc(1, sizeof(*budgets));
	const char *state = repairs->config->state;
	int r = budgets ? state_directory_load_budgets(state, budgets) : -ENOMEM;

	if (r >= 0)
		core_take_budgets(repairs->core, budgets);
	else if (r == -EBADMSG)
		state_directory_set_aside(state, "repairs.json", "it is torn");
	else
		(void)log_warning(r, "Cannot read %s/repairs.json; earlier repairs are not counted",
				  state);
}

int repairs_new(struct core *core, const struct config *config,
		const struct repairs_callbacks *callbacks, void *userdata, struct repairs **ret)
{
	struct repairs *repairs = calloc(1, sizeof(*repairs));

	if (!repairs)
		return -ENOMEM;
	repairs->core = core;
	repairs->config = config;
	repairs->callbacks = callbacks;
	repairs->userdata = userdata;
	core_handle(core, ACTION_REPAIR, on_repair, repairs);
	*ret = repairs;
	return 0;
}

void repairs_free(struct repairs *repairs)
{
	if (!repairs)
		return;
	for (size_t i = 0; i < REPAIRS_MAX; i++)
		background_clear(&repairs->list[i].command);
	free(repairs);
}
