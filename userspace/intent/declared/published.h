/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What docker compose publishes, beside what an env file says: the two are written by the same
 * hand, and must fit each other. compose_beside() reads files; the rest is pure. */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include "base/complaints.h"
#include "intent/declared/compose.h"
#include "intent/declared/envfile.h"
#include "model/service.h"

#define PUBLISHED_PATH_SIZE 512

/* The files beside @path that compose_beside() would read, there or not: up to @max of them into
 * @to. Returns how many. */
size_t published_files(const char *path, char (*to)[PUBLISHED_PATH_SIZE], size_t max);

/* Reads the compose file in the directory of @path, its override, and .env for their variables,
 * where they are there;
 * @file has variables too when @file_is_dotenv. Returns 1 with *@ret, which the caller frees; 0
 * when there is none or when it cannot be read (said in @complaints); or -ENOMEM. */
int compose_beside(const char *path, const struct envfile *file, bool file_is_dotenv,
		   struct compose **ret, struct complaints *complaints);

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
