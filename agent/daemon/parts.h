/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All the parts, and how they are wired: the only place that knows more than one of them. The first
 * group is enough for one look; who keeps watch adds the others, which are NULL until then. */
#ifndef PARTS_H
#define PARTS_H

#include "agent/daemon/binds.h"
#include "agent/daemon/containers.h"
#include "agent/daemon/core.h"
#include "agent/daemon/degraded.h"
#include "agent/daemon/expectations.h"
#include "agent/daemon/keeper.h"
#include "agent/daemon/outlet.h"
#include "agent/daemon/places.h"
#include "agent/daemon/queues.h"
#include "agent/daemon/repairs.h"
#include "agent/daemon/rounds.h"
#include "agent/daemon/senses.h"
#include "agent/daemon/silences.h"
#include "agent/daemon/units.h"
#include "base/cleanup.h"
#include "report/totals.h"

struct parts {
	struct core *core;
	struct expectations *expectations;
	struct containers *containers;
	struct places *places;
	struct degraded *degraded;
	struct senses *senses;
	struct rounds *rounds;
	struct totals *totals;

	struct outlet *outlet;
	struct binds *binds;
	struct queues *queues;
	struct units *units;
	struct repairs *repairs;
	struct keeper *keeper;
	struct silences *silences;
	struct recorder *recorder;

	bool has_started;		       /* what is known at the start has been told */
	void (*reloaded)(struct parts *parts); /* what SIGHUP asked for is done; may be NULL */
	void (*taken)(struct parts *parts);    /* a fact was taken; may be NULL */
};

/* Makes the first group. @parts is zeroed but for its callbacks, must stay where it is, and is
 * cleared by parts_clear(), also on failure. Returns 0 or -errno. */
int parts_open(struct parts *parts, const char *config_path, const struct rounds_manners *manners);
void parts_clear(struct parts *parts);

/* Reads configuration and sources; says itself what is wrong. Returns 0 or -errno; -ENOMEM is no
 * fault of theirs. */
int parts_read(struct parts *parts);

/* For parts_watch.c, which wires the second group. */

#define RELOAD_SETTLES_USEC (200 * USEC_PER_MSEC) /* ports come after their unit is active */

/* Status and metrics are to be written. */
void parts_note(struct parts *parts);

/* Tells the kernel, and whoever else watches, what is of interest now. */
void parts_follow(struct parts *parts);

/* What can be seen is looked at anew; rounds tell again what they have kept. */
void parts_compare_anew(struct parts *parts);

/* A service is of that unit: the next reading of the sources must know it, too. */
void parts_learn_unit(size_t service, const char *unit, void *userdata);

void parts_say_emptiness(const struct parts *parts);

#endif
