/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of rounds: what is asked in a talk, and the socket for it. */
#ifndef ASKING_H
#define ASKING_H

#include "agent/daemon/place_table.h"
#include "agent/daemon/talk.h"
#include "probe/wire/plan.h"

/* Fills in @plan, which is zeroed. @server_name: what clients call this host. */
void asking_plan(const struct talk *talk, const struct service *service,
		 const struct config *config, const char *server_name, struct probe_plan *plan);

/* Inside @place or from the host, as the vantage of @talk is. Returns as vantage_socket(). */
int asking_connect(const struct talk *talk, const struct service_place *place,
		   const struct probe_plan *plan, int *ret_fd, int *ret_connect_error);

#endif
