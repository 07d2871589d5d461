/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of nginx_conf: where one "listen" opens a port. Pure. */
#ifndef NGINX_LISTEN_H
#define NGINX_LISTEN_H

#include <stdbool.h>

#include "intent/rendered/rendering.h"

struct nginx_listen {
	char address[128];
	bool ssl, proxy_protocol, both_families, is_udp;
};

/* Gives @service its port and address. Returns false when it is no TCP port. */
bool nginx_listen_place(const struct nginx_listen *listen, const char *path,
			struct complaints *complaints, struct service *service);

/* rendering_add(), as nginx binds within mail { } or stream { }. */
int nginx_listen_add(struct rendering *rendering, const struct service *service);

#endif
