/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment of processes in containers: the words that a product was started with. */
#ifndef DISCOVER_PROCESSES_H
#define DISCOVER_PROCESSES_H

#include "intent/declared/discovery.h"

#define DISCOVER_PROCESSES_MAX	32768
#define DISCOVER_CONTAINERS_MAX 128 /* whose environment is read, by one process each */
#define DISCOVER_ENVIRON_MAX	(128 * 1024)

/* @root: as for discover(). Returns 0 or -ENOMEM; what cannot be looked at is told in @discovery.
 */
int discover_processes(const char *root, struct discovery *discovery);

#endif
