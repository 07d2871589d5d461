// SPDX-License-Identifier: LGPL-2.1-or-later
/* Configuration and sources are read apart: what the servers' programs print takes seconds, and is
 * waited for only at the start. While it comes, what was expected before holds. */
#include "agent/daemon/expectations.h"

#include <errno.h>
#include <string.h>

#include "agent/daemon/completion.h"
#include "agent/daemon/precheck.h"
#include "agent/daemon/source_watch.h"
#include "agent/daemon/tool_run.h"
#include "base/log.h"
#include "base/shed.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "intent/merge/broken.h"
#include "intent/merge/intent_diff.h"
#include "intent/merge/intent_read.h"
#include "intent/merge/last_good.h"

#define CONTAINER_SETTLE_USEC (500 * USEC_PER_MSEC) /* places.c has looked by then */
#define CHANGES_SAID_MAX      32

#define READ_QUIET_USEC	 (200 * USEC_PER_MSEC) /* a reload changes several listeners at once */
#define READ_LATEST_USEC (5 * USEC_PER_SEC)    /* for who never stops */
#define READ_PAUSE_USEC	 (1 * USEC_PER_SEC)    /* it runs a program each time */

#define NOTICE_SIZE 512

static const char nothing_expected[] =
	"no mail server's configuration was found on this host. Say what should "
	"listen in /etc/hearken/hearken.conf, for example \"sources = mailu:/mailu/mailu.env\" in "
	"[hearken], or a section [listener submission] with \"port = 587\".";

struct expectations {
	struct core *core;
	const char *config_path;
	const struct expectations_callbacks *callbacks;
	void *userdata;
	struct config config;
	struct intent intent;
	struct last_good last_good; /* what the sources said when they could last be read */
	char notice[NOTICE_SIZE];
	char trouble[COMPLAINT_SIZE];
	struct tool_run run;
	struct prechecks prechecks;
	struct source_watch *watch; /* NULL: no file is watched */
	bool reloading;		    /* somebody waits for the end of it */
	uint64_t read_usec;	    /* when the sources were last read again */
	uint64_t latest_usec;	    /* however often it is put off */
};

struct changes { /* being told */
	const struct expectations *expectations;
	size_t n;
};

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

static bool has_conflict(const struct intent *intent, const char *text)
{
	for (size_t i = 0; i < intent->conflicts.n; i++)
		if (strcmp(intent->conflicts.list[i].text, text) == 0)
			return true;
	return false;
}

static bool has_complaints(const struct intent *intent, const struct source *source)
{
	for (size_t i = 0; i < intent->n_sources; i++)
		if (memcmp(&intent->sources[i].complaints, &source->complaints,
			   sizeof(source->complaints)) == 0)
			return true;
	return false;
}

