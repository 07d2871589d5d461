// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/commands.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/daemon/daemon.h"
#include "agent/daemon/look.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "report/show.h"
#include "report/status.h"

#define STATUS_MAX_BYTES (16 * 1024 * 1024)

void command_print_complaints(const struct complaints *complaints)
{
	for (size_t i = 0; i < complaints->n; i++)
		fprintf(stderr, "hearken: %s: %s\n",
			complaints->list[i].is_error ? "error" : "warning",
			complaints->list[i].text);
}

int command_take_options(int argc, char **argv, bool json_allowed, const char **ret_config,
			 bool *ret_json)
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
	const char *config;
	bool json;
	int r = command_take_options(argc, argv, false, &config, &json);

	return r != 0 ? r : daemon_run(config);
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
	cleanup(json_decrefp) json_t *root = NULL;
	struct rendered_status status = { 0 };
	const char *config;
	bool json;
	int r = command_take_options(argc, argv, true, &config, &json);

	if (r != 0)
		return r;
	r = look_once(config, render, &status);
	if (r < 0) {
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
	char status[CONFIG_PATH_SIZE];
	const char *path;
	bool json;
	size_t size;
	int r = command_take_options(argc, argv, true, &path, &json);

	if (r != 0)
		return r;
	config_load_status(path, status);
	r = file_read(status, STATUS_MAX_BYTES, &text, &size);
	if (r < 0) {
		printf("UNKNOWN - no daemon keeps %s (%s): is hearken.service running?\n", status,
		       strerror(-r));
		return COMMAND_USAGE;
	}
	root = json_loadb(text, size, 0, NULL);
	return print_status(root, time(NULL), json);
}
