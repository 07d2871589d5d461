/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The repair of an incident: planned for a reason, looked at before it is tried, paid for, and
 * proven or not. Private to judge/; pure. */
#ifndef REPAIR_H
#define REPAIR_H

#include "judge/state.h"

/* Decides whether the incident of @service gets a repair, for the reasons that this one has. */
void repair_plan(struct judge *judge, size_t service, struct moment now, struct actions *actions);

void repair_checked(struct judge *judge, const struct fact *fact, struct moment now,
		    struct actions *actions);
void repair_ended(struct judge *judge, const struct fact *fact, struct moment now,
		  struct actions *actions);
void repair_tick(struct judge *judge, size_t service, struct moment now, struct actions *actions);
uint64_t repair_deadline(const struct judge *judge, size_t service);

#endif
