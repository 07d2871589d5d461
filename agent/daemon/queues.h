/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of senses: looks at the accept queues when there is a reason to, and then once a second
 * until they are empty: an idle machine is left alone. Reasons: a client came while others waited,
 * a server that did not answer, a queue that a snapshot found. What is seen becomes a fact. */
#ifndef QUEUES_H
#define QUEUES_H

#include "agent/daemon/core.h"
#include "agent/daemon/degraded.h"
#include "agent/daemon/place_table.h"
#include "observe/kernel/observer.h"

struct queues;

/* @observer: NULL while blind. All must outlive it. Returns 0 or -ENOMEM. */
int queues_new(struct core *core, const struct place_table *places, struct degraded *degraded,
	       struct observer *observer, struct queues **ret);
void queues_free(struct queues *queues);
DEFINE_FREEP(struct queues, queues_free)

/* Counts accepts on @ports where anything is expected, if this kernel lets us; says itself when
 * not. */
void queues_watch(struct queues *queues, const uint16_t *ports, size_t n);

void queues_look_soon(struct queues *queues);
void queues_after_snapshot(struct queues *queues);

/* That listener is gone, and its count with it. */
void queues_forget(struct queues *queues, uint64_t cookie);

/* For the view; @queues may be NULL. */
void queues_count(const struct queues *queues); /* accepts, into the inventory */
const char *queues_hook(const struct queues *queues);

#endif
