// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vantage.h"

#include <errno.h>
#include <netinet/in.h>

#include "cleanup.h"
#include "netns.h"

int vantage_socket(const char *netns_path, uint32_t expected_inode, const struct sockaddr *address,
		   socklen_t size, int *ret_fd, int *ret_connect_error)
{
	cleanup(fd_closep) int fd = -1;
	int r;

	r = netns_socket(netns_path, expected_inode, address->sa_family,
			 SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP, &fd);
	if (r < 0)
		return r;
	if (connect(fd, address, size) < 0 && errno != EINPROGRESS) {
		*ret_connect_error = errno;
		*ret_fd = -1;
		return 0;
	}
	*ret_connect_error = 0;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
