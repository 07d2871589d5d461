// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon.h"
#include "file.h"
#include "log.h"
#include "show.h"
#include "status.h"
#include "text.h"

#define STATUS_MAX_BYTES (16 * 1024 * 1024)
#define CHECK_EXTRA_USEC (5 * USEC_PER_SEC)

static void complaints_print(const struct complaints *complaints)
{
	for (size_t i = 0; i < complaints->n; i++)
		fprintf(stderr, "hearken: %s: %s\n", complaints->list[i].is_error ? "error" : "warning",
			complaints->list[i].text);
}

/* Every subcommand here has the same two options. Returns 0 or COMMAND_USAGE. */
static int take_options(int argc, char **argv, bool json_allowed, const char **ret_config, bool *ret_json)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	*ret_config = NULL;
	*ret_json = false;
	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (c == 'c')
			*ret_config = optarg;
		else if (c == 'j' && json_allowed)
			*ret_json = true;
		else
			return COMMAND_USAGE;
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "hearken %s: \"%s\" is one word too many\n", argv[0], argv[optind]);
	return COMMAND_USAGE;
}

int command_run(int argc, char **argv)
{
	cleanup(daemon_freep) struct daemon *daemon = NULL;
	const char *config;
	bool json;
	int r = take_options(argc, argv, false, &config, &json);

	if (r != 0)
		return r;
	r = daemon_new(config, false, &daemon);
	if (r < 0) {
		(void)log_error(r, "Cannot make the event loop");
		return EXIT_FAILURE;
	}
	r = daemon_start(daemon);
	return r != 0 ? r : daemon_run(daemon);
}

/* @now: 0 for what is fresh by nature. */
static int print_status(const json_t *status, int64_t now, bool json)
{
	/* The exit status is the same, whoever reads. */
	if (json) {
		cleanup(memory_freep) char *text = json_dumps(status, JSON_INDENT(2));
		FILE *null = fopen("/dev/null", "w");
		int code = COMMAND_USAGE;

		if (text)
			puts(text);
		if (null) {
			code = show_status(status, now, null, false);
			fclose(null);
		}
		return code;
	}
	return show_status(status, now, stdout, isatty(STDOUT_FILENO));
}

static int on_check_late(sd_event_source *source, uint64_t usec, void *userdata)
{
	return sd_event_exit(userdata, 0); /* what has not answered by now stays unknown */
}

struct rendered_status {
	char *text;
	size_t size;
};

static int render(const struct view *view, void *userdata)
{
	struct rendered_status *status = userdata;

	return status_render(view, &status->text, &status->size);
}

int command_check(int argc, char **argv)
{
	cleanup(daemon_freep) struct daemon *daemon = NULL;
	cleanup(json_decrefp) json_t *root = NULL;
	struct rendered_status status = { 0 };
	const char *config;
	bool json;
	int r = take_options(argc, argv, true, &config, &json);

	if (r != 0)
		return r;
	r = daemon_new(config, true, &daemon);
	if (r >= 0)
		r = daemon_start(daemon);
	if (r == 0)
		r = sd_event_add_time_relative(daemon->event, NULL, CLOCK_MONOTONIC,
					       daemon->config.probe_timeout_usec + CHECK_EXTRA_USEC, 0,
					       on_check_late, daemon->event);
	if (r >= 0 && daemon->started)
		r = daemon_run(daemon);
	if (r == 0)
		r = view_with(daemon, render, &status);
	if (r != 0) {
		puts("UNKNOWN - Hearken could not look; its reason is on stderr");
		return COMMAND_USAGE;
	}
	root = json_loadb(status.text, status.size, 0, NULL);
	free(status.text);
	return print_status(root, 0, json);
}

int command_status(int argc, char **argv)
{
	cleanup(memory_freep) char *text = NULL;
	cleanup(json_decrefp) json_t *root = NULL;
	struct complaints complaints = { 0 };
	struct config config;
	const char *path;
	bool json;
	size_t size;
	int r = take_options(argc, argv, true, &path, &json);

	if (r != 0)
		return r;
	r = config_load(path, &config, &complaints);
	if (r < 0) {
		complaints_print(&complaints);
		puts("UNKNOWN - the configuration, which names the status file, cannot be read");
		return COMMAND_USAGE;
	}
	r = file_read(config.status, STATUS_MAX_BYTES, &text, &size);
	if (r < 0) {
		printf("UNKNOWN - no daemon keeps %s (%s): is hearken.service running?\n", config.status,
		       strerror(-r));
		config_clear(&config);
		return COMMAND_USAGE;
	}
	config_clear(&config);
	root = json_loadb(text, size, 0, NULL);
	return print_status(root, time(NULL), json);
}

