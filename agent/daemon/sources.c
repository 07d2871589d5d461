// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/sources.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>

#include "agent/daemon/precheck.h"
#include "agent/daemon/source_watch.h"
#include "base/file.h"
#include "base/log.h"
#include "base/shed.h"
#include "base/text.h"
#include "intent/merge/intent_diff.h"
#include "intent/rendered/rendering.h"

static const uint16_t mail_ports[] = { 24, 25, 110, 143, 465, 587, 993, 995, 4190 };

#define CONTAINER_SETTLE_USEC (500 * USEC_PER_MSEC) /* place.c has looked by then */

_Static_assert(ARRAY_SIZE(mail_ports) <= SOURCES_PORTS_MAX - SERVICES_MAX, "room for both");

#define CHANGES_SAID_MAX 32

struct changes { /* being told */
	struct daemon *daemon;
	size_t n;
};

static const char nothing_expected[] =
	"no mail server's configuration was found on this host. Say what should "
	"listen in /etc/hearken/hearken.conf, for example \"sources = mailu:/mailu/mailu.env\" in "
	"[hearken], "
	"or a section [listener submission] with \"port = 587\".";

static void say_complaints(const struct complaints *complaints)
{
	for (size_t i = 0; i < complaints->n; i++) {
		const struct complaint *complaint = &complaints->list[i];

		if (complaint->is_error)
			(void)log_error(0, "%s", complaint->text);
		else
			(void)log_warning(0, "%s", complaint->text);
	}
	if (complaints->n_errors + complaints->n_warnings > complaints->n)
		(void)log_warning(0, "and %zu more complaints",
				  complaints->n_errors + complaints->n_warnings - complaints->n);
}

static void say_sources(const struct intent *intent)
{
	say_complaints(&intent->complaints);
	for (size_t i = 0; i < intent->n_sources; i++)
		say_complaints(&intent->sources[i].complaints);
	for (size_t i = 0; i < intent->conflicts.n; i++)
		(void)log_warning(0, "Sources disagree on %s", intent->conflicts.list[i].text);
}

static bool is_unit_said(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_listeners; i++)
		if (strcmp(config->listeners[i].service.name, name) == 0 &&
		    config->listeners[i].said & CONFIG_SAID_UNIT)
			return true;
	return false;
}

