// SPDX-License-Identifier: LGPL-2.1-or-later
/* The exit status is the same whoever reads, and every UNKNOWN has its reason on stdout: in the
 * object it is "unknown". */
#include "agent/commands/command_status.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/commands/plugin_options.h"
#include "agent/daemon/look.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "report/pulse.h"
#include "report/show.h"
#include "report/status.h"

#define STATUS_MAX_BYTES (16 * 1024 * 1024)
#define STAT_MAX_BYTES	 4096
#define WHY_SIZE	 5120 /* with a path in it */

struct rendered_status {
	char *text;
	size_t size;
};

static void print_object(const json_t *status, const char *why)
{
	cleanup(json_decrefp) json_t *copy =
		json_is_object(status) ? json_copy((json_t *)status) : json_object();
	cleanup(memory_freep) char *text = NULL;

	if (why)
		(void)json_object_set_new(copy, "unknown", json_string(why));
	text = json_dumps(copy, JSON_INDENT(2));
	puts(text ? text : "{ \"unknown\": \"memory is short\" }");
}

/* @now: 0 for what is fresh by nature. @why: it is not to be believed; or NULL. */
static int print_status(const json_t *status, int64_t now, const char *why,
			const struct plugin_options *options, const struct show_style *style)
{
	if (!options->json)
		return show_status(status, now, why, stdout, style);
	if (!why)
		why = show_distrust(status, now);
	print_object(status, why);
	return why ? PLUGIN_UNKNOWN : show_state(status, now, style);
}

static int render(const struct view *view, void *userdata)
{
	struct rendered_status *status = userdata;

	return status_render(view, &status->text, &status->size);
}

int command_check(int argc, char **argv)
{
	cleanup(json_decrefp) json_t *root = NULL;
	struct rendered_status status = { 0 };
	char why[LOOK_WHY_SIZE], text[WHY_SIZE];
	struct plugin_options options;
	struct show_style style;
	int r = plugin_options_take(argc, argv, &options);

	if (r != 0)
		return r;
	plugin_options_end_after(options.timeout_usec);
	plugin_options_style(&options, &style);
	style.form = SHOW_DETAILS; /* one look is for all that can be said */
	r = look_once(options.config, render, &status, why);
	if (r < 0) {
		(void)text_format(text, sizeof(text), "Hearken could not look: %s", why);
		return print_status(NULL, 0, text, &options, &style);
	}
	root = json_loadb(status.text, status.size, 0, NULL);
	free(status.text);
	return print_status(root, 0, NULL, &options, &style);
}

/* A process that is there and does not run: stopped by a signal or a debugger. One that cannot be
 * seen from here is taken to run, its pulse was felt. */
static bool is_stopped(pid_t pid)
{
	cleanup(memory_freep) char *text = NULL;
	const char *behind;
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/%d/stat", pid);
	if (pid <= 0 || file_read(path, STAT_MAX_BYTES, &text, NULL) < 0)
		return false;
	behind = strrchr(text, ')'); /* the name before it may hold anything */
	return behind && behind[1] == ' ' && strchr("Tt", behind[2]);
}

/* Whether somebody keeps @path true, whose content is @status. Returns false with a sentence. */
static bool is_kept(const char *path, const json_t *status, char why[static WHY_SIZE])
{
	pid_t pid = (pid_t)json_integer_value(json_object_get(status, "pid"));
	int r = pulse_ask(path);

	if (r == -ESRCH)
		(void)text_format(
			why, WHY_SIZE,
			"nobody keeps %s true: the daemon has ended or cannot write it; is "
			"hearken.service running, and the disk full?",
			path);
	else if (r < 0)
		(void)text_format(why, WHY_SIZE, "whether anybody keeps %s true cannot be told: %s",
				  path, strerror(-r));
	else if (is_stopped(pid))
		(void)text_format(why, WHY_SIZE,
				  "the daemon (pid %d) is stopped, so nothing is watched: \"kill "
				  "-CONT %d\" lets it go on",
				  pid, pid);
	return r >= 0 && !is_stopped(pid);
}

int command_status(int argc, char **argv)
{
	cleanup(memory_freep) char *text = NULL;
	cleanup(json_decrefp) json_t *root = NULL;
	char path[CONFIG_PATH_SIZE], why[WHY_SIZE];
	struct plugin_options options;
	struct show_style style;
	bool kept;
	size_t size;
	int r = plugin_options_take(argc, argv, &options);

	if (r != 0)
		return r;
	plugin_options_end_after(options.timeout_usec);
	plugin_options_style(&options, &style);
	config_load_status(options.config, path);
	r = file_read(path, STATUS_MAX_BYTES, &text, &size);
	if (r < 0) {
		(void)text_format(why, sizeof(why),
				  "no daemon keeps %s (%s): is hearken.service running?", path,
				  strerror(-r));
		return print_status(NULL, 0, why, &options, &style);
	}
	root = json_loadb(text, size, 0, NULL);
	kept = is_kept(path, root, why);
	return print_status(root, time(NULL), kept ? NULL : why, &options, &style);
}
