// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/command_history.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/commands/commands.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "report/history.h"
#include "report/history_view.h"

#define SINCE_USEC (UINT64_C(30) * 86400 * USEC_PER_SEC)

const char command_history_options[] =
	"  -c, --config FILE      read FILE, not /etc/hearken/hearken.conf\n"
	"  --since DURATION       so long ago, 30d unless said: 90min, 12h, 7d\n"
	"  --json                 one JSON object\n";

struct options {
	const char *config;
	uint64_t since_usec;
	bool json;
};

static int take_options(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "since", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	*ret = (struct options){ .since_usec = SINCE_USEC };
	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (c == 'c')
			ret->config = optarg;
		else if (c == 'j')
			ret->json = true;
		else if (c != 's')
			return usage_wrong(argv[0]);
		else if (text_duration(optarg, &ret->since_usec) < 0 || !ret->since_usec) {
			fprintf(stderr,
				"%s: --since \"%s\" is no duration; write 90min, 12h or 7d\n",
				argv[0], optarg);
			return COMMAND_USAGE;
		}
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "%s: \"%s\" is one word too many\n", argv[0], argv[optind]);
	return usage_wrong(argv[0]);
}

static int add(const json_t *record, void *userdata)
{
	return history_view_add(userdata, record);
}

static int print(const json_t *history, bool json)
{
	if (!history)
		return log_error(-ENOMEM, "Cannot tell the history");
	if (json)
		return command_print_json(history);
	history_view_print(history, stdout);
	return 0;
}

static int show(const char *state, const struct options *options)
{
	cleanup(history_view_freep) struct history_view *view = NULL;
	cleanup(json_decrefp) json_t *history = NULL;
	int64_t now = (int64_t)time(NULL);
	size_t torn = 0;
	int r;

	view = history_view_new(now - (int64_t)(options->since_usec / USEC_PER_SEC), now);
	r = view ? history_read(state, add, view, &torn) : -ENOMEM;
	if (r < 0 && r != -ENOENT)
		return log_error(r, "Cannot read the history in %s", state);
	if (r == -ENOENT && !options->json) {
		printf("Nothing is known yet: no Hearken has kept a history in %s\n", state);
		return 0;
	}
	history = history_view_end(view, torn);
	return print(history, options->json);
}

int command_history(int argc, char **argv)
{
	struct options options;
	struct complaints complaints = { 0 };
	struct config config = { 0 };
	int r = take_options(argc, argv, &options);

	if (r != 0)
		return r;
	r = config_load(options.config, &config, &complaints);
	command_print_complaints(&complaints);
	if (r < 0)
		return COMMAND_USAGE;
	r = show(config.state, &options);
	config_clear(&config);
	return r < 0 ? EXIT_FAILURE : 0;
}
