// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/intent.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "intent/merge/left_out.h"
#include "intent/rendered/servers.h"

static int render_mailu(const struct intent *intent, const struct service *service, char *to,
			size_t size)
{
	switch (service->want.port) {
	case 110:
	case 143:
	case 587:
		return text_format(to, size, "add %u to PORTS in mailu.env (PORTS=%s%s%u)",
				   service->want.port, intent->mailu_ports,
				   *intent->mailu_ports ? "," : "", service->want.port);
	default:
		return text_format(
			to, size,
			"mailu.env needs nothing for %u but TLS_FLAVOR other than notls and its "
			"certificate files; see the log of Mailu's front container",
			service->want.port);
	}
}

/* The server that would be the one to open it: first by what is turned on, then by what it can. One
 * who delivers mail takes it in, too: Dovecot's submission is for those who turned it on, or have
 * no other. */
static const struct server_kind *find_server(const struct intent *intent, enum protocol protocol)
{
	for (size_t i = 0; i < n_servers; i++) {
		const struct server_traits *traits = &intent->servers[servers[i]->kind];

		if (traits->is_read && !servers[i]->forwards &&
		    server_would(servers[i], traits, protocol))
			return servers[i];
	}
	for (size_t i = 0; i < n_servers; i++)
		if (intent->servers[servers[i]->kind].is_read && server_can(servers[i], protocol))
			return servers[i];
	return NULL;
}

int intent_render_line(const struct intent *intent, const struct service *service, char *to,
		       size_t size)
{
	const struct server_kind *server;
	bool mailu =
		service->provenance.sources & 1u << SOURCE_MAILU || left_out_is(intent, service);

	/* The policy speaks for the source that has TLS on; of two, the declared one is to be
	 * changed. */
	if (service->provenance.sources & 1u << SOURCE_POLICY &&
	    !(service->provenance.sources & 1u << SOURCE_DOVECOT))
		mailu = true;
	if (mailu && intent->declared & 1u << SOURCE_MAILU)
		return render_mailu(intent, service, to, size);
	server = find_server(intent, service->want.protocol);
	if (server)
		return server->remedy(&intent->servers[server->kind], service, to, size);
	to[0] = '\0';
	return -ENOENT;
}
