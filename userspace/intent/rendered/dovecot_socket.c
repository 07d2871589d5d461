// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/dovecot_socket.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* "Listen=[::]:143 (Stream)": one socket for both families, unless BindIPv6Only= says otherwise. */
static int read_line(const char *line, struct rendering *rendering)
{
	char word[128], *end, *colon;
	const struct well_known *known;
	struct service service = { 0 };
	struct address address;

	line = text_after(line, "Listen=");
	if (!line || text_copy(word, sizeof(word), line) < 0)
		return 0;
	end = strstr(word, " (Stream)");
	if (!end)
		return 0;
	*end = '\0';
	colon = strrchr(word, ':');
	if (!colon || text_port(colon + 1, &service.want.port) < 0)
		return 0;
	*colon = '\0';
	known = well_known_port(service.want.port);
	if (!known || address_parse(word, &address) < 0)
		return 0;
	service.want.protocol = known->protocol;
	service.want.tls = known->tls;
	if (address.family != AF_INET6 || !address_is_wildcard(&address))
		(void)rendering_add_address(&service, &address);
	return rendering_add(rendering, SOURCE_SYSTEMD, known->name, &service);
}

int dovecot_socket_parse(const char *text, struct rendering *ret, struct complaints *complaints)
{
	cleanup(rendering_clear) struct rendering rendering = { 0 };
	cleanup(memory_freep) char *copy = strndup(text, RENDERING_TEXT_MAX);
	char *rest = copy;

	if (!copy)
		return -ENOMEM;
	while (rest)
		if (read_line(strsep(&rest, "\n"), &rendering) == -ENOMEM)
			return -ENOMEM;
	if (rendering.services.n == 0)
		complain_warning(complaints,
				 "%s: no TCP port of mail is in what systemd listens on",
				 DOVECOT_SOCKET_UNIT);
	service_set_sort(&rendering.services);
	*ret = rendering;
	rendering = (struct rendering){ 0 };
	return 0;
}
