/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What docker compose publishes, beside what an env file says: the two are written by the same
 * hand, and must fit each other. Pure. */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include "base/complaints.h"
#include "intent/declared/compose.h"
#include "model/service.h"

/* Makes of @services, which are those inside the container, those on the host: at the ports and
 * addresses that compose publishes them at. What it does not publish is taken out. A file that
 * publishes no mail port changes nothing (another one may). Returns 0 or -ENOMEM. */
int published_to_host(const struct compose *compose, struct service_set *services);

/* Warns of mail ports that compose publishes and @services, which are those inside the container,
 * do not have; and the other way round. @variable: what opens a port, for the sentence ("PORTS").
 * @on_host: published_to_host() is to follow, so that a port that is another one on the host needs
 * no word. */
void published_check(const struct compose *compose, const struct service_set *services,
		     const char *path, bool on_host, const char *(*variable)(uint16_t port),
		     struct complaints *complaints);

/* Puts what compose really publishes in the place of what mailcow.conf alone says of @services,
 * which are those on the host: the override may add ports, move them, or take them away. Returns 0
 * or -ENOMEM. */
int published_apply(const struct compose *compose, struct service_set *services,
		    struct complaints *complaints);

#endif
