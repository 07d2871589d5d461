// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/down_source.h"

#include "base/text.h"
#include "intent/merge/broken.h"
#include "intent/rendered/servers.h"
#include "judge/preflight.h"

static bool listens(const struct server_kind *server, const struct inventory *inventory,
		    const struct place_table *places)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (place_is_any(places, inventory->list[i]->netns) &&
		    preflight_is_of(server->unit(), server->processes, inventory->list[i]))
			return true;
	return false;
}

/* What it said before still counts: its ports are expected, and told one by one. */
static bool is_expected(const struct intent *intent, int source)
{
	for (size_t i = 0; i < intent->statements.n; i++)
		if (intent->statements.list[i].source == source)
			return true;
	return false;
}

static bool sees_a_place(const struct place_table *places)
{
	for (size_t i = 0; i < places->n; i++)
		if (places->list[i].netns)
			return true;
	return false;
}

void down_source_tell(const struct intent *intent, const struct inventory *inventory,
		      const struct place_table *places, char *to, size_t size)
{
	*to = '\0';
	if (!inventory || !sees_a_place(places))
		return;
	for (size_t i = 0; i < intent->n_sources; i++) {
		const struct source *source = &intent->sources[i];
		const struct server_kind *server = servers_find(source->kind);

		if (!server || server->forwards || !broken_is(source) ||
		    is_expected(intent, (int)i) || listens(server, inventory, places))
			continue;
		(void)text_format(to, size, "%s does not run, and cannot start: %s", server->title,
				  broken_why(source));
		return;
	}
}
