// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/nginx_listen.h"

#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* "587", "*:587", "192.0.2.1:587", "[::]:587", "localhost:587". Returns false when it is no TCP
 * port. */
bool nginx_listen_place(const struct nginx_listen *listen, const char *path,
			struct complaints *complaints, struct service *service)
{
	struct address address = { .family = AF_INET };
	const char *colon = strrchr(listen->address, ':');
	char host[128] = "*";

	if (text_starts_with(listen->address, "unix:"))
		return false;
	if (text_port(colon ? colon + 1 : listen->address, &service->want.port) < 0) {
		complain_warning(complaints, "%s: listen %.60s: no single port can be read in that",
				 path, listen->address);
		return false;
	}
	if (colon)
		(void)text_format(host, sizeof(host), "%.*s", (int)(colon - listen->address),
				  listen->address);
	if (strcmp(host, "*") != 0 && address_parse(host, &address) < 0) {
		complain_warning(complaints,
				 "%s: listen %.60s: that is no numeric address; any address is "
				 "taken for right",
				 path, listen->address);
		return true;
	}
	if (listen->both_families && address.family == AF_INET6 && address_is_wildcard(&address))
		address.family = 0;
	(void)rendering_add_address(service, &address);
	return true;
}

/* The wildcard of @address's family. */
static struct address wildcard_of(const struct address *address)
{
	return (struct address){ .family = address->family };
}

/* At one port nginx binds the wildcard alone, and gives the other addresses' clients to their
 * servers itself. */
int nginx_listen_add(struct rendering *rendering, const struct service *service)
{
	struct service *there = service_set_find(&rendering->services, service->want.port);
	const struct address *address = service->want.addresses;
	struct address wildcard = wildcard_of(address);
	size_t kept = 0;

	if (!there || service->want.n_addresses != 1 || address->family == 0)
		return rendering_add(rendering, SOURCE_NGINX, protocol_name(service->want.protocol),
				     service);
	for (size_t i = 0; i < there->want.n_addresses; i++) {
		struct address known = there->want.addresses[i];

		if (address_equal(&known, &wildcard) && !address_is_wildcard(address))
			return 0;
		if (known.family != address->family || !address_is_wildcard(address) ||
		    address_is_wildcard(&known))
			there->want.addresses[kept++] = known;
	}
	there->want.n_addresses = kept;
	return rendering_add(rendering, SOURCE_NGINX, protocol_name(service->want.protocol),
			     service);
}
