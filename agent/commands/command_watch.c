// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/command_watch.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/commands/commands.h"
#include "agent/commands/whereabouts.h"
#include "agent/daemon/watched_ports.h"
#include "base/log.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "intent/merge/intent.h"
#include "judge/ending.h"
#include "model/record.h"
#include "observe/kernel/observer.h"

#define ORPHAN_AFTER_USEC USEC_PER_SEC /* an opener left well: then its heirs are looked up */
#define SLACK_USEC	  (10 * USEC_PER_MSEC)
#define LAST_PORT	  65535

enum { EXIT_NO_PERMISSION = 77 }; /* sysexits.h */

struct watcher {
	sd_event *event;
	struct observer *observer;
	char netns[CONFIG_PATH_SIZE]; /* where to poll, without BPF */
	sd_event_source *look;	      /* armed while an orphan waits */
	bool json;
	bool colored;
	bool started; /* what was there before is no news */
};

struct options {
	const char *config;
	bool all;
	bool json;
};

static int take_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:", names, NULL)) != -1) {
		if (c == 'c')
			options->config = optarg;
		else if (c == 'a')
			options->all = true;
		else if (c == 'j')
			options->json = true;
		else
			return usage_wrong(argv[0]);
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "%s: \"%s\" is one word too many\n", argv[0], argv[optind]);
	return usage_wrong(argv[0]);
}

/* When it happened, by the clock on the wall. */
static struct timespec to_real(uint64_t at_ns)
{
	struct timespec real, mono;
	uint64_t now_ns, real_ns;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	now_ns = (uint64_t)mono.tv_sec * 1000000000 + (uint64_t)mono.tv_nsec;
	real_ns = (uint64_t)real.tv_sec * 1000000000 + (uint64_t)real.tv_nsec - (now_ns - at_ns);
	return (struct timespec){ .tv_sec = (time_t)(real_ns / 1000000000),
				  .tv_nsec = (long)(real_ns % 1000000000) };
}

static const char *or_null(const char *s)
{
	return *s ? s : NULL;
}

/* @cause: NULL for an opening. */
static void print_json(const struct listener_change *change, const char *address, const char *cause,
		       const char *detail)
{
	const struct listener *listener = change->listener;
	const struct holder *holder = listener->n_holders ? &listener->holders[0] : NULL;
	struct timespec at = to_real(change->at_ns);
	cleanup(memory_freep) char *line = NULL;
	char seconds[32], time_text[48];
	json_t *object;

	(void)text_show_time(at.tv_sec, "%Y-%m-%dT%H:%M:%S", seconds, sizeof(seconds));
	(void)text_format(time_text, sizeof(time_text), "%s.%06ldZ", seconds, at.tv_nsec / 1000);
	object = json_pack(
		"{s:s, s:s, s:i, s:s, s:b, s:I, s:s?, s:s?, s:s?, s:s?}", "time", time_text,
		"event", cause ? "closed" : "opened", "port", listener->port, "address", address,
		"v6only", listener->v6only, "netns", (json_int_t)listener->netns, "command",
		holder ? holder->command : NULL, "unit", or_null(listener->unit), "container",
		or_null(listener->container), "container_name", or_null(listener->container_name));
	json_object_set_new(object, "pid",
			    holder && holder->pid ? json_integer(holder->pid) : json_null());
	if (cause) {
		const struct task_end *end = change->end.exiting ? &change->end : NULL;

		json_object_set_new(object, "cause", json_string(cause));
		json_object_set_new(object, "detail", json_string(detail));
		json_object_set_new(object, "signal",
				    end && end->signal ? json_integer(end->signal) : json_null());
		json_object_set_new(object, "exit_code",
				    end && !end->signal ? json_integer(end->exit_code)
							: json_null());
		json_object_set_new(object, "oom", json_boolean(end && end->oom));
	}
	line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (line)
		puts(line);
}

