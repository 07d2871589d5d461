/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* While an operator wants no alert and no repair: all is judged and kept as ever, and said so that
 * nobody is paged. Private to judge/; pure. */
#ifndef JUDGE_SILENCE_H
#define JUDGE_SILENCE_H

#include "judge/state.h"

/* A silence begins or ends. At its end what still is wrong is told, and may be repaired. */
void silence_on_fact(struct judge *judge, const struct fact *fact, struct moment now,
		     struct actions *actions);

/* Marks those of @actions that are said in a silence. */
void silence_hush(struct judge *judge, struct actions *actions);

#endif
