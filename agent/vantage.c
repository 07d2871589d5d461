// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vantage.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "log.h"

static int open_netns(const char *path, uint32_t expected_inode, int *ret)
{
	cleanup(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (expected_inode && st.st_ino != expected_inode)
		return -ESTALE;
	*ret = TAKE_FD(fd);
	return 0;
}

/* A socket belongs to the namespace it is made in for life, wherever it is used afterwards. */
static int socket_inside(int netns, int family)
{
	cleanup(fd_closep) int home = -1;
	int fd, r;

	r = open_netns("/proc/thread-self/ns/net", 0, &home);
	if (r < 0)
		return r;
	if (setns(netns, CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	r = fd < 0 ? -errno : fd;
	if (setns(home, CLONE_NEWNET) < 0) {
		(void)log_error(-errno, "Cannot return to the own network namespace, giving up");
		abort();
	}
	return r;
}

int vantage_socket(const char *netns_path, uint32_t expected_inode, const struct sockaddr *address,
		   socklen_t size, int *ret_fd, int *ret_connect_error)
{
	cleanup(fd_closep) int netns = -1, fd = -1;
	int r;

	r = netns_path ? open_netns(netns_path, expected_inode, &netns) : 0;
	if (r < 0)
		return r;
	if (netns_path) {
		fd = socket_inside(netns, address->sa_family);
		if (fd < 0)
			return TAKE_FD(fd);
	} else {
		fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    IPPROTO_TCP);
		if (fd < 0)
			return -errno;
	}
	if (connect(fd, address, size) < 0 && errno != EINPROGRESS) {
		*ret_connect_error = errno;
		*ret_fd = -1;
		return 0;
	}
	*ret_connect_error = 0;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
