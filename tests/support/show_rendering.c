// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/show_rendering.h"

static void show_addresses(const struct service *service, char *to, size_t size)
{
	char address[ADDRESS_TEXT_SIZE];
	size_t n_wild = 0;

	for (size_t i = 0; i < service->want.n_addresses; i++)
		n_wild += address_is_wildcard(&service->want.addresses[i]);
	if (n_wild == 2 && service->want.n_addresses == 2)
		return;
	(void)text_append(to, size, "[%s", service->want.n_addresses ? "" : "any");
	for (size_t i = 0; i < service->want.n_addresses; i++) {
		address_show(&service->want.addresses[i], address);
		(void)text_append(to, size, "%s%s", i ? " " : "", address);
	}
	(void)text_append(to, size, "]");
}

void show_rendering(const struct rendering *rendering, char *to, size_t size)
{
	static const char letters[] = { '?', 's', 'o', 'i', '-' };

	to[0] = '\0';
	for (size_t i = 0; i < rendering->services.n; i++) {
		const struct service *service = &rendering->services.list[i];
		const struct well_known *known = well_known_port(service->want.port);

		(void)text_append(to, size, "%s%u%c%s", i ? " " : "", service->want.port, letters[service->want.tls],
				  service->want.proxy_header ? "P" : "");
		show_addresses(service, to, size);
		if (!known || known->protocol != service->want.protocol)
			(void)text_append(to, size, "=%s", protocol_name(service->want.protocol));
	}
}
