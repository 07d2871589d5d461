// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/text.h"

#define READ_STEP     4096
#define NAME_ATTEMPTS 16 /* to find the way while somebody moves directories on it */

static int read_all(int fd, size_t max, char **ret, size_t *ret_size)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (room - size < 2) {
			char *more;

			room = room ? 2 * room : READ_STEP;
			more = realloc(text, room);
			if (!more)
				return -ENOMEM;
			text = more;
		}
		n = read(fd, text + size, room - size - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max)
			return -EFBIG;
	}
	text[size] = '\0';
	*ret = TAKE_PTR(text);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_size)
{
	/* O_NONBLOCK: opening a fifo that somebody put there must not hang us. */
	cleanup(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : read_all(fd, max, ret, ret_size);
}

static int open_below(int root, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = O_CLOEXEC | flags,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int attempts = NAME_ATTEMPTS, fd;

	do /* EAGAIN: a rename on the way, it cannot tell whether ".." led out */
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && --attempts > 0);
	return fd < 0 ? -errno : fd;
}

bool file_exists_below(int root, const char *path)
{
	cleanup(fd_closep) int fd = open_below(root, path, O_PATH | O_NOFOLLOW);

	return fd >= 0;
}

int file_stat_below(int root, const char *path, struct stat *ret)
{
	cleanup(fd_closep) int fd = open_below(root, path, O_PATH);

	if (fd < 0)
		return fd;
	return fstat(fd, ret) < 0 ? -errno : 0;
}

int file_directory_below(int root, const char *path)
{
	return open_below(root, path, O_RDONLY | O_DIRECTORY);
}

/* To open a device does something already: rewinds a tape, starts a watchdog. So it is looked at
 * first, by a descriptor that only names it, and it is this very file that is then opened. */
int file_read_below(int root, const char *path, size_t max, char **ret, size_t *ret_size)
{
	cleanup(fd_closep) int named = open_below(root, path, O_PATH), fd = -1;
	char self[64];
	struct stat st;

	if (named < 0)
		return named;
	if (fstat(named, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	(void)text_format(self, sizeof(self), "/proc/self/fd/%d", named);
	fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : read_all(fd, max, ret, ret_size);
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int file_replace(const char *path, const void *data, size_t size, mode_t mode)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char hidden[PATH_MAX];
	int fd, r;

	/* Hidden, and not ending in .prom: the textfile collector must never read the half-written
	 * file. */
	r = text_format(hidden, sizeof(hidden), "%.*s.%s.%d", (int)(name - path), path, name,
			getpid());
	if (r < 0)
		return -ENAMETOOLONG;
	(void)unlink(hidden);
	fd = open(hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, mode) < 0 ? -errno : 0; /* whatever the umask says */
	if (r >= 0)
		r = write_all(fd, data, size);
	if (r >= 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r >= 0)
		r = -errno;
	if (r >= 0 && rename(hidden, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(hidden);
	return r;
}

/* Where there is no room for a second file, there is for the same one. */
static int overwrite(const char *path, const void *data, size_t size)
{
	cleanup(fd_closep) int fd =
		open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* In a directory of somebody else's it may be another name of a third file. */
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid())
		return -EPERM;
	/* Room for all of it, before any of it is lost. */
	if (fallocate(fd, 0, 0, (off_t)size) < 0)
		return -errno;
	if (write_all(fd, data, size) < 0 || ftruncate(fd, (off_t)size) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int file_tell(const char *path, const void *data, size_t size, mode_t mode)
{
	int r = file_replace(path, data, size, mode);

	if (r >= 0 || overwrite(path, data, size) >= 0)
		return 0;
	(void)unlink(path);
	return r;
}

int file_make_directory(const char *path, mode_t mode)
{
	char partial[PATH_MAX];
	struct stat st;

	if (text_copy(partial, sizeof(partial), path) < 0)
		return -ENAMETOOLONG;
	for (char *p = partial + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(partial, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	if (mkdir(partial, mode) < 0 && errno != EEXIST)
		return -errno;
	if (stat(partial, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}
