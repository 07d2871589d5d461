/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of senses: what systemd says of the units behind the services becomes facts. */
#ifndef UNITS_H
#define UNITS_H

#include "act/systemd.h"
#include "agent/daemon/core.h"
#include "agent/daemon/degraded.h"

#define UNITS_MAX 64 /* whose state is followed */

struct units;

/* A unit was started or reloaded, perhaps with a configuration that opens the same ports otherwise.
 */
typedef void units_loaded(void *userdata);

/* The host is not shut down after all: what happened meanwhile was not judged. */
typedef void units_go_on(void *userdata);

/* Connects to systemd; says itself when it cannot be reached, and where it is this host's, goes on
 * trying. Returns 0 or -ENOMEM. */
int units_new(struct core *core, struct degraded *degraded, units_loaded *loaded,
	      units_go_on *go_on, void *userdata, struct units **ret);
void units_free(struct units *units);
DEFINE_FREEP(struct units, units_free)

/* Follows the units of all services; those that are followed already stay. */
void units_watch_all(struct units *units);
void units_watch(struct units *units, const char *unit);

/* As systemd_act(); -ENOTCONN while it cannot be reached. */
int units_act(struct units *units, const char *unit, enum rung rung, systemd_done *done,
	      void *userdata);

#endif
