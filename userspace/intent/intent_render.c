// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent.h"

#include <errno.h>
#include <string.h>

#include "doveconf.h"
#include "text.h"

static int render_mailu(const struct intent *intent, const struct service *service, char *to, size_t size)
{
	switch (service->port) {
	case 110:
	case 143:
	case 587:
		return text_format(to, size, "add %u to PORTS in mailu.env (PORTS=%s%s%u)", service->port,
				   intent->mailu_ports, *intent->mailu_ports ? "," : "", service->port);
	default:
		return text_format(to, size,
				   "mailu.env needs nothing for %u but TLS_FLAVOR other than notls and its "
				   "certificate files; see the log of Mailu's front container",
				   service->port);
	}
}

/* A brace wants its own line: Dovecot does not read a block that is written on one. */
static int render_dovecot(const struct intent *intent, const struct service *service, char *to, size_t size)
{
	const struct well_known *known = well_known_port(service->port);
	bool enable = service->protocol == PROTOCOL_SUBMISSION && !intent->dovecot_has_submission;

	return text_format(to, size,
			   "%sservice %s {\n  inet_listener %s {\n    port = %u\n%s%s  }\n}",
			   enable ? "protocols = $protocols submission\n" : "",
			   doveconf_service_name(service->protocol),
			   known && known->protocol == service->protocol ? known->name : service->name,
			   service->port, service->tls == TLS_IMPLICIT ? "    ssl = yes\n" : "",
			   service->proxy_header ? "    haproxy = yes\n" : "");
}

int intent_render_line(const struct intent *intent, const struct service *service, char *to, size_t size)
{
	bool mailu = service->sources & 1u << SOURCE_MAILU;

	/* The policy speaks for the source that has TLS on; of two, the declared one is to be changed. */
	if (service->sources & 1u << SOURCE_POLICY && !(service->sources & 1u << SOURCE_DOVECOT))
		mailu = mailu || intent->has_mailu;
	if (mailu && intent->has_mailu)
		return render_mailu(intent, service, to, size);
	if (intent->has_dovecot && doveconf_service_name(service->protocol))
		return render_dovecot(intent, service, to, size);
	to[0] = '\0';
	return -ENOENT;
}