static json_t *sources_of(const struct service *service)
{
	json_t *list = json_array();

	for (enum source_kind k = 0; k < SOURCE_KIND_COUNT; k++)
		if (service->sources & 1U << k)
			json_array_append_new(list, json_string(source_name(k)));
	return list;
}

static json_t *config_to_json(const struct intent *intent)
{
	json_t *services = json_array(), *sources = json_array();

	for (size_t i = 0; i < intent->services.n; i++) {
		const struct service *service = &intent->services.list[i];
		json_t *addresses = json_array();

		for (size_t j = 0; j < service->n_addresses; j++) {
			char address[ADDRESS_TEXT_SIZE];

			address_show(&service->addresses[j], address);
			json_array_append_new(addresses, json_string(address));
		}
		json_array_append_new(services,
			json_pack("{s:s, s:i, s:s, s:s, s:o, s:s, s:o, s:b}", "name", service->name, "port",
				  service->port, "protocol", protocol_name(service->protocol), "tls",
				  tls_mode_name(service->tls), "addresses", addresses, "unit", service->unit,
				  "sources", sources_of(service), "expected", service->expected));
	}
	for (size_t i = 0; i < intent->n_sources; i++) {
		const struct source *source = &intent->sources[i];
		json_t *warnings = json_array();

		for (size_t j = 0; j < source->complaints.n; j++)
			json_array_append_new(warnings, json_string(source->complaints.list[j].text));
		json_array_append_new(sources, json_pack("{s:s, s:s, s:s, s:o}", "kind",
			source_name(source->kind), "path", source->path, "state",
			source_state_name(source->state), "warnings", warnings));
	}
	return json_pack("{s:o, s:o}", "services", services, "sources", sources);
}

static void print_intent(const struct intent *intent)
{
	static const char *const rendered[] = { "?", "no", "yes" };

	int width = (int)strlen("SERVICE");

	for (size_t i = 0; i < intent->services.n; i++)
		if ((int)strlen(intent->services.list[i].name) > width)
			width = (int)strlen(intent->services.list[i].name);
	printf("%-*s %5s  %-10s %-17s %-8s %-8s %s\n", width, "SERVICE", "PORT", "PROTOCOL", "TLS", "EXPECTED",
	       "RENDERED", "SAID BY");
	for (size_t i = 0; i < intent->services.n; i++) {
		const struct service *service = &intent->services.list[i];
		const char *comma = "";

		printf("%-*s %5u  %-10s %-17s %-8s %-8s ", width, service->name, service->port,
		       protocol_name(service->protocol), tls_mode_name(service->tls),
		       service->expected ? "yes" : "no", rendered[service->rendered]);
		for (enum source_kind k = 0; k < SOURCE_KIND_COUNT; k++) {
			if (!(service->sources & 1U << k))
				continue;
			printf("%s%s", comma, source_name(k));
			comma = ", ";
		}
		putchar('\n');
	}
	putchar('\n');
	for (size_t i = 0; i < intent->n_sources; i++) {
		const struct source *source = &intent->sources[i];

		printf("source %s %s: %s\n", source_name(source->kind), source->path,
		       source_state_name(source->state));
		for (size_t j = 0; j < source->complaints.n; j++)
			printf("  %s: %s\n", source->complaints.list[j].is_error ? "error" : "warning",
			       source->complaints.list[j].text);
	}
}

int command_config(int argc, char **argv)
{
	cleanup(json_decrefp) json_t *root = NULL;
	struct complaints complaints = { 0 };
	struct intent intent = { 0 };
	struct config config;
	const char *path;
	bool json, errors, warnings;
	int r = take_options(argc, argv, true, &path, &json);

	if (r != 0)
		return r;
	r = config_load(path, &config, &complaints);
	complaints_print(&complaints);
	if (r < 0)
		return 2;
	warnings = complaints.n_warnings > 0;
	r = intent_read(&config, &intent);
	config_clear(&config);
	if (r < 0) {
		(void)log_error(r, "Cannot read the sources");
		return 2;
	}
	complaints_print(&intent.complaints);
	errors = intent.complaints.n_errors > 0;
	warnings |= intent.complaints.n_warnings > 0;
	for (size_t i = 0; i < intent.n_sources; i++) {
		errors |= intent.sources[i].complaints.n_errors > 0;
		warnings |= intent.sources[i].complaints.n_warnings > 0;
	}
	if (json) {
		root = config_to_json(&intent);
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_intent(&intent);
	}
	intent_clear(&intent);
	return errors ? 2 : warnings;
}
