/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where services are expected, for commands that look once. (The daemon follows: places.c.) */
#ifndef WHEREABOUTS_H
#define WHEREABOUTS_H

#include "intent/config/config.h"
#include "intent/merge/intent.h"
#include "intent/merge/intent_read.h"

/* Writes the path that leads to that network namespace now; "" is our own. Says what is wrong;
 * returns 0 or -errno, -ESRCH when there is no such container. */
int whereabouts_netns(const struct config *config, char to[static CONFIG_PATH_SIZE]);

/* intent_read(), with the servers' programs run inside of the container that @config may name. */
int whereabouts_intent(const struct config *config, struct intent *ret);

#endif
