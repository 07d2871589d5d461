// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/sections.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "intent/merge/rendered_sources.h"

static uint16_t port_of_name(const char *name)
{
	static const uint16_t ports[] = { 24, 25, 110, 143, 443, 465, 587, 993, 995, 4190 };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (strcmp(well_known_port(ports[i])->name, name) == 0)
			return ports[i];
	return 0;
}

/* A service that only hearken.conf knows: with what its port means, or else with all that it needs.
 */
static int new_service(struct merging *merging, const struct config_listener *listener,
		       uint16_t port, struct service **ret)
{
	const struct well_known *known = well_known_port(port);
	struct complaints *complaints = &merging->intent->complaints;
	struct service *service;
	const char *missing = NULL;

	if (port == 0)
		missing = "port";
	else if (!known && !(listener->said & CONFIG_SAID_PROTOCOL))
		missing = "protocol";
	else if (!known && !(listener->said & CONFIG_SAID_TLS))
		missing = "tls";
	if (missing) {
		complain_error(complaints,
			       "%s: [listener %s]: no source knows this listener, so it needs %s "
			       "=; it is ignored",
			       listener->where, listener->service.name, missing);
		return 0;
	}
	service = service_set_add(&merging->intent->services);
	if (!service)
		return merging->intent->services.n == SERVICES_MAX ? 0 : -ENOMEM;
	service->want.port = port;
	/* A section that only says how to repair 587 does not ask for 587 where TLS is off. */
	service->expected =
		!(merging->config->policy && default_set_takes_off(&merging->facts, port));
	if (!service->expected)
		service->provenance.sources = 1u << SOURCE_POLICY;
	if (known) {
		service->want.protocol = known->protocol;
		service->want.tls = known->tls;
	}
	*ret = service;
	return 0;
}

static void override(struct service *service, const struct config_listener *listener)
{
	const struct service *said = &listener->service;

	(void)text_copy(service->name, sizeof(service->name), said->name);
	if (listener->said & CONFIG_SAID_PORT)
		service->want.port = said->want.port;
	if (listener->said & CONFIG_SAID_PROTOCOL)
		service->want.protocol = said->want.protocol;
	if (listener->said & CONFIG_SAID_TLS)
		service->want.tls = said->want.tls;
	if (listener->said & CONFIG_SAID_ADDRESS) {
		memcpy(service->want.addresses, said->want.addresses,
		       sizeof(service->want.addresses));
		service->want.n_addresses = said->want.n_addresses;
	}
	if (listener->said & CONFIG_SAID_RESTART_COMMAND) {
		/* Instead of a unit, unless that is said too. */
		service->server.unit[0] = '\0';
		memcpy(service->server.restart_command, said->server.restart_command,
		       sizeof(service->server.restart_command));
	}
	if (listener->said & CONFIG_SAID_UNIT) {
		memcpy(service->server.unit, said->server.unit, sizeof(service->server.unit));
		service->server.unit_is_guess = false;
	}
	if (listener->said & CONFIG_SAID_PROXY_HEADER)
		service->want.proxy_header = said->want.proxy_header;
	if (listener->said & CONFIG_SAID_PUBLISHED)
		service->want.published = said->want.published;
	if (listener->said & CONFIG_SAID_TRUST)
		service->want.trust = said->want.trust;
	if (listener->said & CONFIG_SAID_CERTIFICATE) {
		service->server.keys_unknown =
			strcmp(service->server.certificate, said->server.certificate) != 0;
		service->server.files_pid = 0;
		memcpy(service->server.certificate, said->server.certificate,
		       sizeof(service->server.certificate));
		if (service->server.keys_unknown)
			*service->server.key = '\0';
	}
}

/* @asked: somebody wants the port opened. A section that only tells how to repair it needs no word
 * about the port being off. */
static void decide_expected(struct merging *merging, struct service *service,
			    const struct config_listener *listener, bool asked)
{
	bool said = listener->said & CONFIG_SAID_EXPECTED;

	if (said && !listener->service.expected) {
		service->expected = false;
		service->provenance.sources = 1u << SOURCE_CONFIG;
	} else if (service->expected) {
		service->provenance.sources |= 1u << SOURCE_CONFIG;
	} else if (said) {
		service->expected = true;
		service->provenance.sources = 1u << SOURCE_CONFIG;
	} else if (asked) {
		complain_warning(&merging->intent->complaints,
				 "%s: [listener %s]: the default policy takes port %u off, because "
				 "TLS is off; "
				 "write expected = yes to have it watched",
				 listener->where, service->name, service->want.port);
	}
}

/* The section's own words, for who wants to see who said what. */
static int note(struct merging *merging, const struct config_listener *listener, uint16_t port)
{
	struct service word = listener->service;

	word.want.port = port;
	return statements_add(&merging->intent->statements, SOURCE_CONFIG, -1, &word);
}

int section_apply(struct merging *merging, const struct config_listener *listener)
{
	struct service_set *set = &merging->intent->services;
	const char *name = listener->service.name;
	uint16_t port = listener->said & CONFIG_SAID_PORT ? listener->service.want.port
							  : port_of_name(name);
	struct service *service = service_set_find_name(set, name);
	const struct service *at_port = port ? service_set_find(set, port) : NULL;
	bool asked;
	int r;

	if (!service)
		service = port ? service_set_find(set, port) : NULL;
	else if (listener->said & CONFIG_SAID_PORT && at_port && at_port != service) {
		complain_error(
			&merging->intent->complaints,
			"%s: [listener %s]: port %u is already that of %s; the section is ignored",
			listener->where, name, port, at_port->name);
		return 0;
	}
	asked = service || listener->said & (CONFIG_SAID_PORT | CONFIG_SAID_TLS);
	if (!service) {
		r = new_service(merging, listener, port, &service);
		if (r < 0 || !service)
			return r;
	}
	override(service, listener);
	r = note(merging, listener, service->want.port);
	if (r < 0)
		return r;
	decide_expected(merging, service, listener, asked);
	rendered_find(merging, service,
		      !(listener->said & (CONFIG_SAID_UNIT | CONFIG_SAID_RESTART_COMMAND)));
	return 0;
}
