/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nginx's stream { } passes on without understanding it: where it listens at a port of mail,
 * or passes on to one, it is a listener of mail. Part of nginx_conf, whose words come in order; an
 * upstream may be named before it is described, so what a server is is known at the end. */
#ifndef NGINX_STREAM_H
#define NGINX_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "model/service.h"

#define NGINX_STREAM_NAME_SIZE	   64
#define NGINX_STREAM_UPSTREAMS_MAX 64 /* more are not known, nor then what is passed to them */

struct nginx_stream { /* zeroed is empty */
	struct nginx_upstream {
		char name[NGINX_STREAM_NAME_SIZE];
		uint16_t port; /* of its first server; 0: none was read */
	} upstreams[NGINX_STREAM_UPSTREAMS_MAX];
	size_t n_upstreams;
};

/* upstream NAME { ... server ADDRESS; */
void nginx_stream_begin_upstream(struct nginx_stream *stream, const char *name);
void nginx_stream_add_server(struct nginx_stream *stream, const char *address);

/* A server listens at @port, and passes on to @pass. Returns what it then is a listener of: the
 * mail port behind it, or else its own; NULL when neither is one. */
const struct well_known *nginx_stream_known(const struct nginx_stream *stream, uint16_t port,
					    const char *pass);

#endif
