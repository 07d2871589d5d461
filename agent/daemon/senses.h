/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What listens: the observer, and what its changes mean for the services. Beside it, each with a
 * hook of its own: binds.h, queues.h, units.h; degraded.h says what is not seen. */
#ifndef SENSES_H
#define SENSES_H

#include "agent/daemon/core.h"
#include "agent/daemon/degraded.h"
#include "agent/daemon/place_table.h"
#include "observe/kernel/observer.h"

struct senses;

struct senses_callbacks { /* those that may be NULL are told so */
	/* A listener somewhere came or went; before the judge hears of it. */
	void (*changed)(const struct listener_change *change, void *userdata);
	/* Service @i has another listener: perhaps another server. */
	void (*opened)(size_t service, void *userdata);
	/* Whose the port is was seen; the judge knows already. */
	void (*learned)(size_t service, const char *unit, void *userdata);
	/* Somebody who lives on opened or closed something where services are expected. */
	void (*altered)(void *userdata);
	/* Something is known of listeners that files should tell. NULL: there are none. */
	void (*news)(void *userdata);
	/* A client arrived while others waited. May be NULL. */
	void (*crowded)(void *userdata);
	/* The listener is gone, and the judge has heard of it. May be NULL. */
	void (*gone)(uint64_t cookie, void *userdata);
	/* The slow wake-up: listeners were looked up (@looked), or that failed. */
	void (*beat)(bool looked, void *userdata);
};

/* @places, @degraded and @callbacks must outlive it. Returns 0 or -ENOMEM. */
int senses_new(struct core *core, const struct place_table *places, struct degraded *degraded,
	       const struct senses_callbacks *callbacks, void *userdata, struct senses **ret);
void senses_free(struct senses *senses);
DEFINE_FREEP(struct senses, senses_free)

/* Opens the best observer that this kernel lets us have, and says what is missing. @content: who
 * may not use BPF is content with polling. Returns 0, also when we are blind, or -EPERM when there
 * is no use in that, which was said. */
int senses_open(struct senses *senses, bool content);

struct observer *senses_observer(const struct senses *senses);	       /* NULL: blind */
const struct inventory *senses_inventory(const struct senses *senses); /* NULL: blind */

/* A listener on one of these ports is of interest from now on. */
void senses_watch(struct senses *senses, const uint16_t *ports, size_t n);

/* The places are others: what is seen there has room of its own, and crowds are told of there. */
void senses_follow_places(struct senses *senses);

/* Looks up all listeners. Returns 0, also while blind, or -errno, which was said. */
int senses_look(struct senses *senses);

/* From here on changes are facts, and the slow wake-up comes. */
void senses_start(struct senses *senses);

/* Compares each service of @place with the listeners and tells the judge what it does not know.
 * @seen: the change happened while we looked. */
void senses_compare(struct senses *senses, size_t place, bool seen);

#endif
