// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"

static const char own[] = "/proc/thread-self/ns/net";

static int open_netns(const char *path, int *ret_fd, uint32_t *ret_inode)
{
	cleanup(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_inode = (uint32_t)st.st_ino;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int netns_inode(const char *path, uint32_t *ret)
{
	struct stat st;

	if (stat(path ? path : own, &st) < 0)
		return -errno;
	*ret = (uint32_t)st.st_ino;
	return 0;
}

static int make_socket(int family, int type, int protocol, int *ret_fd)
{
	int fd = socket(family, type, protocol);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* A socket belongs to the namespace it is made in for life, wherever it is used afterwards. */
int netns_socket(const char *path, uint32_t expected_inode, int family, int type, int protocol,
		 int *ret_fd)
{
	cleanup(fd_closep) int home = -1, there = -1;
	uint32_t home_inode, inode;
	int r;

	if (!path)
		return make_socket(family, type, protocol, ret_fd);
	r = open_netns(path, &there, &inode);
	if (r < 0)
		return r;
	if (expected_inode && inode != expected_inode)
		return -ESTALE;
	r = open_netns(own, &home, &home_inode);
	if (r < 0)
		return r;
	if (inode == home_inode)
		return make_socket(family, type, protocol, ret_fd);
	if (setns(there, CLONE_NEWNET) < 0)
		return -errno;
	r = make_socket(family, type, protocol, ret_fd);
	if (setns(home, CLONE_NEWNET) < 0) {
		(void)log_error(-errno, "Cannot return to the own network namespace, giving up");
		abort();
	}
	return r;
}
