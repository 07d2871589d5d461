// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/disk/apart.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "probe/confined/confine.h"
#include "probe/confined/sandbox.h"

#define CHANNEL_FD 3
#define FILES_MAX  8
#define WAIT_MSEC  250

/* Nothing of ours is reachable from there but a copy of our memory. */
static _Noreturn void work_apart(void (*work)(const void *userdata, void *ret),
				 const void *userdata, int channel, pid_t parent, void *ret,
				 size_t size)
{
	if (dup2(channel, CHANNEL_FD) < 0 || close_range(CHANNEL_FD + 1, ~0U, 0) < 0 ||
	    close_range(0, CHANNEL_FD - 1, 0) < 0 ||
	    confine_enter(SANDBOX_ALL, FILES_MAX, parent) < 0)
		_exit(EXIT_FAILURE);
	work(userdata, ret);
	_exit(send(CHANNEL_FD, ret, size, MSG_NOSIGNAL) == (ssize_t)size ? EXIT_SUCCESS
									 : EXIT_FAILURE);
}

static int hear(int channel, void *ret, size_t size)
{
	struct pollfd fds = { .fd = channel, .events = POLLIN };
	int r;

	do
		r = poll(&fds, 1, WAIT_MSEC);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	return recv(channel, ret, size, MSG_DONTWAIT | MSG_TRUNC) == (ssize_t)size ? 0 : -EBADMSG;
}

int apart_run(void (*work)(const void *userdata, void *ret), const void *userdata, void *ret,
	      size_t size)
{
	cleanup(fd_closep) int ours = -1, theirs = -1;
	int pair[2], r;
	pid_t parent = getpid(), child;

	if (size > APART_SIZE_MAX)
		return -EINVAL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		work_apart(work, userdata, theirs, parent, ret, size);
	fd_closep(&theirs);
	theirs = -1;
	r = hear(ours, ret, size);
	(void)kill(child, SIGKILL); /* not reaped yet, so it is no other's number */
	(void)waitpid(child, NULL, 0);
	return r;
}
