/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of senses: what is seen less well than it should be. Said when it begins and when it ends,
 * and shown in the status as long as it lasts. */
#ifndef DEGRADED_H
#define DEGRADED_H

#include "agent/daemon/core.h"
#include "model/record.h"

#define DEGRADED_SIZE 256

enum degradation {		      /* why; several may be at a time */
		   DEGRADED_OBSERVER, /* polling, or blind */
		   DEGRADED_BINDS,
		   DEGRADED_ACCEPTS,
		   DEGRADED_SIGNALS,
		   DEGRADED_EVENTS,
		   DEGRADED_FLOOD,
		   DEGRADED_FULL,
		   DEGRADED_OPENERS,
		   DEGRADED_SNAPSHOT,
		   DEGRADED_PROBER,
		   DEGRADED_FACTS,
		   DEGRADED_SYSTEMD,
		   DEGRADED_PIDS,
		   DEGRADATIONS,
};

struct degraded;

/* Hears of each beginning and end, @detail is for people. */
typedef void degraded_say(enum record_kind kind, const char *detail, void *userdata);

/* Returns 0 or -ENOMEM. */
int degraded_new(struct core *core, degraded_say *say, void *userdata, struct degraded **ret);
void degraded_free(struct degraded *degraded);
DEFINE_FREEP(struct degraded, degraded_free)

void degraded_begin(struct degraded *degraded, enum degradation which, const char *why);
void degraded_end(struct degraded *degraded, enum degradation which, const char *what);

/* For those of which only the last sign is seen: it ends by itself, so much after the last call. */
void degraded_flooded(struct degraded *degraded, uint16_t port, unsigned int events_per_second);

/* All of them in one sentence; "" while there are none. */
const char *degraded_text(const struct degraded *degraded);

#endif
