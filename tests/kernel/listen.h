/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A listener for the kernel tests; after <cmocka.h>. */
#ifndef LISTEN_H
#define LISTEN_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <sys/socket.h>

#define LISTEN_BACKLOG 17

/* Listens on @port at any address of @family. */
static inline int listen_on(int family, uint16_t port, int v6only, bool reuse)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
		assert_int_equal(bind(fd, (struct sockaddr *)&in6, sizeof(in6)), 0);
	} else {
		assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	}
	assert_int_equal(listen(fd, LISTEN_BACKLOG), 0);
	return fd;
}

#endif
