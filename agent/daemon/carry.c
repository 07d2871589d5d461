// SPDX-License-Identifier: LGPL-2.1-or-later
/* Carries out what the judge decided: says, asks, repairs. */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <string.h>

#include "agent/daemon/precheck.h"
#include "agent/daemon/state.h"
#include "base/log.h"
#include "base/text.h"

#define COMMAND_OUTPUT_MAX (64 * 1024)
#define COMMAND_USEC	   (90 * USEC_PER_SEC) /* as systemd's own DefaultTimeoutStartSec */

static void tell_repaired(struct daemon *daemon, const char *incident, bool ok, const char *detail)
{
	struct fact fact = { .kind = FACT_REPAIRED };

	fact.repaired.ok = ok;
	(void)text_copy(fact.repaired.incident, sizeof(fact.repaired.incident), incident);
	(void)text_copy(fact.repaired.detail, sizeof(fact.repaired.detail), detail);
	text_sanitize(fact.repaired.detail);
	daemon->rerender_usec = daemon_now(daemon).usec;
	facts_feed(daemon, &fact);
}

static void end_repair(struct repair *repair, bool ok, const char *detail)
{
	char incident[INCIDENT_ID_SIZE];

	memcpy(incident, repair->incident, sizeof(incident));
	*repair->incident = '\0'; /* free: what follows may start another */
	tell_repaired(repair->daemon, incident, ok, detail);
}

void carry_clear(struct daemon *daemon)
{
	for (size_t i = 0; i < DAEMON_REPAIRS_MAX; i++)
		background_clear(&daemon->repairs[i].command);
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
	end_repair(userdata, r >= 0 && status == 0, detail);
}

static void on_job_done(int error, const char *detail, void *userdata)
{
	end_repair(userdata, error == 0, detail);
}

static int run_command(struct daemon *daemon, struct repair *repair)
{
	char buffer[SERVICE_COMMAND_SIZE];
	const char *argv[SPAWN_ARGV_MAX];
	int r = spawn_split(repair->target, buffer, sizeof(buffer), argv, SPAWN_ARGV_MAX);

	if (r < 0)
		return r;
	return background_start(&repair->command, daemon->event, 0, argv, COMMAND_OUTPUT_MAX,
				COMMAND_USEC, on_command_ended, repair);
}

/* A place for a repair of @target; NULL when all are taken, or one of them works on it: two
 * restarts of one server would fight. */
static struct repair *find_place(struct daemon *daemon, const char *target)
{
	struct repair *place = NULL;

	for (size_t i = 0; i < DAEMON_REPAIRS_MAX; i++) {
		struct repair *repair = &daemon->repairs[i];

		if (!*repair->incident)
			place = repair;
		else if (strcmp(repair->target, target) == 0)
			return NULL;
	}
	return place;
}

static int start_repair(struct daemon *daemon, const struct action *action)
{
	const struct service *service = &daemon->intent.services.list[action->service];
	const char *target = service_target(service);
	struct repair *repair = find_place(daemon, target);
	int r;

	if (!repair)
		return -EBUSY;
	repair->daemon = daemon;
	(void)text_copy(repair->target, sizeof(repair->target), target);
	if (*service->server.restart_command)
		r = run_command(daemon, repair);
	else if (daemon->systemd)
		r = systemd_act(daemon->systemd, target, action->rung, on_job_done, repair);
	else
		r = -ENOTCONN; /* no bus, and no other means */
	if (r >= 0)
		memcpy(repair->incident, action->record.incident, sizeof(repair->incident));
	return r;
}

static void carry_repair(struct daemon *daemon, const struct action *action)
{
	int r;

	/* Before it is tried: a Hearken that dies in between must not forget that it tried. */
	r = state_save_budgets(daemon->config.state, judge_budgets(daemon->judge));
	if (r < 0)
		(void)log_error(r, "Cannot store what was spent on repairs in %s",
				daemon->config.state);
	r = start_repair(daemon, action);
	if (r < 0)
		tell_repaired(daemon, action->record.incident, false,
			      r == -ENOTCONN ? "systemd cannot be reached over D-Bus"
					     : strerror(-r));
}

void carry_out(struct daemon *daemon, const struct actions *actions)
{
	for (size_t i = 0; i < actions->n; i++) {
		const struct action *action = &actions->list[i];

		if (daemon->once && action->kind != ACTION_PROBE)
			continue;
		switch (action->kind) {
		case ACTION_SAY:
			if (damper_admit(&daemon->damper, &action->record, daemon_now(daemon).usec))
				(void)journal_say(&daemon->journal, &action->record);
			break;
		case ACTION_PROBE:
			rounds_ask(daemon, action->service);
			break;
		case ACTION_CHECK:
			precheck_start(daemon, action);
			break;
		case ACTION_REPAIR:
			carry_repair(daemon, action);
			break;
		}
	}
}

void carry_say_pending(struct daemon *daemon)
{
	const struct record *record;

	while ((record = damper_due(&daemon->damper, daemon_now(daemon).usec)))
		(void)journal_say(&daemon->journal, record);
}

void carry_say_observer(struct daemon *daemon, enum record_kind kind, const char *detail)
{
	struct record record = { .kind = kind };

	if (daemon->once)
		return;
	(void)text_copy(record.detail, sizeof(record.detail), detail);
	(void)journal_say(&daemon->journal, &record);
}
