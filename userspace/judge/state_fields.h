/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of all that a judge holds, as model/fields.h describes them. Private to judge/. */
#ifndef STATE_FIELDS_H
#define STATE_FIELDS_H

#include "model/fields.h"

extern const struct fields action_fields;
extern const struct fields budget_fields;
extern const struct fields incident_fields;
extern const struct fields judge_fields; /* itself: the policy, what was counted, the seed */
extern const struct fields policy_fields;
extern const struct fields watch_fields;

const char *repair_word(unsigned int value); /* of enum repair_state */

#endif
