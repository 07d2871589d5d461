// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/nginx_stream.h"

#include <string.h>

#include "base/text.h"

void nginx_stream_begin_upstream(struct nginx_stream *stream, const char *name)
{
	struct nginx_upstream *upstream;

	if (stream->n_upstreams == NGINX_STREAM_UPSTREAMS_MAX)
		return;
	upstream = &stream->upstreams[stream->n_upstreams++];
	*upstream = (struct nginx_upstream){ 0 };
	(void)text_copy(upstream->name, sizeof(upstream->name), name);
}

/* The port behind the last colon, or 0. */
static uint16_t port_of(const char *address)
{
	const char *colon = strrchr(address, ':');
	uint16_t port = 0;

	if (colon && !text_starts_with(address, "unix:"))
		(void)text_port(colon + 1, &port);
	return port;
}

void nginx_stream_add_server(struct nginx_stream *stream, const char *address)
{
	struct nginx_upstream *upstream =
		stream->n_upstreams ? &stream->upstreams[stream->n_upstreams - 1] : NULL;

	if (upstream && !upstream->port)
		upstream->port = port_of(address);
}

const struct well_known *nginx_stream_known(const struct nginx_stream *stream, uint16_t port,
					    const char *pass)
{
	const struct well_known *behind = well_known_port(port_of(pass));

	for (size_t i = 0; i < stream->n_upstreams && !behind; i++)
		if (strcmp(stream->upstreams[i].name, pass) == 0)
			behind = well_known_port(stream->upstreams[i].port);
	if (!behind || behind->protocol == PROTOCOL_HTTPS)
		behind = well_known_port(port);
	return behind && behind->protocol == PROTOCOL_HTTPS ? NULL : behind;
}
