// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vantage.h"

#include <errno.h>
#include <netinet/in.h>

#include "cleanup.h"
#include "netns.h"

/* Servers trust a client that comes from their own address: Dovecot offers it passwords in plain text. To
 * see what strangers see, come from another of the loopback addresses, all of which are there. Best effort:
 * without it the conversation knows that it cannot tell. */
static void be_a_stranger(int fd, const struct sockaddr *to)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)to;
	struct sockaddr_in from = { .sin_family = AF_INET };
	uint32_t loopback;

	if (to->sa_family != AF_INET || (ntohl(in->sin_addr.s_addr) >> 24) != IN_LOOPBACKNET)
		return;
	loopback = ntohl(in->sin_addr.s_addr) == INADDR_LOOPBACK + 1 ? INADDR_LOOPBACK + 2 : INADDR_LOOPBACK + 1;
	from.sin_addr.s_addr = htonl(loopback);
	/* The port is chosen at connect, when it need not be free for all destinations. */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	(void)bind(fd, (const struct sockaddr *)&from, sizeof(from));
}

int vantage_socket(const char *netns_path, uint32_t expected_inode, const struct sockaddr *address,
		   socklen_t size, int *ret_fd, int *ret_connect_error)
{
	cleanup(fd_closep) int fd = -1;
	int r;

	r = netns_socket(netns_path, expected_inode, address->sa_family,
			 SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP, &fd);
	if (r < 0)
		return r;
	be_a_stranger(fd, address);
	if (connect(fd, address, size) < 0 && errno != EINPROGRESS) {
		*ret_connect_error = errno;
		*ret_fd = -1;
		return 0;
	}
	*ret_connect_error = 0;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
