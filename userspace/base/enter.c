// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define STATUS_MAX 65536

/* The mounts last: the others are opened before, and nothing of ours is needed behind. */
static const struct {
	const char *name;
	int type;
} namespaces[ENTER_NAMESPACES] = {
	{ "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS }, { "net", CLONE_NEWNET },
	{ "pid", CLONE_NEWPID }, { "mnt", CLONE_NEWNS },
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

/* The second number of "Uid:  REAL  EFFECTIVE ...". */
static int read_id(const char *status, const char *key, unsigned int *ret)
{
	const char *line = strstr(status, key);
	unsigned int real;

	return line && sscanf(line + strlen(key), "%u %u", &real, ret) == 2 ? 0 : -EINVAL;
}

int enter_open(pid_t pid, struct enter *ret)
{
	cleanup(memory_freep) char *status = NULL;
	struct enter enter;
	char path[64];
	int r = is_ours(pid, "user");

	if (r <= 0)
		return r < 0 ? r : -EOPNOTSUPP;
	(void)text_format(path, sizeof(path), "/proc/%d/status", (int)pid);
	r = file_read(path, STATUS_MAX, &status, NULL);
	if (r >= 0)
		r = read_id(status, "\nUid:", &enter.uid);
	if (r >= 0)
		r = read_id(status, "\nGid:", &enter.gid);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	for (size_t i = 0; i < ENTER_NAMESPACES; i++)
		enter.fds[i] = -1;
	for (size_t i = 0; i < ENTER_NAMESPACES && r >= 0; i++) {
		r = is_ours(pid, namespaces[i].name);
		if (r != 0)
			continue;
		(void)text_format(path, sizeof(path), "/proc/%d/ns/%s", (int)pid,
				  namespaces[i].name);
		enter.fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (enter.fds[i] < 0)
			r = errno == ENOENT ? -ESRCH : -errno;
	}
	if (r < 0) {
		enter_close(&enter);
		return r;
	}
	*ret = enter;
	return 0;
}

void enter_close(struct enter *enter)
{
	for (size_t i = 0; i < ENTER_NAMESPACES; i++) {
		fd_closep(&enter->fds[i]);
		enter->fds[i] = -1;
	}
}

int enter_namespaces(const struct enter *enter)
{
	for (size_t i = 0; i < ENTER_NAMESPACES; i++)
		if (enter->fds[i] >= 0 && setns(enter->fds[i], namespaces[i].type) < 0)
			return -errno;
	return 0;
}

int enter_drop(const struct enter *enter)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* The system calls themselves: the library's wrappers are for whole processes with threads.
	 * Then exec() of root gains no capability, for the permitted set is empty and cannot grow.
	 */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_setgroups, 0, NULL) < 0 ||
	    syscall(SYS_setresgid, enter->gid, enter->gid, enter->gid) < 0 ||
	    syscall(SYS_setresuid, enter->uid, enter->uid, enter->uid) < 0 ||
	    syscall(SYS_capset, &header, none) < 0)
		return -errno;
	return 0;
}
