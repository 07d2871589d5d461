/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What follows from facts of who listens: who opened, closed and was refused the port, where, what
 * systemd does to the unit, and whether anybody accepts. Private to judge/; pure. */
#ifndef LISTENING_H
#define LISTENING_H

#include "judge/state.h"

void listening_on_coverage(struct judge *judge, const struct fact *fact, struct moment now,
			   struct actions *actions);
void listening_on_bind_failed(struct judge *judge, const struct fact *fact, struct moment now,
			      struct actions *actions);
void listening_on_container(struct judge *judge, const struct fact *fact, struct moment now,
			    struct actions *actions);
void listening_on_place(struct judge *judge, const struct fact *fact, struct moment now,
			struct actions *actions);
void listening_on_queues(struct judge *judge, const struct fact *fact, struct moment now,
			 struct actions *actions);
void listening_on_unit(struct judge *judge, const struct fact *fact, struct moment now,
		       struct actions *actions);

#endif
