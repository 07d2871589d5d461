/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Services in containers, as the host's clients see them: a port that a container publishes is
 * served inside, whoever listens for it on the host. Pure. */
#ifndef PLACING_H
#define PLACING_H

#include "model/container.h"
#include "model/service.h"

/* What @inside, the services of @container, are on the host: those that it publishes, at the host's
 * ports and addresses. Returns 0 or -ENOMEM; the caller clears *@ret. */
int placing_to_host(const struct container *container, const struct service_set *inside,
		    struct service_set *ret);

/* Gives each service of the host whose port a container publishes to that container, but those of
 * which the host's own server is known. */
void placing_assign(const struct container_set *containers, struct service_set *services);

#endif
