/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of one merge: the stronger sources first, each weaker one filling in what is left open.
 * Everybody who reads a kind of source is handed it, so it knows none of them. Private to intent/.
 */
#ifndef MERGING_H
#define MERGING_H

#include "intent/config/config.h"
#include "intent/merge/default_set.h"
#include "intent/merge/intent.h"
#include "intent/merge/last_good.h"
#include "intent/rendered/rendered_set.h"
#include "model/container.h"

/* The pieces of one merge; what they own is released at its end. */
struct merging {
	const struct config *config;
	struct intent *intent;
	struct container_set containers; /* that may serve mail here */
	struct last_good *memory;	 /* NULL: there is none */
	struct rendered_set rendered;
	struct default_set_facts facts;
	struct server_names declared_names; /* by the products' files */
};

/* A new entry of intent.sources; NULL when there are too many. */
struct source *merging_add_source(struct merging *merging, enum source_kind kind, const char *path);

/* Takes what @source (of intent.sources) says, weaker than all that was taken before, and notes it
 * in intent.statements. Returns 0 or -ENOMEM. */
int merging_take(struct merging *merging, const struct source *source,
		 const struct service_set *weaker);

/* @source, which is broken, said this before; so that counts, and is told. */
void merging_tell_last_word(struct source *source);

#endif
