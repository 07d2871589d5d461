// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/command_replay.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/commands/usage.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "judge/recording/player.h"
#include "model/fact_fields.h"

#define DIFFERS	     1
#define MESSAGE_SIZE 4096

const char command_replay_options[] =
	"  --json                 one JSON object a line: each decision, then all in all\n";

struct replay {
	const char *path;
	bool json;
	uint64_t line, bad_lines;
};

/* -- for people */

static void print_time(uint64_t real_usec)
{
	char time[64];

	(void)text_show_time((int64_t)(real_usec / USEC_PER_SEC), "%Y-%m-%d %H:%M:%S", time,
			     sizeof(time));
	printf("%s.%06u", time, (unsigned int)(real_usec % USEC_PER_SEC));
}

static void print_action(const struct action *action)
{
	char message[MESSAGE_SIZE];

	switch (action->kind) {
	case ACTION_SAY:
		record_message(&action->record, message, sizeof(message));
		text_sanitize(message);
		printf("    %s: %s\n", record_kind_name(action->record.kind), message);
		break;
	case ACTION_PROBE:
		puts("    asks for a conversation");
		break;
	case ACTION_CHECK:
		puts("    looks whether a repair could succeed");
		break;
	case ACTION_REPAIR:
		printf("    repairs: %s\n", rung_name(action->rung));
		break;
	}
}

static void print_state(const json_t *did)
{
	static const char *const keys[] = { "finding", "cause" };
	const json_t *is = json_object_get(did, "is");
	const char *verdict = json_string_value(json_object_get(is, "verdict"));

	if (!is)
		return;
	printf("    is %s", verdict ? verdict : "unknown");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(is, keys[i]))
			printf(", %s", json_string_value(json_object_get(is, keys[i])));
	putchar('\n');
}

static void print_line(const char *what, const json_t *did)
{
	cleanup(memory_freep) char *text =
		json_is_null(did) ? NULL : json_dumps(did, JSON_COMPACT | JSON_ENSURE_ASCII);

	printf("    %s %s\n", what, text ? text : "nothing");
}

static void print_turn(const struct replay *replay, const struct player_turn *turn)
{
	const struct fact *fact = turn->fact;

	print_time(turn->at.real_usec);
	if (recording_is_result(fact))
		printf(" a repair was %s\n", fact_word(fact->kind));
	else {
		char name[SERVICE_NAME_SIZE];

		(void)text_copy(name, sizeof(name), turn->services->list[fact->service].name);
		text_sanitize(name);
		printf(" %s: %s\n", name, fact_word(fact->kind));
	}
	for (size_t i = 0; i < turn->actions->n; i++)
		print_action(&turn->actions->list[i]);
	print_state(turn->now);
	if (!turn->differs)
		return;
	printf("    DIFFERS, %s:%llu\n", replay->path, (unsigned long long)replay->line);
	print_line("then:", turn->then);
	print_line("now: ", turn->now);
}

/* -- for programs */

