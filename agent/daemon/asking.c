// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/asking.h"

#include <string.h>

#include "agent/daemon/vantage.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "probe/wire/tls_mode.h"

/* A round may wait for what is only tried. Who talks behind a header does so at once, postscreen
 * the second time. */
#define TRIAL_USEC (3 * USEC_PER_SEC)

size_t asking_name(const struct server_names *names, const struct service *service, size_t from)
{
	for (size_t i = from; i < names->n; i++)
		if (server_name_is_of(&names->list[i], service->want.protocol) &&
		    (i == 0 || server_name_is_said(&names->list[i])))
			return i;
	return names->n;
}

uint32_t asking_vantages(const struct service *service, const struct inventory *inventory,
			 uint32_t netns, const struct published *published,
			 struct address addresses[static VANTAGE_COUNT])
{
	uint32_t inside = 0;

	if (inventory)
		inside = vantage_inside(inventory->list, inventory->n, netns,
					service_port_inside(service), addresses);
	return inside ? inside | vantage_published(service, published, addresses) : 0;
}

bool asking_is_local(const struct service *service, const struct inventory *inventory,
		     uint32_t netns)
{
	size_t n = 0;

	if (service->want.published.mode == PUBLISHED_LIST ||
	    service->want.published.mode == PUBLISHED_AUTO)
		return false;
	for (size_t i = 0; inventory && i < inventory->n; i++) {
		const struct listener *listener = inventory->list[i];

		if (listener->port != service_port_inside(service) || listener->netns != netns)
			continue;
		if (!address_is_loopback(&listener->address))
			return false;
		n++;
	}
	return n > 0;
}

static void fill_name(const struct server_name *name, struct probe_plan *plan)
{
	(void)text_copy(plan->server_name, sizeof(plan->server_name), name->name);
	plan->name_is_guess = !server_name_is_said(name);
}

/* How long is waited: what is only tried has little time. */
static void fill_patience(const struct talk *talk, const struct config *config,
			  struct probe_plan *plan)
{
	plan->timeout_usec = config->probe_timeout_usec;
	plan->hurried = talk->is_trial || talk->check != PROBE_CONVERSATION;
	if (plan->hurried && plan->timeout_usec > TRIAL_USEC)
		plan->timeout_usec = TRIAL_USEC;
}

void asking_plan(const struct talk *talk, const struct service *service,
		 const struct config *config, const struct server_names *names, bool is_local,
		 struct probe_plan *plan)
{
	plan->id = talk->id;
	plan->protocol = service->want.protocol;
	plan->tls = tls_mode_of_clients(service->want.port, service->want.tls);
	plan->sources = service->provenance.sources;
	plan->proxy_header = talk->header;
	plan->check = talk->check;
	fill_patience(talk, config, plan);
	plan->certificate_warn_usec = config->certificate_warn_usec;
	plan->trust = service->want.trust;
	trust_complete(&plan->trust, &config->trust);
	plan->scrutiny = plan_scrutiny(plan->protocol, plan->tls, service->want.port, &plan->trust,
				       is_local);
	if (talk->name < names->n)
		fill_name(&names->list[talk->name], plan);
	/* Else an address literal: a bare name is often refused. */
	if (names->n && strchr(names->list[0].name, '.'))
		(void)text_copy(plan->helo_name, sizeof(plan->helo_name), names->list[0].name);
	(void)text_copy(plan->ca_file, sizeof(plan->ca_file), config->ca_file);
	plan->address_size = address_to_sockaddr(&talk->to.address, talk->to.port, &plan->address);
}

/* Podman's conmon listens to keep the port: nothing ever comes to it, since netfilter leads it on.
 */
static bool is_led_on(const struct talk *talk, const struct inventory *inventory)
{
	for (size_t i = 0; inventory && i < inventory->n; i++) {
		const struct listener *listener = inventory->list[i];

		if (listener->port == talk->to.port && listener->netns == talk->to.netns &&
		    strcmp(listener->holders[0].command, "conmon") == 0)
			return true;
	}
	return false;
}

int asking_connect(const struct talk *talk, const struct service_place *place,
		   const struct inventory *inventory, const struct probe_plan *plan, int *ret_fd,
		   int *ret_connect_error)
{
	bool inside = sight_of(talk->vantage) == SIGHT_INSIDE;
	enum vantage_origin origin =
		inside && !is_led_on(talk, inventory) ? ORIGIN_STRANGER : ORIGIN_OWN;

	return vantage_socket(inside ? place_path(place) : NULL, inside ? place->netns : 0, origin,
			      (const struct sockaddr *)&plan->address, plan->address_size, ret_fd,
			      ret_connect_error);
}
