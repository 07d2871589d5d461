// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inside/order.h"
#include "base/text.h"

#define STATUS_MAX 65536
#define FREE_FD	   (ORDER_CGROUP + CGROUP_PROCS_MAX) /* the first that order.h does not give out */

/* Newer than the headers of a distribution that we are built on. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020 /* Linux 6.3 */
#endif

static const unsigned char image[] = {
#include "base/inside/image.h"
};

/* Not the pid namespace: the program gets one beside it (README.md). */
static const struct {
	const char *name;
	unsigned int type;
} namespaces[] = {
	{ "ipc", CLONE_NEWIPC },
	{ "uts", CLONE_NEWUTS },
	{ "net", CLONE_NEWNET },
	{ "mnt", CLONE_NEWNS },
};

/* Whether @pid's namespace is ours, too. Returns -errno when that cannot be seen. */
static int is_ours(pid_t pid, const char *name)
{
	struct stat ours, theirs;
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/self/ns/%s", name);
	if (stat(path, &ours) < 0)
		return -errno;
	(void)text_format(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	if (stat(path, &theirs) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return ours.st_ino == theirs.st_ino;
}

static int find_namespaces(pid_t pid, unsigned int *ret)
{
	unsigned int types = 0;

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		int r = is_ours(pid, namespaces[i].name);

		if (r < 0)
			return r;
		if (r == 0)
			types |= namespaces[i].type;
	}
	*ret = types;
	return 0;
}

/* The second number of "Uid:  REAL  EFFECTIVE ...". */
static int read_id(const char *status, const char *key, unsigned int *ret)
{
	const char *line = strstr(status, key);
	unsigned int real;

	return line && sscanf(line + strlen(key), "%u %u", &real, ret) == 2 ? 0 : -EINVAL;
}

static int find_ids(pid_t pid, uid_t *ret_uid, gid_t *ret_gid)
{
	cleanup(memory_freep) char *status = NULL;
	char path[64];
	int r;

	(void)text_format(path, sizeof(path), "/proc/%d/status", (int)pid);
	r = file_read(path, STATUS_MAX, &status, NULL);
	if (r >= 0)
		r = read_id(status, "\nUid:", ret_uid);
	if (r >= 0)
		r = read_id(status, "\nGid:", ret_gid);
	return r == -ENOENT ? -ESRCH : r;
}

static int make_image(int *ret)
{
	cleanup(fd_closep) int fd =
		memfd_create("hearken-inside", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	if (fd < 0 && errno == EINVAL) /* it knows no such flag, and all are executable */
		fd = memfd_create("hearken-inside", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (write(fd, image, sizeof(image)) != (ssize_t)sizeof(image))
		return -EIO;
	if (fcntl(fd, F_ADD_SEALS, seals | F_SEAL_EXEC) < 0 && fcntl(fd, F_ADD_SEALS, seals) < 0)
		return -errno;
	*ret = TAKE_FD(fd);
	return 0;
}

/* So that putting one in its place in the child overwrites none of the others. */
static int move_beyond(int *fd)
{
	int beyond = fcntl(*fd, F_DUPFD_CLOEXEC, FREE_FD);

	if (beyond < 0)
		return -errno;
	(void)close(*fd);
	*fd = beyond;
	return 0;
}

static bool has_ended(int pidfd)
{
	struct pollfd fds = { .fd = pidfd, .events = POLLIN };

	return poll(&fds, 1, 0) > 0;
}

/* Whether /proc has that process under the same number. It has not where it is another pid
 * namespace's than ours: there, the number is somebody else's. */
static bool is_of_proc(pid_t pid, int pidfd)
{
	cleanup(memory_freep) char *text = NULL;
	char path[64];
	const char *line;

	(void)text_format(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (file_read(path, STATUS_MAX, &text, NULL) < 0)
		return false;
	line = strstr(text, "\nPid:");
	return line && atoi(line + sizeof("\nPid:") - 1) == pid;
}

int enter_hold(pid_t pid, struct enter_process *ret)
{
	int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (pidfd < 0)
		return pid <= 0 || errno == EINVAL ? -ESRCH : -errno;
	*ret = (struct enter_process){ .pid = pid, .pidfd = pidfd };
	if (is_of_proc(pid, pidfd))
		return 0;
	/* One that has just ended has no number any more. */
	enter_release(ret);
	return -ESRCH;
}

void enter_release(struct enter_process *process)
{
	fd_closep(&process->pidfd);
	process->pidfd = -1;
}

/* What /proc says of the number @process->pid is true of that process if it still is there
 * afterwards. */
static bool is_there(const struct enter_process *process)
{
	return process->pidfd >= 0 && !has_ended(process->pidfd);
}

int enter_root(const struct enter_process *process, int *ret)
{
	cleanup(fd_closep) int root = -1;
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/%d/root", (int)process->pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!is_there(process))
		return -ESRCH;
	if (root < 0)
		return -errno;
	*ret = TAKE_FD(root);
	return 0;
}

uint64_t enter_mntns(pid_t pid)
{
	struct stat st;
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return pid > 0 && stat(path, &st) == 0 ? st.st_ino : 0;
}

int enter_root_again(pid_t pid, uint64_t mntns, int *ret)
{
	cleanup(enter_release) struct enter_process process = { .pidfd = -1 };
	int r = enter_hold(pid, &process);

	if (r < 0)
		return r;
	return enter_mntns(pid) == mntns ? enter_root(&process, ret) : -ESRCH;
}

static int look_at(const struct enter_process *process, struct enter *enter)
{
	int r = find_namespaces(process->pid, &enter->namespaces);

	if (r >= 0)
		r = find_ids(process->pid, &enter->uid, &enter->gid);
	if (r >= 0)
		r = cgroup_procs_open(process->pid, &enter->cgroups);
	return is_there(process) ? r : -ESRCH;
}

int enter_open(const struct enter_process *process, struct enter *ret)
{
	struct enter enter = { .image = -1 };
	int r;

	enter.pidfd = fcntl(process->pidfd, F_DUPFD_CLOEXEC, FREE_FD);
	if (enter.pidfd < 0)
		return process->pidfd < 0 ? -ESRCH : -errno;
	r = look_at(process, &enter);
	if (r >= 0)
		r = make_image(&enter.image);
	if (r >= 0)
		r = move_beyond(&enter.image);
	for (size_t i = 0; i < enter.cgroups.n && r >= 0; i++)
		r = move_beyond(&enter.cgroups.fds[i]);
	if (r < 0) {
		enter_close(&enter);
		return r;
	}
	*ret = enter;
	return 0;
}

void enter_close(struct enter *enter)
{
	cgroup_procs_close(&enter->cgroups);
	fd_closep(&enter->image);
	fd_closep(&enter->pidfd);
	enter->image = enter->pidfd = -1;
}

int enter_argv(const struct enter *enter, const char *const argv[], const char *ret[], size_t max,
	       char numbers[static ENTER_NUMBERS][16])
{
	const unsigned int values[ENTER_NUMBERS] = {
		[ORDER_UID - 1] = enter->uid,
		[ORDER_GID - 1] = enter->gid,
		[ORDER_NAMESPACES - 1] = enter->namespaces,
		[ORDER_CGROUPS - 1] = (unsigned int)enter->cgroups.n,
	};
	size_t n = ORDER_PROGRAM;

	ret[0] = "hearken-inside";
	for (size_t i = 0; i < ENTER_NUMBERS; i++) {
		(void)text_format(numbers[i], sizeof(numbers[i]), "%u", values[i]);
		ret[i + 1] = numbers[i];
	}
	for (size_t i = 0; argv[i]; i++) {
		if (n + 1 >= max)
			return -E2BIG;
		ret[n++] = argv[i];
	}
	ret[n] = NULL;
	return 0;
}
