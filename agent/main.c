// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/commands/command_bug_report.h"
#include "agent/commands/command_config.h"
#include "agent/commands/command_deliver.h"
#include "agent/commands/command_explain.h"
#include "agent/commands/command_history.h"
#include "agent/commands/command_preflight.h"
#include "agent/commands/command_probe.h"
#include "agent/commands/command_replay.h"
#include "agent/commands/command_silence.h"
#include "agent/commands/command_status.h"
#include "agent/commands/command_watch.h"
#include "agent/commands/commands.h"
#include "agent/commands/probe_request.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "probe/confined/prober_child.h"

/* Lines of help fit 80 columns. */
#define CONFIG_OPTION "  -c, --config FILE      read FILE, not /etc/hearken/hearken.conf\n"
#define JSON_OPTION   "  --json                 one JSON object; the exit status is the same\n"
/* What monitoring plugins have in common. */
#define PLUGIN_OPTIONS                                                                      \
	"  --config FILE          read FILE, not /etc/hearken/hearken.conf; also -c FILE\n" \
	"  -w, --warning RANGE    how many services may be not up before it is WARNING\n"   \
	"  -c, --critical RANGE   how many may be down or unsafe before it is CRITICAL;\n"  \
	"                         both 0 unless said\n"                                     \
	"  -t, --timeout D        end as UNKNOWN after that: 10, 10s, 500ms\n"

static const struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
	const char *does;
	const char *options; /* a line each; NULL: none but the common ones */
} subcommands[] = {
	{ "run", command_run, "[-c FILE]", "the daemon, in the foreground", CONFIG_OPTION },
	{ "check", command_check, "[--config FILE] [-w RANGE] [-c RANGE] [-t D] [-v] [--json]",
	  "one look: intent, snapshot, probes",
	  PLUGIN_OPTIONS
	  "  -v, --verbose          all that is known, which is so already\n" JSON_OPTION },
	{ "status", command_status, "[--config FILE] [-w RANGE] [-c RANGE] [-t D] [-v] [--json]",
	  "what the running daemon knows, the sick first",
	  PLUGIN_OPTIONS
	  "  -v, --verbose          all that is known, not only a table\n" JSON_OPTION },
	{ "watch", command_watch, "[-c FILE] [--all] [--json]",
	  "listeners as they come and go, and why they went",
	  CONFIG_OPTION "  --all                  of every port, not only those of mail\n"
			"  --json                 one JSON object a line\n" },
	{ "config", command_config, "[-c FILE] [--json] [--syntax]",
	  "the effective expected set, and which source says each thing",
	  CONFIG_OPTION JSON_OPTION
	  "  --syntax               read hearken.conf alone, and say what is wrong with it\n" },
	{ "preflight", command_preflight, "[-c FILE] [--json]",
	  "before a reload or restart: what the configuration on disk would lose",
	  CONFIG_OPTION JSON_OPTION },
	{ "probe", command_probe, "HOST:PORT --protocol P [OPTION]...",
	  "one conversation, no daemon, no root", probe_request_options },
	{ "explain", command_explain, "PORT|SERVICE [-c FILE] [--incident ID] [--json]",
	  "the whole story of one service: the four truths, why, what would help",
	  command_explain_options },
	{ "history", command_history, "[-c FILE] [--since DURATION] [--json]",
	  "incidents, what they cost and what was done; without the daemon too",
	  command_history_options },
	{ "replay", command_replay, "FILE [--json]",
	  "decides once more what was recorded (record =), and says what differs",
	  command_replay_options },
	{ "silence", command_silence, "[WHO DURATION|until TIME|off] [--reason TEXT] [-c FILE]",
	  "no alerts and no repair for a while; alone it lists who is silenced",
	  command_silence_options },
	{ "bug-report", command_bug_report, "[-c FILE] [-o FILE]",
	  "the last facts, status and versions, without secrets or names of people",
	  command_bug_report_options },
	{ "deliver", command_deliver, "[-c FILE]",
	  "runs the hook for each event that waits (hearken-hook.service does)", CONFIG_OPTION },
};

static const char common_options[] = "  -h, --help             this\n"
				     "  -V, --version          which Hearken this is\n";

static void print_usage(FILE *out)
{
	fprintf(out, "Hearken " HEARKEN_VERSION ", a listener watchdog for mail servers\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		fprintf(out, "  hearken %-10s %s\n      %s\n", subcommands[i].name,
			subcommands[i].usage, subcommands[i].does);
	fprintf(out, "\n\"hearken SUBCOMMAND --help\" lists its options.\n"
		     "Exit status of check, status, preflight and probe:\n"
		     "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n");
}

static int print_version(void)
{
	puts("hearken " HEARKEN_VERSION);
	return 0;
}

static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		if (strcmp(name, subcommands[i].name) == 0)
			return &subcommands[i];
	return NULL;
}

static int print_help(const char *name)
{
	const struct subcommand *subcommand = name ? find(name) : NULL;

	if (!subcommand)
		print_usage(stdout);
	else
		printf("Usage: hearken %s %s\n\n%c%s.\n\n%s%s", name, subcommand->usage,
		       subcommand->does[0] - 'a' + 'A', subcommand->does + 1,
		       subcommand->options ? subcommand->options : "", common_options);
	return 0;
}

static bool is_one_of(const char *word, const char *brief, const char *name)
{
	return strcmp(word, brief) == 0 || strcmp(word, name) == 0;
}

static int run(const struct subcommand *subcommand, int argc, char **argv)
{
	char name[32];

	/* Whatever else is said: who asks for help is not made to say all of it rightly. */
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (is_one_of(argv[i], "-h", "--help"))
			return print_help(subcommand->name);
		if (is_one_of(argv[i], "-V", "--version"))
			return print_version();
	}
	/* As getopt begins its complaints. */
	(void)text_format(name, sizeof(name), "hearken %s", subcommand->name);
	argv[0] = name;
	return subcommand->run(argc, argv);
}

int main(int argc, char **argv)
{
	const char *names[ARRAY_SIZE(subcommands) + 1] = { NULL };
	const struct subcommand *subcommand;
	const char *nearest;

	prober_child_main(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		names[i] = subcommands[i].name;
	if (argc < 2) {
		print_usage(stderr);
		return COMMAND_USAGE;
	}
	if (is_one_of(argv[1], "-V", "--version"))
		return print_version();
	if (is_one_of(argv[1], "-h", "--help") || strcmp(argv[1], "help") == 0)
		return print_help(argc > 2 ? argv[2] : NULL);
	subcommand = find(argv[1]);
	if (subcommand)
		return run(subcommand, argc - 1, argv + 1);
	nearest = text_nearest(argv[1], names);
	fprintf(stderr,
		"hearken: there is no subcommand \"%s\"%s%s%s; \"hearken --help\" lists them\n",
		argv[1], nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		nearest ? "\"?" : "");
	return COMMAND_USAGE;
}
