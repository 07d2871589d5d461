// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/place_table.h"

bool place_is_here(const struct service_place *place, uint32_t netns)
{
	return place->netns && place->netns == netns;
}

const struct service_place *place_of(const struct place_table *table, const struct service *service)
{
	/* What no table has is nowhere, rather than somewhere else. */
	static const struct service_place nowhere = { .unknown = true };

	return service->place < table->n ? &table->list[service->place] : &nowhere;
}

bool place_has(const struct place_table *table, const struct service *service, uint32_t netns)
{
	return place_is_here(place_of(table, service), netns);
}

bool place_is_any(const struct place_table *table, uint32_t netns)
{
	for (size_t i = 0; i < table->n; i++)
		if (place_is_here(&table->list[i], netns))
			return true;
	return false;
}

const char *place_path(const struct service_place *place)
{
	return *place->path ? place->path : NULL;
}
