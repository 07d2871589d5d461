/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where services are expected, for commands that look once. (The daemon follows: places.c.) */
#ifndef WHEREABOUTS_H
#define WHEREABOUTS_H

#include "intent/config/config.h"
#include "intent/merge/intent.h"
#include "intent/merge/intent_read.h"
#include "model/container.h"

/* The containers of this host, as their runtimes know them now. */
struct whereabouts { /* zeroed: none */
	struct container *list;
	struct container_set containers;
};

/* Asks the runtimes, for two seconds at most; one that does not answer has none. Returns 0 or
 * -errno; the caller releases it with whereabouts_clear(). */
int whereabouts_find(struct whereabouts *ret);
void whereabouts_clear(struct whereabouts *whereabouts);

/* Writes the path that leads to the network namespace that @config names; "" is our own. Says what
 * is wrong; returns 0 or -errno, -ESRCH when there is no such container. */
int whereabouts_netns(const struct config *config, char to[static CONFIG_PATH_SIZE]);

/* The network namespace in which @service is expected: that of its container, where one was found
 * for it, else @netns, which @config names. 0: that container does not run. */
uint32_t whereabouts_of(const struct whereabouts *whereabouts, const struct service *service,
			uint32_t netns);

/* intent_read(), with the servers' programs run inside of the container that @config may name, and
 * of those that publish ports. @whereabouts: NULL: nobody asks for them. */
int whereabouts_intent(const struct config *config, const struct whereabouts *whereabouts,
		       struct intent *ret);

#endif
