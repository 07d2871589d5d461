/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where services are expected, for commands that look once. (The daemon follows: place.c.) */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "config.h"

/* Writes the path that leads to that network namespace now; "" is our own. Says what is wrong; returns 0 or
 * -errno, -ESRCH when there is no such container. */
int resolve_netns(const struct config *config, char to[static CONFIG_PATH_SIZE]);

#endif
