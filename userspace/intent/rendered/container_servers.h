/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mail servers a container runs: its files and processes tell. */
#ifndef CONTAINER_SERVERS_H
#define CONTAINER_SERVERS_H

#include "base/enter.h"
#include "intent/rendered/servers.h"
#include "model/container.h"

/* It publishes a port of mail. */
bool container_may_serve_mail(const struct container *container);

/* Program (where one is asked) and configuration of @server are in the container of @process. */
bool container_has(const struct server_kind *server, const struct enter_process *process);

/* Whether it runs there, too: its first process is there, or what that has left behind (it may have
 * been killed a moment ago). A package that is only installed serves nobody. Nothing is opened
 * there. */
bool container_runs(const struct server_kind *server, const struct enter_process *process);

#endif