static void print_line(const struct watcher *watcher, const struct listener_change *change,
		       const char *address, const char *cause, const char *detail)
{
	const struct listener *listener = change->listener;
	struct timespec at = to_real(change->at_ns);
	bool v6 = listener->address.family == AF_INET6;
	char seconds[32], where[ADDRESS_TEXT_SIZE + 16], container[CONTAINER_NAME_SIZE];
	char pid[PID_TEXT_SIZE];
	struct tm tm;

	strftime(seconds, sizeof(seconds), "%H:%M:%S", localtime_r(&at.tv_sec, &tm));
	(void)text_format(where, sizeof(where), v6 ? "[%s]:%u" : "%s:%u", address, listener->port);
	printf("%s.%03ld  %s%s%s  %-21s  netns %u", seconds, at.tv_nsec / 1000000,
	       !watcher->colored ? ""
	       : cause		 ? "\033[31m"
				 : "\033[32m",
	       cause ? "closed" : "opened", watcher->colored ? "\033[0m" : "", where,
	       listener->netns);
	if (listener->n_holders) {
		pid_show_here(listener->holders[0].pid, pid);
		printf("  %s (%s)", listener->holders[0].command, pid);
	}
	if (*listener->unit)
		printf("  %s", listener->unit);
	if (*listener->container) {
		container_show(listener->container, listener->container_name, container);
		printf("  container %s", container);
	}
	if (cause)
		printf("  %s: %s", cause, detail);
	putchar('\n');
}

static enum cause cause_of(const struct listener_change *change, char *detail)
{
	if (change->kind == LISTENER_CLOSED)
		return ending_cause(&change->end, detail);
	(void)text_copy(detail, RECORD_DETAIL_SIZE, "no event tells why it went");
	return CAUSE_UNKNOWN;
}

static void print_change(const struct watcher *watcher, const struct listener_change *change)
{
	struct listener listener = *change->listener;
	struct listener_change clean = *change;
	char address[ADDRESS_TEXT_SIZE], detail[RECORD_DETAIL_SIZE] = "";
	const char *cause = NULL;

	/* The name of a cgroup is whatever its maker wanted. */
	text_sanitize(listener.unit);
	text_sanitize(listener.container);
	clean.listener = &listener;
	address_show(&listener.address, address);
	if (change->kind != LISTENER_OPENED)
		cause = cause_name(cause_of(change, detail));
	if (watcher->json)
		print_json(&clean, address, cause, detail);
	else
		print_line(watcher, &clean, address, cause, detail);
	if (fflush(stdout) != 0)
		(void)sd_event_exit(watcher->event, EXIT_FAILURE); /* nobody reads any more */
}

static void on_change(const struct listener_change *change, void *userdata)
{
	struct watcher *watcher = userdata;

	if (!watcher->started || change->kind == LISTENER_FLOODED ||
	    change->kind == LISTENER_CROWDED)
		return;
	if (change->kind != LISTENER_ORPHANED) {
		print_change(watcher, change);
		return;
	}
	if (sd_event_source_get_enabled(watcher->look, NULL) > 0)
		return; /* who never stops must not put it off for ever */
	(void)sd_event_source_set_time_relative(watcher->look, ORPHAN_AFTER_USEC);
	(void)sd_event_source_set_enabled(watcher->look, SD_EVENT_ONESHOT);
}

/* What is lost is said, and not printed as if it were all. */
static void on_trouble(const struct observer_state *state, void *userdata)
{
	if (state->trouble == OBSERVER_FULL && state->begins)
		log_info("There are more listeners than can be kept: some are not told of");
	else if (state->begins)
		log_info("Events come faster than they can be told: some are left out, and a look "
			 "at what listens "
			 "tells the end of it");
	else if (state->trouble == OBSERVER_LOSING)
		log_info("Events are told one by one again; %llu were left out",
			 (unsigned long long)state->count);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watcher *watcher = userdata;
	int r = observer_snapshot(watcher->observer);

	return r < 0 ? log_error(r, "Cannot take a snapshot of the listeners") : 0;
}

