/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One merge under way: the stronger sources first, each weaker one filling in what is left open.
 * Private to intent/. */
#ifndef MERGE_H
#define MERGE_H

#include "intent/merge/default_set.h"
#include "intent/merge/intent.h"
#include "intent/merge/last_good.h"
#include "intent/rendered/rendered.h"

/* The pieces of one merge; what they own is released at its end. */
struct merging {
	const struct config *config;
	struct intent *intent;
	struct last_good *memory; /* NULL: there is none */
	struct rendered_set rendered;
	struct policy_facts facts;
};

/* A new entry of intent.sources; NULL when there are too many. */
struct source *merge_add_source(struct merging *merging, enum source_kind kind, const char *path);

/* Takes what @source (of intent.sources) says, weaker than all that was taken before, and notes it
 * in intent.statements. Returns 0 or -ENOMEM. */
int merge_services(struct merging *merging, const struct source *source,
		   const struct service_set *weaker);

/* @source, which is broken, said this before; so that counts, and is told. */
void merge_tell_last_word(struct source *source);

/* Notes what the policy did, and what sources disagree on: after all was taken. Returns 0 or
 * -ENOMEM. */
int merge_note_policy(struct merging *merging);
void merge_find_conflicts(struct merging *merging);

/* Whether the server's own configuration opens @service. @may_name_unit: nobody said its unit. */
void merge_find_rendered(const struct merging *merging, struct service *service,
			 bool may_name_unit);

#endif
