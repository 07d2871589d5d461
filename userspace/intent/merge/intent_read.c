// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/intent_read.h"

#include <errno.h>
#include <string.h>

#include "intent/merge/declared_sources.h"
#include "intent/merge/merging.h"
#include "intent/merge/placing.h"
#include "intent/merge/names.h"
#include "intent/merge/sections.h"
#include "intent/merge/rendered_sources.h"

/* Notes what the policy did, after all was taken. */
static int note_policy(struct merging *merging)
{
	const struct service_set *set = &merging->intent->services;

	for (size_t i = 0; i < set->n; i++) {
		const struct well_known *known = well_known_port(set->list[i].want.port);
		struct service word = { .want.port = set->list[i].want.port,
					.expected = set->list[i].expected };
		int r;

		if (!(set->list[i].provenance.sources & 1u << SOURCE_POLICY) || !known)
			continue;
		if (word.expected) {
			word.want.protocol = known->protocol;
			word.want.tls = known->tls;
		}
		r = statements_add(&merging->intent->statements, SOURCE_POLICY, -1, &word);
		if (r < 0)
			return r;
	}
	return 0;
}

static void find_conflicts(struct merging *merging)
{
	struct intent *intent = merging->intent;

	for (size_t i = 0; i < intent->services.n; i++)
		conflicts_find(&intent->services.list[i], &intent->statements, intent->sources,
			       intent->n_sources, &intent->conflicts);
}

static void find_names(struct merging *merging)
{
	const struct names_said said = { .config = merging->config,
					 .declared = &merging->declared_names,
					 .rendered = &merging->rendered };
	struct host_words host;

	host_words_read(&host);
	names_find(&said, &host, &merging->intent->names);
}

static int merge(struct merging *merging, const struct intent_tools *tools)
{
	struct intent *intent = merging->intent;
	int r = declared_read(merging);

	/* Rendered is weaker than declared, wherever it stands in the list. */
	if (r >= 0)
		r = rendered_read(merging, tools);
	if (r < 0)
		return r;
	if (merging->config->policy) {
		r = default_set_apply(&merging->facts, &intent->services);
		if (r >= 0)
			r = note_policy(merging);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < intent->services.n; i++)
		rendered_find(merging, &intent->services.list[i], true);
	for (size_t i = 0; i < merging->config->n_listeners; i++) {
		r = section_apply(merging, &merging->config->listeners[i]);
		if (r < 0)
			return r;
	}
	placing_assign(&merging->containers, &intent->services);
	service_set_sort(&intent->services);
	find_conflicts(merging);
	find_names(merging);
	intent->anything_spoke = merging->facts.spoke || merging->config->n_listeners > 0;
	return 0;
}

int intent_merge(const struct config *config, const struct intent_tools *tools,
		 struct last_good *memory, struct intent *ret)
{
	cleanup(memory_freep) struct intent *intent = calloc(1, sizeof(*intent));
	struct merging merging = { .config = config, .intent = intent, .memory = memory };
	int r;

	if (!intent)
		return -ENOMEM;
	if (tools && config_is_on_host(config))
		merging.containers =
			(struct container_set){ tools->containers, tools->n_containers };
	intent->sources = calloc(SOURCES_MAX, sizeof(*intent->sources));
	if (!intent->sources)
		return -ENOMEM;
	last_good_begin(memory);
	r = merge(&merging, tools);
	rendered_set_clear(&merging.rendered);
	if (r < 0) {
		intent_clear(intent);
		return r;
	}
	last_good_end(memory);
	*ret = *intent;
	return 0;
}

int intent_read(const struct config *config, pid_t inside, const struct container_set *containers,
		struct intent *ret)
{
	cleanup(memory_freep) struct intent_tools *tools = calloc(1, sizeof(*tools));
	int r;

	if (!tools)
		return -ENOMEM;
	intent_tools_find(config, inside, containers, tools);
	intent_tools_run(tools);
	r = intent_merge(config, tools, NULL, ret);
	intent_tools_clear(tools);
	return r;
}
