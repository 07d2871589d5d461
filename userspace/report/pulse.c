// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/pulse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SUFFIX ".alive"

/* The directory of the status file, open, and the socket's name in it. A socket's address is short,
 * and a path may be long: so it is named by the descriptor. */
static int open_directory(const char *status, int *ret_fd, char name[static NAME_MAX + 1])
{
	const char *slash = strrchr(status, '/'), *base = slash ? slash + 1 : status;
	char directory[PATH_MAX];
	int fd;

	if (text_format(directory, sizeof(directory), "%.*s", (int)(base - status), status) < 0 ||
	    text_format(name, NAME_MAX + 1, "%s" SUFFIX, base) < 0)
		return -ENAMETOOLONG;
	fd = open(*directory ? directory : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int set_address(struct sockaddr_un *address, int directory, const char *name)
{
	address->sun_family = AF_UNIX;
	return text_format(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
			   directory, name);
}

static int bind_anew(int fd, int directory, const char *name)
{
	struct sockaddr_un address;
	char fresh[NAME_MAX + 1];

	/* Put in its place whole: who asks meanwhile finds the old one or the new. */
	if (text_format(fresh, sizeof(fresh), ".%s.%d", name, getpid()) < 0 ||
	    set_address(&address, directory, fresh) < 0)
		return -ENAMETOOLONG;
	(void)unlinkat(directory, fresh, 0);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	/* To connect is to write, to a socket. */
	if (chmod(address.sun_path, 0666) < 0 || renameat(directory, fresh, directory, name) < 0) {
		int r = -errno;

		(void)unlinkat(directory, fresh, 0);
		return r;
	}
	return 0;
}

int pulse_begin(const char *status, int *ret_fd)
{
	cleanup(fd_closep) int directory = -1, fd = -1;
	char name[NAME_MAX + 1];
	int r = open_directory(status, &directory, name);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || shutdown(fd, SHUT_RDWR) < 0) /* what nobody reads is not kept for him */
		return -errno;
	r = bind_anew(fd, directory, name);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

void pulse_end(const char *status, int *fd)
{
	cleanup(fd_closep) int directory = -1;
	char name[NAME_MAX + 1];

	if (*fd < 0)
		return;
	close(TAKE_FD(*fd));
	if (open_directory(status, &directory, name) >= 0)
		(void)unlinkat(directory, name, 0);
}

int pulse_ask(const char *status)
{
	cleanup(fd_closep) int directory = -1, fd = -1;
	char name[NAME_MAX + 1];
	struct sockaddr_un address;
	int r = open_directory(status, &directory, name);

	if (r < 0)
		return r;
	if (set_address(&address, directory, name) < 0)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	return errno == ECONNREFUSED || errno == ENOENT ? -ESRCH : -errno;
}
