// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/tape.h"

#include <stdio.h>
#include <string.h>

static int on_line(const json_t *line, void *userdata)
{
	struct tape *tape = userdata;
	size_t size = json_dumpb(line, NULL, 0, JSON_COMPACT);

	if (tape->n + size + 2 > tape->room) {
		tape->room = 2 * (tape->n + size + 2);
		tape->text = realloc(tape->text, tape->room);
		if (!tape->text)
			abort();
	}
	(void)json_dumpb(line, tape->text + tape->n, size, JSON_COMPACT);
	tape->n += size;
	memcpy(tape->text + tape->n++, "\n", 2);
	return 0;
}

void tape_clear(struct tape *tape)
{
	free(tape->text);
	memset(tape, 0, sizeof(*tape));
}

void tape_state(struct tape *tape, const struct judge *judge, struct moment now)
{
	const struct recording_sink sink = { on_line, tape };

	if (recording_put_state(judge, "test", now, &sink) < 0)
		abort();
}

void tape_set(struct tape *tape, const struct judge *judge, struct moment now)
{
	const struct recording_sink sink = { on_line, tape };

	if (recording_put_set(judge, now, &sink) < 0)
		abort();
}

void tape_feed(struct tape *tape, struct judge *judge, const struct fact *fact, struct moment now,
	       struct actions *actions)
{
	const struct recording_sink sink = { on_line, tape };
	cleanup(json_decrefp) json_t *did = NULL;
	struct recording_state before;

	if (recording_put_fact(judge, fact, now, &sink) < 0)
		abort();
	recording_state(judge, fact, now, &before);
	judge_feed(judge, fact, now, actions);
	did = recording_did(judge, fact, now, &before, actions);
	if (!did)
		abort();
	if (!json_is_null(did))
		(void)on_line(did, tape);
}

static void on_turned(const struct player_turn *turn, void *userdata)
{
	cleanup(memory_freep) char *then = NULL, *now = NULL;

	if (!turn->differs)
		return;
	then = json_dumps(turn->then, JSON_COMPACT | JSON_ENCODE_ANY);
	now = json_dumps(turn->now, JSON_COMPACT | JSON_ENCODE_ANY);
	printf("# then: %s\n# now:  %s\n", then, now);
}

static bool is_same_state(const struct judge *a, const struct judge *b, struct moment now)
{
	struct tape of_a = { 0 }, of_b = { 0 };
	bool same;

	tape_state(&of_a, a, now);
	tape_state(&of_b, b, now);
	same = of_a.n == of_b.n && memcmp(of_a.text, of_b.text, of_a.n) == 0;
	if (!same)
		printf("# held then: %s\n# held now:  %s\n", of_a.text, of_b.text);
	tape_clear(&of_a);
	tape_clear(&of_b);
	return same;
}

uint64_t tape_replay(const struct tape *tape, const struct judge *end, struct moment now)
{
	static const struct player_callbacks callbacks = { .turned = on_turned };
	cleanup(player_freep) struct player *player = NULL;
	const char *line = tape->text, *newline;

	if (player_new(&callbacks, NULL, &player) < 0)
		abort();
	for (; (newline = strchr(line, '\n')); line = newline + 1) {
		if (player_take(player, line, (size_t)(newline - line)) < 0) {
			printf("# %s: %.*s\n", player_why(player), (int)(newline - line), line);
			return 1;
		}
	}
	if (!player_judge(player))
		return 1;
	return player_counts(player)->differences + !is_same_state(end, player_judge(player), now);
}
