/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The repair of an incident: planned for a reason, looked at before it is tried, paid for, and
 * proven or not. Private to judge/; pure. */
#ifndef REPAIR_H
#define REPAIR_H

#include "judge/state.h"

/* Decides whether the incident of @service gets a repair, for the reasons that this one has. */
void repair_plan(struct judge *judge, size_t service, struct moment now, struct actions *actions);

/* The service was lost once more, before what helped it was proven: a new reason. */
void repair_again(struct judge *judge, size_t service, struct moment now, struct actions *actions);

/* systemd said something of its unit, which a repair may have waited for. */
void repair_on_unit(struct judge *judge, size_t service, struct moment now);

void repair_checked(struct judge *judge, const struct fact *fact, struct moment now,
		    struct actions *actions);
void repair_ended(struct judge *judge, const struct fact *fact, struct moment now,
		  struct actions *actions);
void repair_tick(struct judge *judge, size_t service, struct moment now, struct actions *actions);
uint64_t repair_deadline(const struct judge *judge, size_t service);

#endif
