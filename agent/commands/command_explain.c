// SPDX-License-Identifier: LGPL-2.1-or-later
/* What ought to be is read anew, as "hearken config" does; what is so is the status file's word;
 * how it came stands in the history; and the server's own last words are journald's. */
#include "agent/commands/command_explain.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/commands/commands.h"
#include "agent/commands/config_json.h"
#include "agent/commands/status_file.h"
#include "agent/commands/whereabouts.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "model/record.h"
#include "report/entry.h"
#include "report/history.h"
#include "report/story.h"

#define JOURNALCTL   "/usr/bin/journalctl"
#define LOG_MAX	     (64 * 1024)
#define LOG_USEC     (5 * USEC_PER_SEC)
#define RECORDS_MAX  256 /* of one incident */
#define LOG_LINE_MAX 512

const char command_explain_options[] =
	"  -c, --config FILE      read FILE, not /etc/hearken/hearken.conf\n"
	"  --incident ID          of that incident, not of now (hearken history has them)\n"
	"  --json                 one JSON object\n";

struct options {
	const char *config, *incident, *service; /* @service: a port, or a name */
	bool json;
};

static int take_options(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "incident", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	*ret = (struct options){ 0 };
	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (c == 'c')
			ret->config = optarg;
		else if (c == 'i')
			ret->incident = optarg;
		else if (c == 'j')
			ret->json = true;
		else
			return usage_wrong(argv[0]);
	}
	if (optind + 1 == argc) {
		ret->service = argv[optind];
		return 0;
	}
	if (optind == argc)
		fprintf(stderr,
			"%s: of which service? Say its port or its name, as \"hearken status\" has "
			"it\n",
			argv[0]);
	else
		fprintf(stderr, "%s: \"%s\" is one word too many\n", argv[0], argv[optind + 1]);
	return usage_wrong(argv[0]);
}

/* The service in @list that @word names. */
static json_t *find(const json_t *list, const char *word)
{
	uint16_t port = 0;
	json_t *one;
	size_t i;

	(void)text_port(word, &port);
	json_array_foreach(list, i, one) if (strcmp(entry_text(one, "name"), word) == 0 ||
					     (port && json_integer_value(json_object_get(
							      one, "port")) == port)) return one;
	return NULL;
}

/* ---- the history ---- */

struct wanted {
	char incident[INCIDENT_ID_SIZE]; /* empty: the last one of @port that is not over */
	json_int_t port;
	json_t *records;
};

static bool is_of_port(const struct wanted *wanted, const json_t *record)
{
	return json_integer_value(json_object_get(record, "port")) == wanted->port;
}

/* Without an id: whichever of its incidents is the last. */
static int note_incident(const json_t *record, void *userdata)
{
	struct wanted *wanted = userdata;

	if (is_of_port(wanted, record) && *entry_text(record, "incident"))
		(void)text_copy(wanted->incident, sizeof(wanted->incident),
				entry_text(record, "incident"));
	return 0;
}

static int take_record(const json_t *record, void *userdata)
{
	struct wanted *wanted = userdata;

	if (strcmp(entry_text(record, "incident"), wanted->incident) != 0 ||
	    json_array_size(wanted->records) >= RECORDS_MAX)
		return 0;
	return json_array_append(wanted->records, (json_t *)record) < 0 ? -ENOMEM : 0;
}

/* The records of the incident that is to be told: @id; else the one that is open; else, of a daemon
 * that does not tell, the last one. */
static json_t *read_records(const char *state, const char *id, const json_t *status, bool blind,
			    json_int_t port)
{
	struct wanted wanted = { .port = port, .records = json_array() };
	const char *open = entry_text(json_object_get(status, "incident"), "id");
	size_t torn;

	(void)text_copy(wanted.incident, sizeof(wanted.incident), id ? id : open);
	if (!*wanted.incident && blind)
		(void)history_read(state, note_incident, &wanted, &torn);
	if (*wanted.incident && wanted.records)
		(void)history_read(state, take_record, &wanted, &torn);
	return wanted.records;
}

/* ---- the server's own words ---- */

static json_t *read_log(const char *unit)
{
	const char *argv[] = { JOURNALCTL,  "--no-pager", "--quiet", "--output=short-iso",
			       "--lines=5", "--unit",	  unit,	     NULL };
	cleanup(memory_freep) char *output = NULL;
	json_t *lines = json_array();
	char line[LOG_LINE_MAX];
	const char *rest;
	int status;

	if (!*unit || access(JOURNALCTL, X_OK) < 0 ||
	    spawn_run(NULL, argv, LOG_MAX, LOG_USEC, &status, &output) < 0 || status != 0)
		return lines;
	rest = output;
	while (text_line(&rest, line, sizeof(line))) {
		text_sanitize(line);
		if (*line)
			(void)json_array_append_new(lines, json_string(line));
	}
	return lines;
}

/* ---- together ---- */

static int print(const json_t *story, bool json)
{
	if (!story)
		return log_error(-ENOMEM, "Cannot tell the story");
	if (json)
		return command_print_json(story);
	story_print(story, (int64_t)time(NULL), stdout);
	return 0;
}

static int tell_names(const json_t *services, const char *word)
{
	const json_t *one;
	size_t i;

	fprintf(stderr, "hearken: no service \"%s\" is expected here", word);
	json_array_foreach(services, i, one)
		fprintf(stderr, "%s%s (%d)", i ? ", " : "; these are: ", entry_text(one, "name"),
			(int)json_integer_value(json_object_get(one, "port")));
	fputc('\n', stderr);
	return COMMAND_USAGE;
}

static int explain(const struct options *options, const struct config *config, const json_t *set)
{
	cleanup(json_decrefp) json_t *status = NULL, *records = NULL, *log = NULL, *story = NULL;
	char why[STATUS_WHY_SIZE];
	struct story_sources sources = { .incident = options->incident };
	const json_t *any;

	if (status_file_read(options->config, &status, why) < 0)
		sources.blind = why;
	sources.expected = find(json_object_get(set, "services"), options->service);
	sources.status = find(json_object_get(status, "services"), options->service);
	any = sources.expected ? sources.expected : sources.status;
	if (!any)
		return tell_names(json_object_get(set, "services"), options->service);
	records = read_records(config->state, options->incident, sources.status, sources.blind,
			       json_integer_value(json_object_get(any, "port")));
	log = read_log(entry_text(sources.status ? sources.status : any, "unit"));
	sources.records = records;
	sources.log = log;
	story = story_build(&sources);
	return print(story, options->json) < 0 ? EXIT_FAILURE : 0;
}

int command_explain(int argc, char **argv)
{
	cleanup(config_clear) struct config config = { 0 };
	cleanup(whereabouts_clear) struct whereabouts whereabouts = { 0 };
	cleanup(json_decrefp) json_t *set = NULL;
	struct complaints complaints = { 0 };
	struct intent intent = { 0 };
	struct options options;
	int r = take_options(argc, argv, &options);

	if (r != 0)
		return r;
	r = config_load(options.config, &config, &complaints);
	if (r < 0) {
		command_print_complaints(&complaints);
		return COMMAND_USAGE;
	}
	r = whereabouts_find(&whereabouts);
	if (r >= 0)
		r = whereabouts_intent(&config, &whereabouts, &intent);
	if (r < 0) {
		(void)log_error(r, "Cannot read the sources");
		return EXIT_FAILURE;
	}
	set = config_json(&intent, &complaints);
	intent_clear(&intent);
	return explain(&options, &config, set);
}