/* Says what is wrong. Returns 0 or an exit code. */
static int open_observer(struct watcher *watcher, const struct config *config)
{
	int r = observer_new(on_change, watcher, &watcher->observer);

	if (r < 0 && geteuid() != 0) {
		(void)log_error(0, "To watch listeners needs root, or CAP_BPF, CAP_PERFMON and "
				   "CAP_SYS_ADMIN: run it with "
				   "sudo");
		return EXIT_NO_PERMISSION;
	}
	if (r < 0) {
		(void)log_warning(r, "BPF cannot be used here, so one namespace is polled once a "
				     "second, and nobody "
				     "knows why a listener went");
		r = whereabouts_netns(config, watcher->netns);
		if (r >= 0)
			r = observer_new_polling(on_change, watcher, watcher->netns,
						 &watcher->observer);
	}
	if (r >= 0)
		r = observer_attach(watcher->observer, watcher->event);
	if (r >= 0)
		return 0;
	(void)log_error(r, "The listeners can be neither watched nor polled");
	return EXIT_FAILURE;
}

static void watch_all(struct observer *observer)
{
	uint16_t ports[LAST_PORT];

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		ports[i] = (uint16_t)(i + 1);
	observer_watch(observer, ports, ARRAY_SIZE(ports));
}

static int watch_expected(struct observer *observer, const struct config *config)
{
	struct watched_ports ports;
	struct intent intent = { 0 };
	int r = whereabouts_intent(config, NULL, &intent);

	if (r < 0)
		return log_error(r, "Cannot read what is expected");
	watched_ports_of(&intent.services, &ports);
	observer_watch(observer, ports.list, ports.n);
	intent_clear(&intent);
	return 0;
}

static int make_loop(struct watcher *watcher)
{
	sigset_t mask;
	int r = sd_event_new(&watcher->event);

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	if (r >= 0)
		r = sd_event_add_signal(watcher->event, NULL, SIGTERM, NULL,
					NULL); /* ends with 0 */
	if (r >= 0)
		r = sd_event_add_signal(watcher->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_time(watcher->event, &watcher->look, CLOCK_MONOTONIC, USEC_NEVER,
				      SLACK_USEC, on_look, watcher);
	if (r >= 0)
		r = sd_event_source_set_enabled(watcher->look, SD_EVENT_OFF);
	return r < 0 ? log_error(r, "Cannot make the event loop") : 0;
}

static int watch(struct watcher *watcher, const struct config *config, bool all)
{
	int r;

	if (make_loop(watcher) < 0)
		return EXIT_FAILURE;
	r = open_observer(watcher, config);
	if (r != 0)
		return r;
	if (all)
		watch_all(watcher->observer);
	else if (watch_expected(watcher->observer, config) < 0)
		return EXIT_FAILURE;
	observer_on_trouble(watcher->observer, on_trouble, watcher);
	r = observer_snapshot(watcher->observer);
	if (r < 0) {
		(void)log_error(r, "Cannot take a snapshot of the listeners");
		return EXIT_FAILURE;
	}
	watcher->started = true;
	log_info("Watching %s; %zu listen now. Ctrl-C ends it.",
		 all ? "every port" : "the expected ports and the well-known ones of mail",
		 observer_inventory(watcher->observer)->n);
	r = sd_event_loop(watcher->event);
	return r < 0 ? EXIT_FAILURE : r;
}

int command_watch(int argc, char **argv)
{
	struct complaints complaints = { 0 };
	struct options options = { 0 };
	struct watcher watcher = { 0 };
	struct config config;
	int r = take_options(argc, argv, &options);

	if (r != 0)
		return r;
	r = config_load(options.config, &config, &complaints);
	for (size_t i = 0; r < 0 && i < complaints.n; i++)
		(void)log_error(0, "%s", complaints.list[i].text);
	if (r < 0)
		return COMMAND_USAGE;
	watcher.json = options.json;
	watcher.colored = !options.json && isatty(STDOUT_FILENO);
	r = watch(&watcher, &config, options.all);
	observer_free(watcher.observer);
	sd_event_source_disable_unref(watcher.look);
	sd_event_unref(watcher.event);
	config_clear(&config);
	return r;
}
