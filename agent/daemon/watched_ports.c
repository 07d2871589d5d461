// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/watched_ports.h"

#include "base/cleanup.h"

static const uint16_t mail_ports[] = { 24, 25, 110, 143, 465, 587, 993, 995, 4190 };

_Static_assert(ARRAY_SIZE(mail_ports) <= WATCHED_PORTS_MAX - 2 * SERVICES_MAX, "room for both");

void watched_ports_of(const struct service_set *services, struct watched_ports *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < services->n && i < SERVICES_MAX; i++) {
		const struct service *service = &services->list[i];

		ret->list[ret->n++] = service->want.port;
		if (service_port_inside(service) != service->want.port)
			ret->list[ret->n++] = service_port_inside(service);
	}
	for (size_t i = 0; i < ARRAY_SIZE(mail_ports); i++)
		ret->list[ret->n++] = mail_ports[i];
}
