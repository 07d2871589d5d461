// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/command_config.h"

#include <stdio.h>
#include <string.h>

#include "agent/commands/commands.h"
#include "agent/commands/config_json.h"
#include "agent/commands/whereabouts.h"
#include "base/log.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "intent/merge/intent.h"

#define LINE_SIZE 512

enum { CLEAN, WARNINGS, ERRORS }; /* exit status */

static const char *path_of(const struct intent *intent, const struct statement *statement)
{
	if (statement->source < 0 || (size_t)statement->source >= intent->n_sources)
		return "";
	return intent->sources[statement->source].path;
}

static int print_json(const struct intent *intent, const struct complaints *own)
{
	cleanup(json_decrefp) json_t *root = config_json(intent, own);

	return command_print_json(root);
}

/* ---- for people ---- */

static void print_table(const struct intent *intent)
{
	int width = (int)strlen("SERVICE");

	for (size_t i = 0; i < intent->services.n; i++)
		if ((int)strlen(intent->services.list[i].name) > width)
			width = (int)strlen(intent->services.list[i].name);
	printf("%-*s %5s  %-10s %-17s %-8s %-8s %s\n", width, "SERVICE", "PORT", "PROTOCOL", "TLS",
	       "EXPECTED", "RENDERED", "SAID BY");
	for (size_t i = 0; i < intent->services.n; i++) {
		const struct service *service = &intent->services.list[i];
		const char *comma = "";

		printf("%-*s %5u  %-10s %-17s %-8s %-8s ", width, service->name, service->want.port,
		       protocol_name(service->want.protocol), tls_mode_name(service->want.tls),
		       service->expected ? "yes" : "no",
		       service->provenance.rendered == RENDERED_UNKNOWN
			       ? "?"
			       : rendered_name(service->provenance.rendered));
		for (enum source_kind k = 0; k < SOURCE_KIND_COUNT; k++) {
			if (!(service->provenance.sources & 1U << k))
				continue;
			printf("%s%s", comma, source_name(k));
			comma = ", ";
		}
		putchar('\n');
	}
}

/* Its name is enough, unless several files are of the same kind. */
static void show_speaker(const struct intent *intent, const struct statement *statement,
			 char to[static LINE_SIZE])
{
	size_t same = 0;

	for (size_t i = 0; i < intent->n_sources; i++)
		same += intent->sources[i].kind == statement->kind;
	(void)text_format(to, LINE_SIZE, "%s%s%s", source_name(statement->kind),
			  same > 1 ? " " : "", same > 1 ? path_of(intent, statement) : "");
	text_sanitize(to);
}

/* "starttls, on 0.0.0.0 ::, after a PROXY header"; "takes it off". */
static void show_statement(const struct statement *statement, char to[static LINE_SIZE])
{
	if (!statement->expected) {
		(void)text_copy(to, LINE_SIZE, "takes it off");
		return;
	}
	(void)text_format(
		to, LINE_SIZE, "%s%s%s",
		statement->protocol == PROTOCOL_UNSET ? "wants it"
						      : protocol_name(statement->protocol),
		statement->tls == TLS_UNSET ? "" : ", tls ", tls_mode_name(statement->tls));
	for (size_t i = 0; i < statement->n_addresses; i++) {
		char address[ADDRESS_TEXT_SIZE];

		address_show(&statement->addresses[i], address);
		(void)text_append(to, LINE_SIZE, "%s %s", i ? "" : ", on", address);
	}
	if (statement->proxy_header)
		(void)text_append(to, LINE_SIZE, ", after a PROXY header");
}

static void print_statements(const struct intent *intent)
{
	char who[LINE_SIZE], what[LINE_SIZE];

	if (intent->services.n)
		puts("\nWho says what:");
	for (size_t i = 0; i < intent->services.n; i++) {
		const struct service *service = &intent->services.list[i];

		printf("  %s (%u)\n", service->name, service->want.port);
		for (size_t j = 0; j < intent->statements.n; j++) {
			const struct statement *statement = &intent->statements.list[j];

			if (statement->port != service->want.port)
				continue;
			show_speaker(intent, statement, who);
			show_statement(statement, what);
			printf("    %-18s %s\n", who, what);
		}
	}
}

