// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/published.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/rendering.h"

#define HTTPS_PORT 443 /* often another container's: a reverse proxy */

/* ---- mailu.env, mailserver.env: the services are those inside ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_mail_port(uint16_t port)
{
	return port != HTTPS_PORT && well_known_port(port);
}

static bool publishes_mail(const struct compose *compose)
{
	for (size_t i = 0; i < compose->n_ports; i++)
		if (is_mail_port(compose->ports[i].port))
			return true;
	return false;
}

static bool is_published(const struct compose *compose, uint16_t port)
{
	for (size_t i = 0; i < compose->n_ports; i++)
		if (compose->ports[i].port == port)
			return true;
	return false;
}

static void check_published_port(const struct compose *compose, size_t i,
				 const struct service_set *services, bool on_host, const char *path,
				 const char *variable, struct complaints *complaints)
{
	const struct compose_port *port = &compose->ports[i];
	const struct service *service = service_set_find(services, port->port);

	if (!service)
		complain_warning(
			complaints,
			"%s:%u: port %u is published for %s, and nothing listens behind it: it is "
			"not in %s "
			"(%s); clients see a connection that is refused, or closed at once",
			port->file, port->line, port->port, compose->services[port->service].name,
			variable, path);
	else if (!on_host && port->host_port && port->host_port != port->port)
		complain_warning(
			complaints,
			"%s:%u: port %u of %s is port %u on the host; clients have to know",
			port->file, port->line, port->port, compose->services[port->service].name,
			port->host_port);
}

void published_check(const struct compose *compose, const struct service_set *services,
		     const char *path, bool on_host, const char *(*variable)(uint16_t port),
		     struct complaints *complaints)
{
	for (size_t i = 0; i < compose->n_ports; i++) {
		uint16_t number = compose->ports[i].port;
		bool again = false;

		if (!is_mail_port(number))
			continue;
		for (size_t j = 0; j < i && !again; j++)
			again = compose->ports[j].port == number;
		if (!again)
			check_published_port(compose, i, services, on_host, path, variable(number),
					     complaints);
	}
	/* Without any, another file publishes, or the network is the host's. */
	for (size_t i = 0; publishes_mail(compose) && i < services->n; i++)
		if (is_mail_port(services->list[i].want.port) &&
		    !is_published(compose, services->list[i].want.port))
			complain_warning(complaints,
					 "%s: port %u listens in the container, and no compose "
					 "file beside %s publishes "
					 "it; nobody outside can reach it",
					 path, services->list[i].want.port, base_name(path));
}

/* ---- mailcow.conf: the services are those on the host ---- */

static bool is_at(const struct service *service, const struct compose_port *port)
{
	if (service->want.port != port->host_port)
		return false;
	if (service->want.n_addresses == 0 || !port->has_address)
		return service->want.n_addresses == 0 && !port->has_address;
	for (size_t i = 0; i < service->want.n_addresses; i++)
		if (address_equal(&service->want.addresses[i], &port->address))
			return true;
	return false;
}

/* The service that is @port's inside: mailcow's names are those of the standard ports. */
static struct service *find_inside(struct service_set *services, uint16_t port)
{
	const struct well_known *known = well_known_port(port);

	return known ? service_set_find_name(services, known->name) : NULL;
}

/* Another place on the host for what is served already. */
static int add_place(struct service_set *services, const struct compose_port *port)
{
	const struct well_known *known = well_known_port(port->port);
	struct service *same = service_set_find(services, port->host_port), *service;
	bool taken;

	if (same) {
		/* On one address more; without an address it is on all of them. */
		if (!port->has_address)
			same->want.n_addresses = 0;
		else if (same->want.n_addresses > 0)
			(void)rendering_add_address(same, &port->address);
		return 0;
	}
	taken = service_set_find_name(services, known->name) != NULL;
	service = service_set_add(services);
	if (!service)
		return services->n == SERVICES_MAX ? 0 : -ENOMEM;
	if (taken)
		(void)text_format(service->name, sizeof(service->name), "%s-%u", known->name,
				  port->host_port);
	else
		(void)text_copy(service->name, sizeof(service->name), known->name);
	service->want.port = port->host_port;
	service->want.protocol = known->protocol;
	service->want.tls = known->tls;
	service->expected = true;
	service->provenance.sources = 1u << SOURCE_MAILCOW;
	if (port->has_address) {
		service->want.addresses[0] = port->address;
		service->want.n_addresses = 1;
	}
	return 0;
}

static void remove_service(struct service_set *services, size_t i)
{
	memmove(&services->list[i], &services->list[i + 1],
		(services->n - i - 1) * sizeof(services->list[0]));
	services->n--;
}

int published_apply(const struct compose *compose, struct service_set *services,
		    struct complaints *complaints)
{
	if (!publishes_mail(compose))
		return 0; /* some other project's file */
	for (size_t i = services->n; i-- > 0;) {
		const struct service *service = &services->list[i];
		bool there = false;

		for (size_t j = 0; j < compose->n_ports && !there; j++)
			there = find_inside(services, compose->ports[j].port) == service &&
				is_at(service, &compose->ports[j]);
		if (there || strcmp(service->name, "https") == 0)
			continue;
		complain_warning(
			complaints,
			"%s: port %u is in mailcow.conf, and docker compose does not publish it",
			service->name, service->want.port);
		remove_service(services, i);
	}
	for (size_t i = 0; i < compose->n_ports; i++) {
		const struct compose_port *port = &compose->ports[i];
		const struct service *service = find_inside(services, port->port);
		int r;

		if (!is_mail_port(port->port) || port->host_port == 0 ||
		    (service && is_at(service, port)))
			continue;
		r = add_place(services, port);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- from inside the container to the host ---- */

static int publish(const struct compose *compose, const struct service *inside,
		   struct service_set *host)
{
	bool first = true;

	for (size_t i = 0; i < compose->n_ports; i++) {
		const struct compose_port *port = &compose->ports[i];
		struct service *service;

		if (port->port != inside->want.port || port->host_port == 0)
			continue;
		service = service_set_find(host, port->host_port);
		if (!service) {
			service = service_set_add(host);
			if (!service)
				return host->n == SERVICES_MAX ? 0 : -ENOMEM;
			*service = *inside;
			service->want.port = port->host_port;
			service->want.n_addresses = 0;
			if (!first)
				(void)text_format(service->name, sizeof(service->name), "%.50s-%u",
						  inside->name, port->host_port);
			if (port->has_address)
				service->want.addresses[service->want.n_addresses++] =
					port->address;
		} else if (!port->has_address) {
			service->want.n_addresses = 0;
		} else if (service->want.n_addresses > 0) {
			(void)rendering_add_address(service, &port->address);
		}
		first = false;
	}
	return 0;
}

int published_to_host(const struct compose *compose, struct service_set *services)
{
	cleanup(service_set_clear) struct service_set host = { 0 };

	if (!publishes_mail(compose))
		return 0;
	for (size_t i = 0; i < services->n; i++) {
		int r = publish(compose, &services->list[i], &host);

		if (r < 0)
			return r;
	}
	service_set_clear(services);
	*services = host;
	host = (struct service_set){ 0 };
	return 0;
}
