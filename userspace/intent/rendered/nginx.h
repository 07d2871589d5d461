/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nginx, as a kind of server. */
#ifndef NGINX_H
#define NGINX_H

#include "intent/rendered/server.h"

extern const struct server_kind nginx_server;

#endif