/* Several lines become one sentence: blanks and line ends become one blank. */
static void put_in_one_line(char *s)
{
	char *to = s;

	for (const char *from = s; *from; from++) {
		bool blank = *from == ' ' || *from == '\n' || *from == '\t';

		if (!blank)
			*to++ = *from;
		else if (to > s && to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
}

/* What the merge cannot know of a service: whether anybody said its unit, and what would help it.
 */
static void complete(const struct daemon *daemon, struct intent *intent)
{
	for (size_t i = 0; i < intent->services.n; i++) {
		struct service *service = &intent->services.list[i];
		const struct service *old =
			service_set_find_same(&daemon->intent.services, service);
		char lines[INTENT_RENDER_SIZE];

		service->server.unit_is_guess = !is_unit_said(&daemon->config, service->name);
		if (service->server.unit_is_guess && old && *old->server.unit &&
		    !old->server.unit_is_guess) {
			memcpy(service->server.unit, old->server.unit,
			       sizeof(service->server.unit)); /* learned by sight */
			service->server.unit_is_guess = false;
		}
		/* This host's dovecot.service says nothing of a Dovecot in a container. */
		if (service->server.unit_is_guess && *daemon->config.container)
			*service->server.unit = '\0';
		if (intent_render_line(intent, service, lines, sizeof(lines)) == -ENOENT)
			continue;
		put_in_one_line(lines);
		(void)text_copy(service->provenance.remedy, sizeof(service->provenance.remedy),
				lines);
	}
}

static struct policy policy_of(const struct config *config)
{
	struct policy policy = policy_default;

	policy.repair = (enum rung)config->repair; /* off, reload, restart: the same order */
	policy.repair_limit = config->repair_limit;
	policy.repair_window_usec = config->repair_window_usec;
	policy.probe_interval_usec = config->probe_interval_usec;
	if (*config->container)
		policy.container_settle_usec = CONTAINER_SETTLE_USEC;
	policy.probe_jitter_usec = config->probe_interval_usec / 10;
	return policy;
}

static void explain_emptiness(struct daemon *daemon)
{
	size_t expected = 0;

	for (size_t i = 0; i < daemon->intent.services.n; i++)
		expected += daemon->intent.services.list[i].expected;
	(void)text_copy(daemon->notice, sizeof(daemon->notice), expected ? "" : nothing_expected);
	if (!expected && !daemon->once)
		log_info("Nothing is expected yet: %s", daemon->notice);
}

/* The judge of the first set, or the same one with another. */
static int tell_judge(struct daemon *daemon, const struct service_set *services)
{
	const struct policy policy = policy_of(&daemon->config);
	uint64_t seed;

	if (daemon->judge)
		return judge_take_services(daemon->judge, &policy, services);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -errno;
	return judge_new(&policy, services, seed, &daemon->judge);
}

/* One of them, for those who ask by one. */
static void find_server_name(struct daemon *daemon)
{
	const struct server_names *names = &daemon->intent.names;

	(void)text_copy(daemon->server_name, sizeof(daemon->server_name),
			names->n ? names->list[0].name : "");
}

/* Puts @fresh in the place of what was expected. On failure all is as it was, but @fresh is gone.
 */
static int adopt(struct daemon *daemon, struct intent *fresh)
{
	cleanup(memory_freep) struct round *rounds = calloc(fresh->services.n + 1, sizeof(*rounds));
	struct intent old = daemon->intent;
	int r = rounds ? tell_judge(daemon, &fresh->services) : -ENOMEM;

	if (r < 0) {
		intent_clear(fresh);
		return r;
	}
	daemon->intent = *fresh;
	find_server_name(daemon);
	for (size_t i = 0; i < fresh->services.n; i++) {
		const struct service *was =
			service_set_find_same(&old.services, &fresh->services.list[i]);

		if (was && daemon->rounds)
			rounds[i] = rounds_move(&daemon->rounds[was - old.services.list]);
	}
	free(daemon->rounds);
	daemon->rounds = TAKE_PTR(rounds);
	daemon->generation++;
	intent_clear(&old);
	memset(fresh, 0, sizeof(*fresh));
	explain_emptiness(daemon);
	return 0;
}

static void warn_of_hook(const struct daemon *daemon)
{
	if (*daemon->config.hook && !daemon->once)
		(void)log_warning(
			0,
			"\"hook = %s\" is not run by this version yet; follow the journal instead "
			"(journalctl -t hearken -f -o json)",
			daemon->config.hook);
}

static void find_tools(struct daemon *daemon)
{
	bool found = *daemon->config.container && daemon->netns;

	intent_tools_find(&daemon->config, found ? daemon->container.pid : 0, &daemon->tools);
}

int sources_read(struct daemon *daemon)
{
	struct complaints complaints = { 0 };
	struct intent fresh = { 0 };
	int r = config_load(daemon->config_path, &daemon->config, &complaints);

	say_complaints(&complaints);
	if (r < 0)
		return r;
	if (*daemon->config.container)
		(void)place_find(daemon);
	find_tools(daemon);
	intent_tools_run(&daemon->tools);
	r = intent_merge(&daemon->config, &daemon->tools, &daemon->last_good, &fresh);
	intent_tools_clear(&daemon->tools);
	if (r < 0)
		return r;
	complete(daemon, &fresh);
	say_sources(&fresh);
	warn_of_hook(daemon);
	return adopt(daemon, &fresh);
}

size_t sources_ports(const struct service_set *services, uint16_t ports[static SOURCES_PORTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < services->n && i < SERVICES_MAX; i++)
		ports[n++] = services->list[i].want.port;
	for (size_t i = 0; i < ARRAY_SIZE(mail_ports); i++)
		ports[n++] = mail_ports[i];
	return n;
}

void sources_watch(struct daemon *daemon)
{
	uint16_t ports[SOURCES_PORTS_MAX];
	size_t n = sources_ports(&daemon->intent.services, ports), n_units = 0;

	if (daemon->observer)
		observer_watch(daemon->observer, ports, n);
	if (daemon->binds)
		bind_watch_ports(daemon->binds, ports, n);
	queues_watch(daemon, ports, n);
	for (size_t i = 0; daemon->systemd && i < daemon->intent.services.n; i++) {
		const struct service *service = &daemon->intent.services.list[i];
		bool known = !*service->server.unit;

		for (size_t j = 0; j < i && !known; j++)
			known = strcmp(daemon->intent.services.list[j].server.unit,
				       service->server.unit) == 0;
		if (!known && n_units++ < DAEMON_UNITS_MAX)
			(void)systemd_watch_unit(daemon->systemd, service->server.unit);
	}
}

static void say_change(const struct intent_change *change, void *userdata)
{
	struct changes *changes = userdata;
	struct record record = { .kind = RECORD_EXPECTATION_CHANGED,
				 .port = change->service->want.port,
				 .protocol = change->service->want.protocol };

	if (++changes->n > CHANGES_SAID_MAX)
		return;
	memcpy(record.service, change->service->name, sizeof(record.service));
	(void)text_copy(record.detail, sizeof(record.detail), change->text);
	(void)journal_say(&changes->daemon->journal, &record);
}

static void say_changes(struct daemon *daemon, const struct intent *fresh)
{
	struct changes changes = { .daemon = daemon };

	if (daemon->once)
		return;
	(void)intent_diff(&daemon->intent.services, &fresh->services, say_change, &changes);
	if (changes.n > CHANGES_SAID_MAX)
		log_info("and %zu more services", changes.n - CHANGES_SAID_MAX);
}

/* The new truth is there: take it, unless it is the old one. */
static void take(struct daemon *daemon, struct intent *fresh, bool even_if_same)
{
	const struct service_set *now = &daemon->intent.services;
	bool same = fresh->services.n == now->n;
	int r;

	for (size_t i = 0; same && i < now->n; i++)
		same = memcmp(&fresh->services.list[i], &now->list[i], sizeof(now->list[i])) == 0;
	same = same && fresh->n_sources == daemon->intent.n_sources &&
	       memcmp(fresh->sources, daemon->intent.sources,
		      fresh->n_sources * sizeof(fresh->sources[0])) == 0;
	same = same && fresh->conflicts.n == daemon->intent.conflicts.n &&
	       memcmp(fresh->conflicts.list, daemon->intent.conflicts.list,
		      fresh->conflicts.n * sizeof(fresh->conflicts.list[0])) == 0;
	same = same && memcmp(&fresh->names, &daemon->intent.names, sizeof(fresh->names)) == 0;
	if (same && !even_if_same) {
		intent_clear(fresh);
		return;
	}
	say_sources(fresh);
	say_changes(daemon, fresh);
	r = adopt(daemon, fresh);
	if (r < 0) {
		(void)log_error(
			r, "Cannot take over what is expected now; what was expected still holds");
		return;
	}
	sources_watch(daemon);
	(void)place_find(daemon);
	if (daemon->observer)
		(void)observer_snapshot(daemon->observer);
	place_tell(daemon, false);
	daemon->dirty = true;
	daemon_arm(daemon);
}

void sources_clear(struct daemon *daemon)
{
	background_clear(&daemon->tool);
	intent_tools_clear(&daemon->tools);
}

/* Every program has said what it had to say. */
static void finish(struct daemon *daemon)
{
	bool reloading = daemon->reloading;
	struct intent fresh = { 0 };
	int r = intent_merge(&daemon->config, &daemon->tools, &daemon->last_good, &fresh);

	intent_tools_clear(&daemon->tools);
	daemon->reloading = false;
	if (r < 0) {
		(void)log_error(r, "Cannot read what is expected; what was expected still holds");
	} else {
		complete(daemon, &fresh);
		take(daemon, &fresh, reloading);
	}
	source_watch_renew(daemon);
	if (reloading)
		(void)sd_notify(false, "READY=1");
	precheck_finish(daemon);
	shed(false);
}

static void run_tools(struct daemon *daemon);

static void on_tool_ended(int r, int status, char *output, void *userdata)
{
	struct daemon *daemon = userdata;
	struct intent_tool *tool = intent_tools_next(&daemon->tools);

	if (tool) /* the output is gone after this call */
		intent_tool_done(tool, r < 0 ? r : status, output ? strdup(output) : NULL);
	if (output) /* it may hold passwords */
		explicit_bzero(output, strlen(output));
	run_tools(daemon);
}

/* One after the other; a failed one spares us the others of its server. */
static void run_tools(struct daemon *daemon)
{
	struct intent_tool *tool;

	while ((tool = intent_tools_next(&daemon->tools))) {
		int r = background_start(&daemon->tool, daemon->event, daemon->tools.inside,
					 tool->argv, RENDERING_TEXT_MAX, INTENT_TOOL_USEC,
					 on_tool_ended, daemon);

		if (r >= 0)
			return;
		intent_tool_done(tool, r, NULL);
	}
	finish(daemon);
}

void sources_read_again(struct daemon *daemon)
{
	sources_clear(daemon); /* older questions, whose answers are outdated */
	find_tools(daemon);
	run_tools(daemon);
}

/* The child read its CA file before it gave up the right to. Its pending answers are lost with it:
 * the judge, made anew after this, asks again. */
static void renew_prober(struct daemon *daemon, const char *ca_file)
{
	int r = rounds_start_prober(daemon, ca_file);

	if (r < 0)
		(void)log_error(r,
				"Cannot start a prober process with the CA file %s; the one before "
				"it goes on",
				ca_file);
}

void sources_reload(struct daemon *daemon)
{
	struct complaints complaints = { 0 };
	struct config fresh;
	int r = config_load(daemon->config_path, &fresh, &complaints);

	say_complaints(&complaints);
	if (r < 0) {
		(void)log_error(
			0, "The configuration has errors, so the one before it stays in force");
		(void)sd_notify(false, "READY=1");
		return;
	}
	/* These are tied to what is open already. */
	if (strcmp(fresh.state, daemon->config.state) != 0) {
		(void)log_warning(0, "A new \"state =\" counts only after a restart of Hearken");
		(void)text_copy(fresh.state, sizeof(fresh.state), daemon->config.state);
	}
	if (strcmp(fresh.status, daemon->config.status) != 0)
		(void)unlink(daemon->config.status);
	if (*daemon->config.textfile && strcmp(fresh.textfile, daemon->config.textfile) != 0)
		(void)unlink(daemon->config.textfile);
	if (strcmp(fresh.ca_file, daemon->config.ca_file) != 0)
		renew_prober(daemon, fresh.ca_file);
	config_clear(&daemon->config);
	daemon->config = fresh;
	warn_of_hook(daemon);
	daemon->reloading = true;
	sources_read_again(daemon);
}
