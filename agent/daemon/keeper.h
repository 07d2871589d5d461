/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps on disk what must outlive the daemon: incidents, and what is held of each service.
 * Hearken's own end is no outage of others, and no amnesia. */
#ifndef KEEPER_H
#define KEEPER_H

#include "agent/daemon/core.h"
#include "intent/config/config.h"

struct keeper;

/* @config says where, and must outlive it. Returns 0 or -ENOMEM. */
int keeper_new(struct core *core, const struct config *config, struct keeper **ret);
void keeper_free(struct keeper *keeper);
DEFINE_FREEP(struct keeper, keeper_free)

/* A unit that was known as a service's owner. */
typedef void keeper_learned(size_t service, const char *unit, void *userdata);

/* Gives the core what was kept, before the first fact; what cannot be read is said, set aside
 * beside its place, and then nothing is remembered. */
void keeper_give_back(struct keeper *keeper, keeper_learned *learned, void *userdata);

/* Something is other than it was: it is stored soon, within the same turn of the loop if nothing
 * was just before. */
void keeper_note(struct keeper *keeper);

void keeper_store(struct keeper *keeper); /* now; says itself when it cannot */

#endif
