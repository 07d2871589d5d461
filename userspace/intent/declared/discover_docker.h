/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The working directories of the compose projects that docker's containers belong to. */
#ifndef DISCOVER_DOCKER_H
#define DISCOVER_DOCKER_H

#include "intent/declared/discovery.h"

/* @root: as for discover(). Returns 0 or -ENOMEM; what cannot be looked at is told in @discovery.
 */
int discover_docker(const char *root, struct discovery *discovery);

#endif
