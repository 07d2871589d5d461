/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of senses: a bind that the kernel refused becomes a fact: who asked, why not, and who holds
 * the port. */
#ifndef BINDS_H
#define BINDS_H

#include "agent/daemon/core.h"
#include "agent/daemon/degraded.h"
#include "agent/daemon/place_table.h"
#include "model/bind_error.h"
#include "observe/kernel/observer.h"

struct binds;

typedef void binds_news(void *userdata);

/* Watches for failed binds, if this kernel lets us; says itself when not. @observer: NULL while
 * blind, and then nothing is watched. All must outlive it. @news: after a failed bind where
 * services are expected. Returns 0 or -ENOMEM. */
int binds_new(struct core *core, const struct place_table *places, struct degraded *degraded,
	      struct observer *observer, binds_news *news, void *userdata, struct binds **ret);
void binds_free(struct binds *binds);
DEFINE_FREEP(struct binds, binds_free)

void binds_watch(struct binds *binds, const uint16_t *ports, size_t n);

/* For the view; @binds may be NULL. */
const char *binds_hook(const struct binds *binds);
uint64_t binds_lost(const struct binds *binds);
const uint64_t *binds_failures(const struct binds *binds); /* BIND_ERROR_COUNT; NULL: not counted */

#endif
