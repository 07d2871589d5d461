// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/completion.h"

#include "intent/merge/intent_render.h"
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "observe/owner/container.h"

static bool is_unit_said(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_listeners; i++)
		if (strcmp(config->listeners[i].service.name, name) == 0 &&
		    config->listeners[i].said & CONFIG_SAID_UNIT)
			return true;
	return false;
}

static void fill_unit(const struct config *config, const struct service_set *before,
		      struct service *service)
{
	const struct service *old = service_set_find_same(before, service);
	struct server *server = &service->server;

	server->unit_is_guess = !is_unit_said(config, service->name);
	if (server->unit_is_guess && old && *old->server.unit && !old->server.unit_is_guess) {
		memcpy(server->unit, old->server.unit, sizeof(server->unit)); /* learned by sight */
		server->unit_is_guess = false;
	}
	/* This host's dovecot.service says nothing of a Dovecot in a container. */
	if (server->unit_is_guess && *config->container)
		*server->unit = '\0';
}

/* The container that hearken.conf names is known by its name alone from here on: that is what its
 * runtime tells of. */
static void fill_container(const struct config *config, const struct container_set *containers,
			   struct service *service)
{
	for (size_t i = 0; *config->container && containers && i < containers->n; i++) {
		const struct container *container = &containers->list[i];

		if (container_is(config->container, container->id, container->name))
			(void)text_copy(service->server.container,
					sizeof(service->server.container), container->name);
	}
}

void completion_fill(const struct config *config, const struct service_set *before,
		     const struct container_set *containers, struct intent *intent)
{
	for (size_t i = 0; i < intent->services.n; i++) {
		struct service *service = &intent->services.list[i];
		char lines[INTENT_RENDER_SIZE];

		fill_unit(config, before, service);
		fill_container(config, containers, service);
		if (intent_render_line(intent, service, lines, sizeof(lines)) == -ENOENT)
			continue;
		(void)text_copy(service->provenance.remedy, sizeof(service->provenance.remedy),
				lines);
	}
}
