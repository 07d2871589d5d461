/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What follows from the answer of a conversation. Private to judge/; pure. */
#ifndef ANSWERING_H
#define ANSWERING_H

#include "judge/state.h"

void answering_on_answer(struct judge *judge, const struct fact *fact, struct moment now,
			 struct actions *actions);

#endif
