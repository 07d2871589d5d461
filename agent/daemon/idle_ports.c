// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/idle_ports.h"

#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "model/address.h"

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

struct idle {
	const struct container_port *list[CONTAINER_PORTS_MAX];
	size_t n;
};

static void find(const struct container *container, const struct service_set *services,
		 const struct inventory *inventory, struct idle *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < container->n_ports; i++) {
		const struct container_port *port = &container->ports[i];
		const struct well_known *known = well_known_port(port->port);

		if (known && known->protocol != PROTOCOL_HTTPS && !is_again(container, i) &&
		    !is_expected(services, port->host_port) &&
		    !is_served(container, inventory, port->port))
			ret->list[ret->n++] = port;
	}
}

static const char *between(const struct idle *idle, size_t i)
{
	return i == 0 ? "" : i + 1 == idle->n ? " and " : ", ";
}

/* As a compose file has it, or "docker run" after -p. */
static void show_line(const struct container_port *port, char *to, size_t size)
{
	char address[ADDRESS_TEXT_SIZE] = "";
	bool is_v6 = port->address.family == AF_INET6;

	if (port->address.family && !address_is_wildcard(&port->address))
		address_show(&port->address, address);
	(void)text_append(to, size, "\"%s%s%s%s%u:%u\"", *address && is_v6 ? "[" : "", address,
			  *address && is_v6 ? "]" : "", *address ? ":" : "", port->host_port,
			  port->port);
}

static void tell(const struct container *container, const struct idle *idle, char *to, size_t size)
{
	bool several = idle->n > 1;

	(void)text_append(to, size, "%s%s ", *to ? "; " : "", several ? "ports" : "port");
	for (size_t i = 0; i < idle->n; i++)
		(void)text_append(to, size, "%s%u", between(idle, i), idle->list[i]->host_port);
	(void)text_append(to, size,
			  " of container %s %s published with nothing behind %s, and nobody "
			  "expects %s: clients are cut off",
			  container->name, several ? "are" : "is", several ? "them" : "it",
			  several ? "them" : "it");
	if (!*container->service || !*container->config_files)
		return;
	(void)text_append(to, size, "; if that is not meant, take ");
	for (size_t i = 0; i < idle->n; i++) {
		(void)text_append(to, size, "%s", between(idle, i));
		show_line(idle->list[i], to, size);
	}
	(void)text_append(to, size, " out of \"ports:\" of %s in %s", container->service,
			  container->config_files);
}

void idle_ports_tell(const struct container_set *containers, const struct service_set *services,
		     const struct inventory *inventory, char *to, size_t size)
{
	struct idle idle;

	*to = '\0';
	for (size_t i = 0; inventory && i < containers->n; i++) {
		if (containers->list[i].state != CONTAINER_RUNNING)
			continue;
		find(&containers->list[i], services, inventory, &idle);
		if (idle.n)
			tell(&containers->list[i], &idle, to, size);
	}
}