static void print_object(json_t *object)
{
	if (object)
		(void)json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_turn_json(const struct replay *replay, const struct player_turn *turn)
{
	json_t *object = json_pack("{s:s, s:[I, I], s:O, s:I}", "fact", fact_word(turn->fact->kind),
				   "at", (json_int_t)turn->at.usec, (json_int_t)turn->at.real_usec,
				   "did", turn->now, "line", (json_int_t)replay->line);

	if (object && !recording_is_result(turn->fact))
		json_object_set_new(object, "service",
				    json_string(turn->services->list[turn->fact->service].name));
	if (object && turn->differs)
		json_object_set(object, "then", (json_t *)(uintptr_t)turn->then);
	print_object(object);
}

/* -- */

/* That a conversation is wanted again is none. */
static bool is_of_interest(const struct player_turn *turn)
{
	if (turn->differs || turn->actions->n == 0)
		return true;
	for (size_t i = 0; i < turn->actions->n; i++)
		if (turn->actions->list[i].kind != ACTION_PROBE)
			return true;
	return false;
}

static void on_turned(const struct player_turn *turn, void *userdata)
{
	const struct replay *replay = userdata;

	if (replay->json)
		print_turn_json(replay, turn);
	else if (is_of_interest(turn))
		print_turn(replay, turn);
}

static void on_begun(const char *by, struct moment at, void *userdata)
{
	const struct replay *replay = userdata;

	if (replay->json)
		return;
	print_time(at.real_usec);
	printf(" recorded by Hearken %s\n", by);
}

static void on_unknown(const char *name, const char *by, void *userdata)
{
	const struct replay *replay = userdata;

	(void)log_warning(0,
			  "%s:%llu: this Hearken does not know \"%s\", which Hearken %s wrote: "
			  "what follows from it is left out",
			  replay->path, (unsigned long long)replay->line, name, by);
}

static void say_bad(struct replay *replay, const char *why)
{
	replay->bad_lines++;
	(void)log_error(0, "%s:%llu: %s", replay->path, (unsigned long long)replay->line, why);
}

/* Reads a line into @line (RECORDING_LINE_MAX + 1 bytes), and passes over what is too much of it.
 * Returns false at the end of the file. */
static bool read_line(FILE *file, char *line, size_t *ret_size, bool *ret_torn)
{
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n')
		if (n <= RECORDING_LINE_MAX)
			line[n++] = (char)c;
	*ret_size = n;
	*ret_torn = c == EOF;
	return n > 0 || c != EOF;
}

static int play(FILE *file, struct replay *replay, struct player *player)
{
	cleanup(memory_freep) char *line = malloc(RECORDING_LINE_MAX + 1);
	size_t size;
	bool is_torn;
	int r = line ? 0 : -ENOMEM;

	while (r != -ENOMEM && read_line(file, line, &size, &is_torn)) {
		replay->line++;
		r = player_take(player, line, size);
		if (r == -EBADMSG && is_torn)
			say_bad(replay,
				"its last line is torn: what stands before it was replayed");
		else if (r < 0)
			say_bad(replay, player_why(player));
	}
	if (r == -ENOMEM)
		return r;
	if (player_end(player) < 0)
		say_bad(replay, player_why(player));
	return ferror(file) ? -EIO : 0;
}

static void print_end(const struct replay *replay, const struct player_counts *counts)
{
	if (replay->json) {
		print_object(json_pack("{s:I, s:I, s:I, s:I, s:I}", "recordings",
				       (json_int_t)counts->recordings, "facts",
				       (json_int_t)counts->facts, "decisions",
				       (json_int_t)counts->decisions, "differences",
				       (json_int_t)counts->differences, "bad_lines",
				       (json_int_t)replay->bad_lines));
		return;
	}
	printf("%llu facts, %llu decisions: ", (unsigned long long)counts->facts,
	       (unsigned long long)counts->decisions);
	if (counts->differences)
		printf("%llu are not as recorded\n", (unsigned long long)counts->differences);
	else
		puts("all as recorded");
}

static int replay_file(struct replay *replay)
{
	static const struct player_callbacks callbacks = { on_begun, on_turned, on_unknown };
	cleanup(player_freep) struct player *player = NULL;
	FILE *file = fopen(replay->path, "re");
	int r = file ? player_new(&callbacks, replay, &player) : -errno;

	if (r >= 0)
		r = play(file, replay, player);
	if (file)
		(void)fclose(file);
	if (r < 0) {
		(void)log_error(r, "Cannot read %s", replay->path);
		return COMMAND_USAGE;
	}
	if (replay->line == 0) {
		(void)log_error(0, "%s is empty: nothing was recorded", replay->path);
		return COMMAND_USAGE;
	}
	print_end(replay, player_counts(player));
	if (replay->bad_lines)
		return COMMAND_USAGE;
	return player_counts(player)->differences ? DIFFERS : 0;
}

int command_replay(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	struct replay replay = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j')
			return usage_wrong(argv[0]);
		replay.json = true;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, optind == argc ? "%s: which FILE?\n" : "%s: one FILE at a time\n",
			argv[0]);
		return usage_wrong(argv[0]);
	}
	replay.path = argv[optind];
	return replay_file(&replay);
}
