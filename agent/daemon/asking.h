/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of rounds: what is asked in a talk, and the socket for it. */
#ifndef ASKING_H
#define ASKING_H

#include "agent/daemon/place_table.h"
#include "agent/daemon/talk.h"
#include "model/server_names.h"
#include "observe/inventory.h"
#include "probe/plan.h"

/* Fills in @plan, which is zeroed. @names: what clients call this host; @is_local: no other host
 * reaches the port. */
void asking_plan(const struct talk *talk, const struct service *service,
		 const struct config *config, const struct server_names *names, bool is_local,
		 struct probe_plan *plan);

/* The first of @names, from @from on, that a server of @service is asked by; names->n: there is
 * none. A guess is asked for only where nothing is said. */
size_t asking_name(const struct server_names *names, const struct service *service, size_t from);

/* From where @service is asked, with the addresses there; none where nobody listens: the published
 * address says nothing of the service then. @netns: where it is expected; @published: the general
 * word. */
uint32_t asking_vantages(const struct service *service, const struct inventory *inventory,
			 uint32_t netns, const struct published *published,
			 struct address addresses[static VANTAGE_COUNT]);

/* Whether all that listen for @service in @netns do so for the host itself. */
bool asking_is_local(const struct service *service, const struct inventory *inventory,
		     uint32_t netns);

/* Inside @place or from the host, as the vantage of @talk is; @inventory: who listens there.
 * Returns as vantage_socket(). */
int asking_connect(const struct talk *talk, const struct service_place *place,
		   const struct inventory *inventory, const struct probe_plan *plan, int *ret_fd,
		   int *ret_connect_error);

#endif
