// SPDX-License-Identifier: LGPL-2.1-or-later
/* Carries out what the judge decided: says, asks, repairs. */
#include "daemon.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "match.h"
#include "precheck.h"
#include "state.h"
#include "text.h"
#include "vantage.h"

#define COMMAND_OUTPUT_MAX (64 * 1024)
#define COMMAND_USEC	   (90 * USEC_PER_SEC) /* as systemd's own DefaultTimeoutStartSec */

/* Where to connect for a listener: the loopback of its family, or the one address that it has. */
static struct address reachable(const struct listener *listener)
{
	struct address address = listener->address;

	if (!address_is_wildcard(&address))
		return address;
	if (address.family == AF_INET6) {
		address.bytes[15] = 1;
	} else {
		address.bytes[0] = 127;
		address.bytes[3] = 1;
	}
	return address;
}

/* The listener to talk to: IPv4 first, then whatever there is. */
static const struct listener *choose_listener(const struct daemon *daemon, const struct service *service)
{
	const struct inventory *inventory = observer_inventory(daemon->observer);
	const struct listener *chosen = NULL;

	for (size_t i = 0; i < inventory->n; i++) {
		const struct listener *listener = inventory->list[i];

		if (listener->port != service->port || listener->netns != daemon->netns)
			continue;
		if (!chosen || (chosen->address.family != AF_INET && listener->address.family == AF_INET))
			chosen = listener;
	}
	return chosen;
}

/* Returns 0 when there will be an answer, a positive errno that the connection failed with at once, or
 * -errno. */
static int ask(struct daemon *daemon, size_t i, const struct listener *listener)
{
	const struct service *service = &daemon->intent.services.list[i];
	const char *path = *daemon->config.netns ? daemon->config.netns : NULL;
	struct address address = reachable(listener);
	struct probe_plan plan = { .id = daemon->generation << 32 | i };
	int fd, connect_error, r;

	plan.protocol = service->protocol;
	plan.tls = service->tls;
	plan.proxy_header = service->proxy_header;
	plan.timeout_usec = daemon->config.probe_timeout_usec;
	plan.certificate_warn_usec = daemon->config.certificate_warn_usec;
	(void)text_copy(plan.server_name, sizeof(plan.server_name), daemon->server_name);
	if (strchr(daemon->server_name, '.')) /* else an address literal: a bare name is often refused */
		(void)text_copy(plan.helo_name, sizeof(plan.helo_name), daemon->server_name);
	(void)text_copy(plan.ca_file, sizeof(plan.ca_file), daemon->config.ca_file);
	plan.address_size = address_to_sockaddr(&address, service->port, &plan.address);
	r = vantage_socket(path, daemon->netns, (struct sockaddr *)&plan.address, plan.address_size, &fd,
			   &connect_error);
	if (r < 0)
		return r;
	return connect_error ? connect_error : prober_ask(daemon->prober, &plan, fd);
}

static void carry_probe(struct daemon *daemon, size_t i)
{
	const struct listener *listener =
		daemon->observer ? choose_listener(daemon, &daemon->intent.services.list[i]) : NULL;
	struct answer answer = { .finding = FINDING_UNREACHABLE };
	int r = listener ? ask(daemon, i, listener) : -ENOENT;

	if (r == 0)
		return;
	answer.complete = r > 0; /* what failed on our side says nothing of the server */
	(void)text_format(answer.detail, sizeof(answer.detail), "connect: %s", strerror(r > 0 ? r : -r));
	facts_on_answer(daemon->generation << 32 | i, &answer, daemon);
}

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

/* The last line says most, as a rule. */
static const char *last_line(char *output)
{
	char *line;

	output = text_trim(output);
	line = strrchr(output, '\n');
	return line ? line + 1 : output;
}

static void on_command_ended(int r, int status, char *output, void *userdata)
{
	char detail[FACT_DETAIL_SIZE];

	if (r < 0)
		(void)text_copy(detail, sizeof(detail), strerror(-r));
	else
		spawn_show_status(status, detail, sizeof(detail));
	if (r >= 0 && status != 0 && output && *output)
		(void)text_append(detail, sizeof(detail), ": %s", last_line(output));
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
	return background_start(&repair->command, daemon->event, argv, COMMAND_OUTPUT_MAX, COMMAND_USEC,
				on_command_ended, repair);
}

/* A place for a repair of @target; NULL when all are taken, or one of them works on it: two restarts of one
 * server would fight. */
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
	const char *target = judge_target(service);
	struct repair *repair = find_place(daemon, target);
	int r;

	if (!repair)
		return -EBUSY;
	repair->daemon = daemon;
	(void)text_copy(repair->target, sizeof(repair->target), target);
	if (*service->restart_command)
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
	r = state_save_budgets(daemon->config.state, &daemon->judge->budgets);
	if (r < 0)
		(void)log_error(r, "Cannot store what was spent on repairs in %s", daemon->config.state);
	r = start_repair(daemon, action);
	if (r < 0)
		tell_repaired(daemon, action->record.incident, false,
			      r == -ENOTCONN ? "systemd cannot be reached over D-Bus" : strerror(-r));
}

void carry_out(struct daemon *daemon, const struct actions *actions)
{
	for (size_t i = 0; i < actions->n; i++) {
		const struct action *action = &actions->list[i];

		if (daemon->once && action->kind != ACTION_PROBE)
			continue;
		switch (action->kind) {
		case ACTION_SAY:
			(void)journal_say(&daemon->journal, &action->record);
			break;
		case ACTION_PROBE:
			carry_probe(daemon, action->service);
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

void carry_say_observer(struct daemon *daemon, enum record_kind kind, const char *detail)
{
	struct record record = { .kind = kind };

	if (daemon->once)
		return;
	(void)text_copy(record.detail, sizeof(record.detail), detail);
	(void)journal_say(&daemon->journal, &record);
}
