// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "agent/commands/usage.h"
#include "agent/daemon/daemon.h"

void command_print_complaints(const struct complaints *complaints)
{
	for (size_t i = 0; i < complaints->n; i++)
		fprintf(stderr, "hearken: %s: %s\n",
			complaints->list[i].is_error ? "error" : "warning",
			complaints->list[i].text);
}

int command_print_json(const json_t *object)
{
	int r = object ? json_dumpf(object, stdout, JSON_INDENT(2)) : -1;

	putchar('\n');
	return r < 0 ? -ENOMEM : 0;
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
		else if (c == 'j') {
			fprintf(stderr, "%s has no --json\n", argv[0]);
			return usage_wrong(argv[0]);
		} else
			return usage_wrong(argv[0]);
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "%s: \"%s\" is one word too many\n", argv[0], argv[optind]);
	return usage_wrong(argv[0]);
}

int command_run(int argc, char **argv)
{
	const char *config;
	bool json;
	int r = command_take_options(argc, argv, false, &config, &json);

	return r != 0 ? r : daemon_run(config);
}
