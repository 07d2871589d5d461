// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/idle_ports.h"

#include <string.h>

#include "base/text.h"

static bool is_expected(const struct service_set *services, uint16_t port)
{
	for (size_t i = 0; i < services->n; i++)
		if (services->list[i].want.port == port && services->list[i].expected)
			return true;
	return false;
}

static bool is_served(const struct container *container, const struct inventory *inventory,
		      uint16_t port)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (inventory->list[i]->port == port &&
		    strcmp(inventory->list[i]->container, container->id) == 0)
			return true;
	return false;
}

/* Another entry before @i tells of the same port: at another address. */
static bool is_again(const struct container *container, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (container->ports[j].host_port == container->ports[i].host_port)
			return true;
	return false;
}

static void tell(const struct container *container, const struct service_set *services,
		 const struct inventory *inventory, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < container->n_ports; i++) {
		const struct container_port *port = &container->ports[i];
		const struct well_known *known = well_known_port(port->port);

		if (!known || known->protocol == PROTOCOL_HTTPS || is_again(container, i) ||
		    is_expected(services, port->host_port) ||
		    is_served(container, inventory, port->port))
			continue;
		(void)text_append(to, size, "%s%u",
				  n++	? ", "
				  : *to ? "; port "
					: "port ",
				  port->host_port);
	}
	if (n)
		(void)text_append(to, size,
				  " of container %s is published with nothing behind it, and "
				  "nobody expects it: clients are cut off",
				  container->name);
}

void idle_ports_tell(const struct container_set *containers, const struct service_set *services,
		     const struct inventory *inventory, char *to, size_t size)
{
	*to = '\0';
	for (size_t i = 0; inventory && i < containers->n; i++)
		if (containers->list[i].state == CONTAINER_RUNNING)
			tell(&containers->list[i], services, inventory, to, size);
}
