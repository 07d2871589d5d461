// SPDX-License-Identifier: LGPL-2.1-or-later
/* Carries out what the judge decided: says, asks, repairs. */
#include "daemon.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "match.h"
#include "state.h"
#include "text.h"
#include "vantage.h"

#define COMMAND_OUTPUT_MAX (64 * 1024)
#define COMMAND_USEC	   (90 * USEC_PER_SEC) /* as systemd's own DefaultTimeoutStartSec */
#define COMMAND_WORDS_MAX  32

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

static int ask(struct daemon *daemon, size_t i, const struct listener *listener)
{
	const struct service *service = &daemon->intent.services.list[i];
	const char *name = text_after(daemon->config.netns, "name:");
	const char *path = text_after(daemon->config.netns, "path:");
	struct address address = reachable(listener);
	struct probe_plan plan = { .id = daemon->generation << 32 | i };
	char named[4096];
	int fd, r;

	plan.protocol = service->protocol;
	plan.tls = service->tls;
	plan.proxy_header = service->proxy_header;
	plan.timeout_usec = daemon->config.probe_timeout_usec;
	plan.certificate_warn_usec = daemon->config.certificate_warn_usec;
	(void)text_copy(plan.server_name, sizeof(plan.server_name), daemon->config.server_name);
	(void)text_copy(plan.helo_name, sizeof(plan.helo_name), daemon->config.server_name);
	(void)text_copy(plan.ca_file, sizeof(plan.ca_file), daemon->config.ca_file);
	plan.address_size = address_to_sockaddr(&address, service->port, &plan.address);
	if (name) {
		(void)text_format(named, sizeof(named), "/run/netns/%s", name);
		path = named;
	}
	r = vantage_socket(path, daemon->netns, (struct sockaddr *)&plan.address, plan.address_size, &fd);
	if (r < 0)
		return r;
	return prober_ask(daemon->prober, &plan, fd);
}

static void carry_probe(struct daemon *daemon, size_t i)
{
	const struct listener *listener =
		daemon->observer ? choose_listener(daemon, &daemon->intent.services.list[i]) : NULL;
	struct answer answer = { .complete = true, .finding = FINDING_UNREACHABLE };
	int r = listener ? ask(daemon, i, listener) : -ENOENT;

	if (r >= 0)
		return;
	/* A refused connection is the server's answer; anything else is ours, and says nothing. */
	answer.complete = r == -ECONNREFUSED || r == -ENETUNREACH || r == -EHOSTUNREACH;
	(void)text_format(answer.detail, sizeof(answer.detail), "connect: %s", strerror(-r));
	facts_on_answer(daemon->generation << 32 | i, &answer, daemon);
}

static void repaired(struct daemon *daemon, size_t service, bool ok, const char *detail)
{
	struct fact fact = { .kind = FACT_REPAIRED, .service = service };

	fact.repaired.ok = ok;
	(void)text_copy(fact.repaired.detail, sizeof(fact.repaired.detail), detail);
	text_sanitize(fact.repaired.detail);
	daemon->rerender_usec = daemon_now(daemon).usec;
	facts_feed(daemon, &fact);
}

void carry_clear(struct daemon *daemon)
{
	daemon->command.output = sd_event_source_disable_unref(daemon->command.output);
	daemon->command.deadline = sd_event_source_disable_unref(daemon->command.deadline);
	spawn_free(daemon->command.spawn);
	daemon->command.spawn = NULL;
}

/* The last line says most, as a rule. */
static const char *last_line(char *output)
{
	char *line;

	output = text_trim(output);
	line = strrchr(output, '\n');
	return line ? line + 1 : output;
}

static int on_command_output(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct daemon *daemon = userdata;
	cleanup(memory_freep) char *output = NULL;
	char detail[FACT_DETAIL_SIZE];
	int status = 0, r = spawn_read(daemon->command.spawn);

	if (r == 0)
		return 0;
	if (r > 0)
		r = spawn_finish(daemon->command.spawn, &status, &output);
	if (r < 0)
		(void)text_format(detail, sizeof(detail), "%s", strerror(-r));
	else
		(void)text_format(detail, sizeof(detail), "status %d%s%s", status,
				  output && *output ? ": " : "", output ? last_line(output) : "");
	carry_clear(daemon);
	repaired(daemon, daemon->command.service, r >= 0 && status == 0, detail);
	return 0;
}

static int on_command_late(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;

	carry_clear(daemon);
	repaired(daemon, daemon->command.service, false, "it did not end in 90 s and was killed");
	return 0;
}

static int run_command(struct daemon *daemon, size_t i)
{
	char buffer[SERVICE_COMMAND_SIZE];
	const char *argv[COMMAND_WORDS_MAX];
	int r;

	if (daemon->command.spawn)
		return -EBUSY; /* one at a time: two restarts of one server would fight */
	r = spawn_split(daemon->intent.services.list[i].restart_command, buffer, sizeof(buffer), argv,
			COMMAND_WORDS_MAX);
	if (r >= 0)
		r = spawn_start(&daemon->command.spawn, argv, COMMAND_OUTPUT_MAX);
	if (r < 0)
		return r;
	daemon->command.service = i;
	r = sd_event_add_io(daemon->event, &daemon->command.output, spawn_fd(daemon->command.spawn),
			    EPOLLIN, on_command_output, daemon);
	if (r >= 0)
		r = sd_event_add_time_relative(daemon->event, &daemon->command.deadline, CLOCK_MONOTONIC,
					       COMMAND_USEC, 0, on_command_late, daemon);
	if (r < 0)
		carry_clear(daemon);
	return r;
}

static void on_job_done(int error, const char *detail, void *userdata)
{
	struct daemon *daemon = userdata;

	repaired(daemon, daemon->command.service, error == 0, detail);
}

static void carry_repair(struct daemon *daemon, size_t i, enum rung rung)
{
	const struct service *service = &daemon->intent.services.list[i];
	int r;

	/* Before it is tried: a Hearken that dies in between must not forget that it tried. */
	r = state_save_budgets(daemon->config.state, &daemon->judge->budgets);
	if (r < 0)
		(void)log_error(r, "Cannot store what was spent on repairs in %s", daemon->config.state);
	if (*service->restart_command) {
		r = run_command(daemon, i);
	} else if (daemon->systemd) {
		daemon->command.service = i;
		r = systemd_act(daemon->systemd, service->unit, rung, on_job_done, daemon);
	} else {
		r = -ENOTCONN; /* no bus, and no other means */
	}
	if (r < 0)
		repaired(daemon, i, false, r == -ENOTCONN ? "systemd cannot be reached over D-Bus" : strerror(-r));
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
		case ACTION_REPAIR:
			carry_repair(daemon, action->service, action->rung);
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
