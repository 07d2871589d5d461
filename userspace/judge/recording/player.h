/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes a recording line by line, and has a judge decide all of it once more. Pure: no file, no
 * clock; nothing that a line says can do more than be refused. */
#ifndef PLAYER_H
#define PLAYER_H

#include "judge/recording/recording.h"

struct player;

/* What followed from one fact, then and now. */
struct player_turn {
	const struct fact *fact;
	struct moment at;
	const struct service_set *services;
	const struct actions *actions;
	const json_t *now;  /* the did line; json_null(): nothing followed */
	const json_t *then; /* the same of the recording */
	bool differs;
};

struct player_callbacks {
	void (*begun)(const char *by, struct moment at, void *userdata); /* a recording; by whom */
	void (*turned)(const struct player_turn *turn,
		       void *userdata); /* where something followed */
	/* A name that no field has: @by, another version, knows more than we. Once a recording. */
	void (*unknown)(const char *name, const char *by, void *userdata);
};

struct player_counts {
	uint64_t recordings, facts, decisions, differences;
};

/* Returns 0 or -ENOMEM. @callbacks and what they may be NULL, and must outlive it. */
int player_new(const struct player_callbacks *callbacks, void *userdata, struct player **ret);
void player_free(struct player *player);
DEFINE_FREEP(struct player, player_free)

/* One line, of @size bytes, without its end. Returns 0, -EBADMSG (it is not of a recording, or does
 * not belong here: up to the next begin all is passed over), -EPROTONOSUPPORT (of another version),
 * or -ENOMEM. */
int player_take(struct player *player, const char *line, size_t size);
const char *player_why(const struct player *player); /* of the last error, for people */

/* There is nothing more: the last fact is believed to have had no time to be followed. Returns 0,
 * or -EBADMSG: a recording has no end to its beginning. */
int player_end(struct player *player);

const struct player_counts *player_counts(const struct player *player);
const struct judge *player_judge(const struct player *player); /* NULL: none has begun */

#endif
