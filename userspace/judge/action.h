/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes out of the judge: actions for whoever feeds it to carry out, and how often. */
#ifndef ACTION_H
#define ACTION_H

#include "model/finding.h"
#include "model/record.h"

#define JUDGE_INCIDENTS_MAX 64
#define JUDGE_ACTIONS_MAX   16 /* a fact causes fewer; asserted */

enum repair_state { REPAIR_IDLE, REPAIR_PLANNED, REPAIR_CHECKING, REPAIR_RUNNING, REPAIR_PROVING };

/* check: look whether the server could start with what is on disk now, and answer with
 * FACT_CHECKED. repair: before it is carried out the budgets must be stored, since it has been
 * spent. */
enum action_kind { ACTION_SAY, ACTION_PROBE, ACTION_CHECK, ACTION_REPAIR };

struct action {
	enum action_kind kind;
	size_t service;
	enum rung rung;
	struct record record; /* say; check, repair: only its incident */
};

struct actions {
	struct action list[JUDGE_ACTIONS_MAX];
	size_t n;
};

struct judge_counts { /* since the judge was made */
	uint64_t incidents;
	uint64_t repairs[3][2]; /* by rung, then failed, done */
	uint64_t withheld[WITHHELD_COUNT];
};

#endif
