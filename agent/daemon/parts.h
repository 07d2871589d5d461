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
#include "agent/daemon/outlet.h"
#include "agent/daemon/places.h"
#include "agent/daemon/queues.h"
#include "agent/daemon/repairs.h"
#include "agent/daemon/rounds.h"
#include "agent/daemon/senses.h"
#include "agent/daemon/units.h"
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

	bool has_started;		       /* what is known at the start has been told */
	void (*reloaded)(struct parts *parts); /* what SIGHUP asked for is done; may be NULL */
	void (*taken)(struct parts *parts);    /* a fact was taken; may be NULL */
};

/* Makes the first group. @parts is zeroed but for its callbacks, must stay where it is, and is
 * cleared by parts_clear(), also on failure. Returns 0 or -errno. */
int parts_open(struct parts *parts, const char *config_path, const struct rounds_manners *manners);
void parts_clear(struct parts *parts);

/* The rest is called in this order. Each says itself what is wrong, and returns 0 or -errno. */

/* Reads configuration and sources; -ENOMEM is no fault of theirs. */
int parts_read(struct parts *parts);

/* Adds the outlet; @look is called with @parts. */
int parts_add_outlet(struct parts *parts, outlet_look *look);

/* Starts prober and observer. @content: to see little is enough. -EPERM: nothing would be seen. */
int parts_look_out(struct parts *parts, bool content);

/* Adds what takes time to see anything, and what repairs. */
int parts_add_watch(struct parts *parts);

/* Everything is looked at and told for the first time; from now on changes are facts. */
int parts_start(struct parts *parts);

#endif
