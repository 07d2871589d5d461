// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/placing.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "intent/rendered/rendering.h"

static struct service *add(struct service_set *services, const struct service *inside,
			   uint16_t host_port)
{
	bool taken = service_set_find_name(services, inside->name) != NULL;
	struct service *service = service_set_add(services);

	if (!service)
		return NULL;
	*service = *inside;
	service->want.port = host_port;
	service->want.n_addresses = 0;
	if (taken)
		(void)text_format(service->name, sizeof(service->name), "%.50s-%u", inside->name,
				  host_port);
	return service;
}

static int publish(const struct container_port *port, const struct service *inside,
		   struct service_set *host)
{
	struct service *service = service_set_find(host, port->host_port);
	bool is_new = !service;

	if (is_new)
		service = add(host, inside, port->host_port);
	if (!service)
		return host->n == SERVICES_MAX ? 0 : -ENOMEM;
	/* A container that ended has only what it shall publish: there, all addresses are one word.
	 */
	if (address_is_wildcard(&port->address))
		service->want.n_addresses = 0;
	else if (is_new || service->want.n_addresses > 0)
		(void)rendering_add_address(service, &port->address);
	return 0;
}

int placing_to_host(const struct container *container, const struct service_set *inside,
		    struct service_set *ret)
{
	for (size_t i = 0; i < inside->n; i++) {
		for (size_t j = 0; j < container->n_ports; j++) {
			int r;

			if (container->ports[j].port != inside->list[i].want.port)
				continue;
			r = publish(&container->ports[j], &inside->list[i], ret);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

void placing_assign(const struct container_set *containers, struct service_set *services)
{
	for (size_t i = 0; i < services->n; i++) {
		struct service *service = &services->list[i];
		const struct container *container;
		uint16_t port;

		if (*service->server.unit)
			continue;
		container = container_set_publisher(containers, service->want.port, &port);
		if (!container)
			continue;
		memcpy(service->server.container, container->name, sizeof(container->name));
		service->server.container_port = port;
	}
}
