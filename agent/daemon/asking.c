// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/asking.h"

#include <string.h>

#include "agent/daemon/vantage.h"
#include "base/cleanup.h"
#include "base/text.h"

/* A round may wait for what is only tried. Who talks behind a header does so at once, postscreen
 * the second time. */
#define TRIAL_USEC (3 * USEC_PER_SEC)

void asking_plan(const struct talk *talk, const struct service *service,
		 const struct config *config, const char *server_name, struct probe_plan *plan)
{
	plan->id = talk->id;
	plan->protocol = service->want.protocol;
	plan->tls = service->want.tls;
	plan->proxy_header = talk->header;
	plan->timeout_usec = config->probe_timeout_usec;
	plan->check = talk->check;
	if ((talk->is_trial || talk->check != PROBE_CONVERSATION) &&
	    plan->timeout_usec > TRIAL_USEC)
		plan->timeout_usec = TRIAL_USEC;
	plan->certificate_warn_usec = config->certificate_warn_usec;
	plan->trust = service->want.trust;
	trust_complete(&plan->trust, &config->trust);
	(void)text_copy(plan->server_name, sizeof(plan->server_name), server_name);
	if (strchr(server_name, '.')) /* else an address literal: a bare name is often refused */
		(void)text_copy(plan->helo_name, sizeof(plan->helo_name), server_name);
	(void)text_copy(plan->ca_file, sizeof(plan->ca_file), config->ca_file);
	plan->address_size = address_to_sockaddr(&talk->to.address, talk->to.port, &plan->address);
}

int asking_connect(const struct talk *talk, const struct service_place *place,
		   const struct probe_plan *plan, int *ret_fd, int *ret_connect_error)
{
	bool inside = sight_of(talk->vantage) == SIGHT_INSIDE;

	return vantage_socket(inside ? place_path(place) : NULL, inside ? place->netns : 0,
			      (const struct sockaddr *)&plan->address, plan->address_size, ret_fd,
			      ret_connect_error);
}
