// SPDX-License-Identifier: LGPL-2.1-or-later
/* Recordings that somebody sends: whatever they say, they are refused with a reason, or replayed. */
#include "fuzz.h"

#include "judge/recording/player.h"

static void on_turned(const struct player_turn *turn, void *userdata)
{
	claim(turn->actions->n < JUDGE_ACTIONS_MAX);
	claim(turn->now && turn->then);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct player_callbacks callbacks = { .turned = on_turned };
	struct player *player;

	claim(player_new(&callbacks, NULL, &player) == 0);
	while (size > 0) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t n = newline ? (size_t)(newline - data) : size;

		if (player_take(player, (const char *)data, n) < 0) {
			claim(*player_why(player));
			claim_printable(player_why(player), 256);
		}
		size -= n + (newline != NULL);
		data += n + (newline != NULL);
	}
	(void)player_end(player);
	player_free(player);
	return 0;
}
