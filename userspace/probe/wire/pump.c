// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/pump.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "model/address.h"
#include "probe/tls/trouble.h"

#define ROUNDS_MAX 8 /* reads in one call: one chatty server must not starve the others */

static void flush(struct conversation *c, int fd, uint64_t now)
{
	const void *bytes;
	size_t n;

	while ((bytes = conversation_output(c, &n)) && n > 0) {
		ssize_t r = send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno == EAGAIN)
			return;
		if (r < 0 && trouble_is_ours(errno)) {
			conversation_broken(c, errno, now);
			return;
		}
		/* The server may have said why before it hung up: drop ours, and go on reading. */
		conversation_sent(c, r < 0 ? n : (size_t)r);
	}
}

/* A server sees a client of its own host: then both ends are told by the same address. */
static bool is_same_host(int fd, const struct sockaddr_storage *peer)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);
	struct address a, b;

	if (getsockname(fd, (struct sockaddr *)&own, &size) < 0)
		return false;
	return address_from_sockaddr(&own, &a) == 0 && address_from_sockaddr(peer, &b) == 0 &&
	       address_equal(&a, &b);
}

static void check_connect(struct conversation *c, int fd, uint64_t now)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	size = sizeof(peer);
	if (!error && getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		error = errno;
	/* Reset since it was connected: to connect is refused otherwise. */
	if (error == ECONNRESET)
		conversation_connected(c, now);
	if (error) {
		conversation_broken(c, error, now);
		return;
	}
	if (is_same_host(fd, &peer))
		conversation_same_host(c);
	conversation_connected(c, now);
}

static void drain(struct conversation *c, int fd, uint64_t now)
{
	char bytes[4096];

	for (int i = 0; i < ROUNDS_MAX && !conversation_is_done(c); i++) {
		ssize_t r = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (r > 0)
			conversation_receive(c, bytes, r, now);
		else if (r == 0)
			conversation_eof(c, now);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			conversation_broken(c, errno, now);
	}
}

uint32_t pump_events(struct conversation *c)
{
	size_t n;

	if (!conversation_is_connected(c))
		return POLLOUT;
	(void)conversation_output(c, &n);
	return n > 0 ? POLLIN | POLLOUT : POLLIN;
}

void pump(struct conversation *c, int fd, uint64_t now)
{
	if (!conversation_is_connected(c))
		check_connect(c, fd, now);
	if (conversation_is_done(c))
		return;
	flush(c, fd, now);
	drain(c, fd, now);
	flush(c, fd, now);
}

void pump_timeout(struct conversation *c, int fd, uint64_t now)
{
	conversation_timeout(c, now);
	flush(c, fd, now);
}
