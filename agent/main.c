// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>

#include "agent/commands/command_config.h"
#include "agent/commands/command_preflight.h"
#include "agent/commands/command_probe.h"
#include "agent/commands/command_status.h"
#include "agent/commands/command_watch.h"
#include "agent/commands/commands.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "probe/confined/prober_child.h"

static const struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
	const char *does;
} subcommands[] = {
	{ "run", command_run, "[-c FILE]", "the daemon, in the foreground" },
	{ "check", command_check, "[-c FILE] [--json]", "one look: intent, snapshot, probes" },
	{ "status", command_status, "[-c FILE] [--json]", "what the running daemon knows" },
	{ "watch", command_watch, "[-c FILE] [--all] [--json]",
	  "listeners as they come and go, and why they went" },
	{ "config", command_config, "[-c FILE] [--json] [--syntax]",
	  "the effective expected set, and which source says each thing" },
	{ "preflight", command_preflight, "[-c FILE] [--json]",
	  "before a reload, restart or upgrade: what the configuration on disk would lose" },
	{ "probe", command_probe,
	  "HOST:PORT --protocol P [--tls starttls|implicit] [--server-name N]\n"
	  "                    [--ca-file F] [--proxy-header[=v1|v2]] [--injection-check]\n"
	  "                    [--timeout D] [--json] [-v]",
	  "one conversation, no daemon, no root" },
};

static void print_usage(FILE *out)
{
	fprintf(out, "Hearken " HEARKEN_VERSION ", a listener watchdog for mail servers\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		fprintf(out, "  hearken %-9s %s\n                    %s\n", subcommands[i].name,
			subcommands[i].usage, subcommands[i].does);
	fprintf(out, "\nExit status of check, status, preflight and probe: 0 OK, 1 WARNING, 2 "
		     "CRITICAL, 3 UNKNOWN.\n");
}

int main(int argc, char **argv)
{
	const char *names[ARRAY_SIZE(subcommands) + 1] = { NULL };
	const char *nearest;

	prober_child_main(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		names[i] = subcommands[i].name;
	if (argc < 2) {
		print_usage(stderr);
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("hearken " HEARKEN_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return subcommands[i].run(argc - 1, argv + 1);
	nearest = text_nearest(argv[1], names);
	fprintf(stderr,
		"hearken: there is no subcommand \"%s\"%s%s%s; \"hearken --help\" lists them\n",
		argv[1], nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		nearest ? "\"?" : "");
	return COMMAND_USAGE;
}
