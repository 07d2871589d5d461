// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/default_set.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const uint16_t default_set_ports[] = { 465, 587, 993, 995 };

void default_set_hear(struct default_set_facts *facts, bool tls_on, bool submission, bool imap,
		      bool pop3)
{
	facts->spoke = true;
	if (!tls_on)
		return;
	facts->tls_on = true;
	facts->serves_submission |= submission;
	facts->serves_imap |= imap;
	facts->serves_pop3 |= pop3;
}

static bool wants(const struct default_set_facts *facts, uint16_t port)
{
	switch (port) {
	case 993:
		return facts->serves_imap;
	case 995:
		return facts->serves_pop3;
	default:
		return facts->serves_submission;
	}
}

static int expect(struct service_set *set, const struct well_known *known)
{
	struct service *service = service_set_find(set, known->port);

	if (!service) {
		bool taken = service_set_find_name(set, known->name) != NULL;

		service = service_set_add(set);
		if (!service)
			return -ENOMEM;
		if (taken)
			(void)text_format(service->name, sizeof(service->name), "%s-%u",
					  known->name, known->port);
		else
			(void)text_copy(service->name, sizeof(service->name), known->name);
		service->want.port = known->port;
		service->want.protocol = known->protocol;
		service->want.tls = known->tls;
		service->expected = true;
	}
	service->provenance.sources |= 1u << SOURCE_POLICY;
	return 0;
}

static void take_off(struct service_set *set, uint16_t port)
{
	struct service *service = service_set_find(set, port);

	if (!service)
		return;
	service->expected = false;
	service->provenance.sources = 1u << SOURCE_POLICY;
}

bool default_set_takes_off(const struct default_set_facts *facts, uint16_t port)
{
	if (!facts->spoke || facts->tls_on)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(default_set_ports); i++)
		if (default_set_ports[i] == port)
			return true;
	return false;
}

int default_set_apply(const struct default_set_facts *facts, struct service_set *set)
{
	if (!facts->spoke)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(default_set_ports); i++) {
		int r = 0;

		if (default_set_takes_off(facts, default_set_ports[i]))
			take_off(set, default_set_ports[i]);
		else if (wants(facts, default_set_ports[i]))
			r = expect(set, well_known_port(default_set_ports[i]));
		if (r < 0)
			return r;
	}
	return 0;
}
