/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the outlet: what is no incident and yet worth a line in the journal, once as long as the
 * daemon lives: a port that no source expects, and what a conversation noticed that is no fault. */
#ifndef REMARKS_H
#define REMARKS_H

#include "model/view.h"

#define REMARKS_MAX 256 /* that are remembered; more make the oldest be said again */

struct remarks { /* zeroed: nothing was said */
	uint64_t said[REMARKS_MAX];
	size_t next;
};

/* Says what @view has that was not said before. */
void remarks_say(struct remarks *remarks, const struct view *view);

#endif
