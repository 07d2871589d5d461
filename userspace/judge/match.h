/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which listeners serve a service, and which of its addresses are lost. Pure. */
#ifndef MATCH_H
#define MATCH_H

#include "model/fact.h"
#include "model/listener.h"
#include "model/service.h"

/* Compares @service with the @n listeners of all ports and namespaces. @netns: the inode of the
 * namespace where it is expected. @detail (FACT_DETAIL_SIZE) says what is lost ("v4 works, v6 is
 * lost"), or who holds it. A foreign listener that is nearer to an address than the own ones takes
 * it away. */
enum coverage match_service(const struct service *service, uint32_t netns,
			    struct listener *const *listeners, size_t n, char *detail);

/* Whether a listener of another unit has the port, at whatever address. */
bool match_is_held(const struct service *service, uint32_t netns, struct listener *const *listeners,
		   size_t n);

/* For a service that nobody serves where it is expected: who listens on its port on the host, in
 * namespace @host, all the same: a container runtime's proxy, or the host's own server. @detail
 * (FACT_DETAIL_SIZE): a sentence on it, or "". */
void match_outside(const struct service *service, uint32_t host, struct listener *const *listeners,
		   size_t n, char *detail);

#endif
