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
#include "agent/commands/status_file.h"
#include "agent/daemon/look.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "report/show.h"
#include "report/status.h"

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
	char why[LOOK_WHY_SIZE], text[STATUS_WHY_SIZE];
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

int command_status(int argc, char **argv)
{
	cleanup(json_decrefp) json_t *root = NULL;
	char why[STATUS_WHY_SIZE];
	struct plugin_options options;
	struct show_style style;
	int r = plugin_options_take(argc, argv, &options);

	if (r != 0)
		return r;
	plugin_options_end_after(options.timeout_usec);
	plugin_options_style(&options, &style);
	r = status_file_read(options.config, &root, why);
	return print_status(root, root ? time(NULL) : 0, r < 0 ? why : NULL, &options, &style);
}