/* What was not said already, of @before. */
static void say_sources(const struct intent *intent, const struct intent *before)
{
	say_complaints(&intent->complaints);
	for (size_t i = 0; i < intent->n_sources; i++)
		if (!has_complaints(before, &intent->sources[i]))
			say_complaints(&intent->sources[i].complaints);
	for (size_t i = 0; i < intent->conflicts.n; i++)
		if (!has_conflict(before, intent->conflicts.list[i].text))
			(void)log_warning(0, "Sources disagree on %s",
					  intent->conflicts.list[i].text);
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

static pid_t find_process(const struct expectations *expectations)
{
	return expectations->callbacks->process(&expectations->config, expectations->userdata);
}

static void note_emptiness(struct expectations *expectations)
{
	const struct config *config = &expectations->config;
	const struct service_set *services = &expectations->intent.services;
	size_t expected = 0;

	for (size_t i = 0; i < services->n; i++)
		expected += services->list[i].expected;
	(void)text_copy(expectations->notice, sizeof(expectations->notice),
			expected ? "" : nothing_expected);
	/* Its servers cannot be asked: that is no word on what they would serve. */
	if (!expected && *config->container && !find_process(expectations)) {
		(void)text_format(expectations->notice, sizeof(expectations->notice),
				  "container %s is not there, so its servers cannot be asked what "
				  "they serve",
				  config->container);
		return;
	}
	for (size_t i = 0; !expected && i < expectations->intent.n_sources; i++) {
		const struct source *source = &expectations->intent.sources[i];

		if (broken_is(source))
			(void)text_format(expectations->notice, sizeof(expectations->notice),
					  "what is expected is not known, since %s cannot be "
					  "read: %s",
					  source_name(source->kind), broken_why(source));
	}
}

/* Puts @fresh in the place of what was expected. On failure all is as it was, but @fresh is gone.
 */
static int adopt(struct expectations *expectations, struct intent *fresh)
{
	const struct policy policy = policy_of(&expectations->config);
	int r = expectations->callbacks->adopt(&policy, &fresh->services, expectations->userdata);

	if (r < 0) {
		intent_clear(fresh);
		return r;
	}
	intent_clear(&expectations->intent);
	expectations->intent = *fresh;
	memset(fresh, 0, sizeof(*fresh));
	note_emptiness(expectations);
	return 0;
}

static void configure(struct expectations *expectations, const struct config *fresh)
{
	struct config old = expectations->config;

	expectations->config = *fresh;
	expectations->callbacks->configured(&old, &expectations->config, expectations->userdata);
	config_clear(&old);
}

int expectations_load(struct expectations *expectations)
{
	struct complaints complaints = { 0 };
	struct config fresh;
	int r = config_load(expectations->config_path, &fresh, &complaints);

	say_complaints(&complaints);
	(void)text_copy(expectations->trouble, sizeof(expectations->trouble),
			complaints_first_error(&complaints));
	if (r >= 0)
		configure(expectations, &fresh);
	return r;
}

static const struct container_set *find_containers(const struct expectations *expectations)
{
	return expectations->callbacks->containers
		       ? expectations->callbacks->containers(expectations->userdata)
		       : NULL;
}

static void complete(const struct expectations *expectations, struct intent *intent)
{
	completion_fill(&expectations->config, &expectations->intent.services,
			find_containers(expectations), intent);
	expectations->callbacks->place(&intent->services, expectations->userdata);
}

static int merge(struct expectations *expectations, const struct intent_tools *tools,
		 struct intent *ret)
{
	int r = intent_merge(&expectations->config, tools, &expectations->last_good, ret);

	if (r >= 0)
		complete(expectations, ret);
	return r;
}

int expectations_read(struct expectations *expectations)
{
	struct intent_tools *tools = &expectations->run.tools;
	struct intent fresh = { 0 };
	int r;

	intent_tools_find(&expectations->config, find_process(expectations),
			  find_containers(expectations), tools);
	intent_tools_run(tools);
	r = merge(expectations, tools, &fresh);
	intent_tools_clear(tools);
	if (r < 0)
		return r;
	say_sources(&fresh, &expectations->intent);
	return adopt(expectations, &fresh);
}

static void say_change(const struct intent_change *change, void *userdata)
{
	struct changes *changes = userdata;
	const struct expectations *expectations = changes->expectations;
	struct record record = { .kind = RECORD_EXPECTATION_CHANGED,
				 .port = change->service->want.port,
				 .protocol = change->service->want.protocol };

	if (++changes->n > CHANGES_SAID_MAX)
		return;
	memcpy(record.service, change->service->name, sizeof(record.service));
	(void)text_copy(record.detail, sizeof(record.detail), change->text);
	expectations->callbacks->changed(&record, expectations->userdata);
}

static void say_changes(const struct expectations *expectations, const struct intent *fresh)
{
	struct changes changes = { .expectations = expectations };

	if (!expectations->callbacks->changed)
		return;
	(void)intent_diff(&expectations->intent.services, &fresh->services, say_change, &changes);
	if (changes.n > CHANGES_SAID_MAX)
		log_info("and %zu more services", changes.n - CHANGES_SAID_MAX);
}

static bool is_same(const struct intent *a, const struct intent *b)
{
	if (a->services.n != b->services.n || a->n_sources != b->n_sources ||
	    a->conflicts.n != b->conflicts.n)
		return false;
	for (size_t i = 0; i < a->services.n; i++)
		if (memcmp(&a->services.list[i], &b->services.list[i],
			   sizeof(a->services.list[i])) != 0)
			return false;
	return memcmp(&a->names, &b->names, sizeof(a->names)) == 0 &&
	       memcmp(a->sources, b->sources, a->n_sources * sizeof(a->sources[0])) == 0 &&
	       memcmp(a->conflicts.list, b->conflicts.list,
		      a->conflicts.n * sizeof(a->conflicts.list[0])) == 0;
}

/* The new truth is there: take it, unless it is the old one. */
static void take(struct expectations *expectations, struct intent *fresh, bool even_if_same)
{
	int r;

	if (!even_if_same && is_same(fresh, &expectations->intent)) {
		intent_clear(fresh);
		return;
	}
	say_sources(fresh, &expectations->intent);
	say_changes(expectations, fresh);
	r = adopt(expectations, fresh);
	if (r < 0)
		(void)log_error(
			r, "Cannot take over what is expected now; what was expected still holds");
	else
		expectations->callbacks->adopted(expectations->userdata);
}

static void tell_reloaded(struct expectations *expectations)
{
	expectations->reloading = false;
	if (expectations->callbacks->reloaded)
		expectations->callbacks->reloaded(expectations->userdata);
}

static void renew_watch(struct expectations *expectations)
{
	if (expectations->watch)
		source_watch_renew(expectations->watch, expectations->config.path,
				   expectations->intent.sources, expectations->intent.n_sources);
}

static void on_read(const struct intent_tools *tools, void *userdata)
{
	struct expectations *expectations = userdata;
	struct intent fresh = { 0 };
	int r = merge(expectations, tools, &fresh);

	if (r < 0)
		(void)log_error(r, "Cannot read what is expected; what was expected still holds");
	else
		take(expectations, &fresh, expectations->reloading);
	renew_watch(expectations);
	if (expectations->reloading)
		tell_reloaded(expectations);
	prechecks_finish(&expectations->prechecks, expectations->core, &expectations->intent);
	shed(false);
}

static void read_again(struct expectations *expectations)
{
	tool_run_start(&expectations->run, core_event(expectations->core), &expectations->config,
		       find_process(expectations), find_containers(expectations), on_read,
		       expectations);
}

static void on_due(void *userdata)
{
	struct expectations *expectations = userdata;
	struct timers *timers = core_timers(expectations->core);

	timers_set(timers, TIMER_SOURCES, USEC_NEVER);
	timers_set(timers, TIMER_PRECHECK, USEC_NEVER);
	expectations->read_usec = core_now(expectations->core).usec;
	read_again(expectations);
}

void expectations_read_after(struct expectations *expectations, uint64_t usec)
{
	timers_set(core_timers(expectations->core), TIMER_SOURCES,
		   core_now(expectations->core).usec + usec);
}

void expectations_read_when_quiet(struct expectations *expectations)
{
	struct timers *timers = core_timers(expectations->core);
	uint64_t now = core_now(expectations->core).usec, at = now + READ_QUIET_USEC;

	if (timers_when(timers, TIMER_SOURCES) == USEC_NEVER)
		expectations->latest_usec = now + READ_LATEST_USEC;
	if (at < expectations->read_usec + READ_PAUSE_USEC)
		at = expectations->read_usec + READ_PAUSE_USEC;
	if (at > expectations->latest_usec)
		at = expectations->latest_usec;
	timers_set(timers, TIMER_SOURCES, at);
}

void expectations_check(struct expectations *expectations, const char *incident)
{
	/* Not here and now: a fact is being taken, and who took it works with the old set. */
	if (prechecks_add(&expectations->prechecks, incident))
		timers_set(core_timers(expectations->core), TIMER_PRECHECK,
			   core_now(expectations->core).usec);
}

void expectations_reload(struct expectations *expectations)
{
	const char *state = expectations->config.state;
	struct complaints complaints = { 0 };
	struct config fresh;
	int r = config_load(expectations->config_path, &fresh, &complaints);

	say_complaints(&complaints);
	if (r < 0) {
		(void)log_error(
			0, "The configuration has errors, so the one before it stays in force");
		tell_reloaded(expectations);
		return;
	}
	if (strcmp(fresh.state, state) != 0) { /* its lock is held */
		(void)log_warning(0, "A new \"state =\" counts only after a restart of Hearken");
		(void)text_copy(fresh.state, sizeof(fresh.state), state);
	}
	configure(expectations, &fresh);
	expectations->reloading = true;
	read_again(expectations);
}

static void on_changed(bool config, void *userdata)
{
	if (config)
		expectations_reload(userdata);
	else
		read_again(userdata);
}

void expectations_watch_files(struct expectations *expectations)
{
	int r = source_watch_new(expectations->core, on_changed, expectations,
				 &expectations->watch);

	if (r < 0)
		(void)log_warning(r, "Cannot watch files for changes "
				     "(fs.inotify.max_user_instances?); reload Hearken after you "
				     "change what it reads");
	renew_watch(expectations);
}

void expectations_learn_unit(struct expectations *expectations, size_t service, const char *unit)
{
	struct server *server = &expectations->intent.services.list[service].server;

	(void)text_copy(server->unit, sizeof(server->unit), unit);
	server->unit_is_guess = false;
}

int expectations_new(struct core *core, const char *config_path,
		     const struct expectations_callbacks *callbacks, void *userdata,
		     struct expectations **ret)
{
	struct expectations *expectations = calloc(1, sizeof(*expectations));

	if (!expectations)
		return -ENOMEM;
	expectations->core = core;
	expectations->config_path = config_path;
	expectations->callbacks = callbacks;
	expectations->userdata = userdata;
	timers_handle(core_timers(core), TIMER_SOURCES, 0, on_due, expectations);
	timers_handle(core_timers(core), TIMER_PRECHECK, 0, on_due, expectations);
	*ret = expectations;
	return 0;
}

void expectations_free(struct expectations *expectations)
{
	if (!expectations)
		return;
	source_watch_free(expectations->watch);
	tool_run_clear(&expectations->run);
	intent_clear(&expectations->intent);
	last_good_clear(&expectations->last_good);
	config_clear(&expectations->config);
	free(expectations);
}

const struct config *expectations_config(const struct expectations *expectations)
{
	return &expectations->config;
}

const struct intent *expectations_intent(const struct expectations *expectations)
{
	return &expectations->intent;
}

const struct server_names *expectations_names(const struct expectations *expectations)
{
	return &expectations->intent.names;
}

const char *expectations_trouble(const struct expectations *expectations)
{
	return expectations->trouble;
}

const char *expectations_notice(const struct expectations *expectations)
{
	return expectations->notice;
}