static void print_complaints(const struct complaints *complaints)
{
	for (size_t i = 0; i < complaints->n; i++)
		printf("  %s: %s\n", complaints->list[i].is_error ? "error" : "warning",
		       complaints->list[i].text);
	if (complaints->n_errors + complaints->n_warnings > complaints->n)
		printf("  and %zu more\n",
		       complaints->n_errors + complaints->n_warnings - complaints->n);
}

/* Who asks for what is not said will not know why. */
static void print_names(const struct server_names *names)
{
	if (!names->n)
		puts("\nnames: nobody says what clients call this host, so certificates are not "
		     "checked for a name; say it with server-name = in hearken.conf");
	for (size_t i = 0; i < names->n; i++)
		printf("%s%s%s%s", i ? " " : "\nnames: ", names->list[i].name,
		       server_name_is_said(&names->list[i]) ? "" : " (a guess)",
		       i + 1 == names->n ? "\n" : "");
}

static void print_sources(const struct intent *intent)
{
	char path[SOURCE_PATH_SIZE];

	putchar('\n');
	for (size_t i = 0; i < intent->n_sources; i++) {
		const struct source *source = &intent->sources[i];

		(void)text_copy(path, sizeof(path), source->path);
		text_sanitize(path);
		printf("source %s%s%s: %s%s%s%s\n", source_name(source->kind), *path ? " " : "",
		       path, source_state_name(source->state), *source->why ? " (" : "",
		       source->why, *source->why ? ")" : "");
		print_complaints(&source->complaints);
	}
	for (size_t i = 0; i < intent->conflicts.n; i++)
		printf("conflict: %s\n", intent->conflicts.list[i].text);
	if (intent->conflicts.n_more)
		printf("and %zu more conflicts\n", intent->conflicts.n_more);
}

/* ---- */

static int worse(int status, const struct complaints *complaints)
{
	if (complaints->n_errors)
		return ERRORS;
	return complaints->n_warnings && status == CLEAN ? WARNINGS : status;
}

/* Only hearken.conf, as a daemon would take it: for who is about to reload one. */
static int check_syntax(const char *path)
{
	struct complaints complaints = { 0 };
	struct config config;
	int r = config_load(path, &config, &complaints);

	command_print_complaints(&complaints);
	if (r < 0)
		return ERRORS;
	config_clear(&config);
	return CLEAN;
}

/* Takes "--syntax" out of @argv. */
static bool take_syntax(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--syntax") != 0)
			continue;
		memmove(argv + i, argv + i + 1, (size_t)(*argc - i) * sizeof(*argv));
		(*argc)--;
		return true;
	}
	return false;
}

int command_config(int argc, char **argv)
{
	struct complaints complaints = { 0 };
	struct intent intent = { 0 };
	struct config config;
	cleanup(whereabouts_clear) struct whereabouts whereabouts = { 0 };
	const char *path;
	bool json, syntax = take_syntax(&argc, argv);
	int status, r = command_take_options(argc, argv, true, &path, &json);

	if (r != 0)
		return r;
	if (syntax)
		return check_syntax(path);
	r = config_load(path, &config, &complaints);
	command_print_complaints(&complaints);
	if (r < 0) {
		if (json)
			(void)print_json(&intent, &complaints);
		return ERRORS;
	}
	r = whereabouts_find(&whereabouts);
	if (r >= 0)
		r = whereabouts_intent(&config, &whereabouts, &intent);
	config_clear(&config);
	if (r < 0) {
		(void)log_error(r, "Cannot read the sources");
		return ERRORS;
	}
	command_print_complaints(&intent.complaints);
	status = intent.conflicts.n ? WARNINGS : CLEAN;
	status = worse(status, &complaints);
	if (status != ERRORS)
		status = worse(status, &intent.complaints);
	for (size_t i = 0; i < intent.n_sources && status != ERRORS; i++)
		status = worse(status, &intent.sources[i].complaints);
	if (json) {
		if (print_json(&intent, &complaints) < 0)
			status = ERRORS;
	} else {
		print_table(&intent);
		print_statements(&intent);
		print_names(&intent.names);
		print_sources(&intent);
	}
	intent_clear(&intent);
	return status;
}
