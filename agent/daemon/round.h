/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of rounds: what is known of one service's conversations. Pure. */
#ifndef ROUND_H
#define ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/daemon/header_trial.h"
#include "agent/daemon/injection.h"
#include "agent/daemon/talk.h"
#include "model/answers.h"
#include "model/disk.h"

#define ROUND_INJECTION (UINT32_C(1) << VANTAGE_COUNT)

struct round { /* of one service; zeroed is a valid start */
	bool is_open;
	uint32_t asked, waiting, under_way; /* 1 << enum vantage; ROUND_INJECTION */
	struct address addresses[VANTAGE_COUNT];
	struct answers answers; /* those of the last round, until those of this one come */
	bool answered;		/* whether @combined means something */
	struct answer combined; /* with what the disk says, and the injection check */
	struct disk_word disk;
	struct header_trial trials[SIGHT_COUNT];
	struct injection injection;
};

/* What was learned, without what is under way. */
struct round round_moved(const struct round *round);

/* Nobody listens any more: no TLS and no certificate is there to be seen. */
void round_forget_seen(struct round *round);

/* A host can listen on "::" and yet have no ::1: then there is nothing to be reached at @vantage,
 * and nothing to be said. @r: what connecting said. */
bool round_has_no_vantage(const struct round *round, enum vantage vantage, int r);

#endif
