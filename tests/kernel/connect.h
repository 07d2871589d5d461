/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client for the kernel tests. */
#ifndef CONNECT_H
#define CONNECT_H

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connects to @port of the loopback; -1 where nobody takes it. */
static inline int connect_as(int family, uint16_t port, int protocol)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	if (fd >= 0 && connect(fd, family == AF_INET6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
			       family == AF_INET6 ? sizeof(in6) : sizeof(in)) == 0)
		return fd;
	close(fd);
	return -1;
}

static inline int connect_to(int family, uint16_t port)
{
	return connect_as(family, port, 0);
}

#endif
