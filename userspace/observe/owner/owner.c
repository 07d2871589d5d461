// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/owner/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "observe/owner/process.h"

#define PROC_FILE_MAX (256 * 1024)
#define FILEID_KERNFS 0xfe /* include/linux/exportfs.h */

/* Opens the cgroup2 file system, wherever it is mounted. Returns a descriptor, or -1. */
static int open_unified(void)
{
	cleanup(memory_freep) char *mounts = NULL;
	char *line, *rest;

	if (file_read("/proc/self/mountinfo", PROC_FILE_MAX, &mounts, NULL) < 0)
		return -1;
	for (line = strtok_r(mounts, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char where[PATH_MAX];

		/* 36 35 0:31 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw */
		if (strstr(line, " - cgroup2 ") &&
		    sscanf(line, "%*s %*s %*s %*s %4095s", where) == 1)
			return open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

/* Version 2 has one line alone, "0::PATH". */
static bool has_v1(void)
{
	cleanup(memory_freep) char *text = NULL;

	return process_cgroups("/proc", getpid(), &text) < 0 || !text_starts_with(text, "0::");
}

void owners_open(struct owners *owners)
{
	memset(owners, 0, sizeof(*owners));
	owners->cgroup_fd = open_unified();
	owners->has_v1 = has_v1();
	owners->pid_namespace = process_pid_namespace("/proc");
	owners->is_inside = process_is_inside();
	owners->pids_are_nested = owners->pid_namespace != PROCESS_INITIAL_NAMESPACE;
}

void owners_close(struct owners *owners)
{
	if (owners->cgroup_fd >= 0)
		close(owners->cgroup_fd);
	owners->cgroup_fd = -1;
}

/* The path of a cgroup by its id, which is its kernfs inode number: no process needs to be alive.
 */
static int path_by_id(int cgroup_fd, uint64_t id, char *to, size_t size)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(uint64_t)];
	} by = { .handle = { .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS } };
	cleanup(fd_closep) int fd = -1;
	char link[32];
	ssize_t n;

	memcpy(by.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(cgroup_fd, &by.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)text_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, to, size - 1);
	if (n < 0)
		return -errno;
	to[n] = '\0';
	return 0;
}

/* Read before the process is looked at: a pid that by then is still that process was it all the
 * time. Whoever it is, if nobody owns it, it need not be looked at. */
static void ask_proc(pid_t pid, uint64_t started_ns, struct owner *ret)
{
	cleanup(memory_freep) char *text = NULL;

	if (process_cgroups("/proc", pid, &text) < 0)
		return;
	cgroup_lines_parse(text, ret);
	if ((*ret->container || *ret->unit) && !process_is(pid, started_ns))
		memset(ret, 0, sizeof(*ret));
}

bool owner_is_manager(const struct owners *owners, uint64_t cgroup_id)
{
	char path[PATH_MAX];

	return owners->cgroup_fd >= 0 &&
	       path_by_id(owners->cgroup_fd, cgroup_id, path, sizeof(path)) >= 0 &&
	       cgroup_path_is_manager(path);
}

void owner_find(struct owners *owners, uint64_t cgroup_id, pid_t pid, uint64_t started_ns,
		struct owner *ret)
{
	char path[PATH_MAX];

	memset(ret, 0, sizeof(*ret));
	if (owners->cgroup_fd >= 0 &&
	    path_by_id(owners->cgroup_fd, cgroup_id, path, sizeof(path)) >= 0)
		cgroup_path_parse(path, ret);
	/* A container may exist in the hierarchies of version 1 alone: in the other, it is with its
	 * starter. */
	if (!*ret->container && (!*ret->unit || owners->has_v1) && pid > 0) {
		struct owner other = { 0 };

		ask_proc(pid, started_ns, &other);
		if (*other.container || !*ret->unit)
			*ret = other;
	}
	if (*ret->container)
		container_name(&owners->names, "", ret->container, ret->container_name);
	/* A cgroup's name is whatever its maker wanted. */
	text_sanitize(ret->unit);
	text_sanitize(ret->container);
}

void owner_enter(const struct owner *owner, struct listener *listener)
{
	memcpy(listener->unit, owner->unit, sizeof(listener->unit));
	listener->manager = owner->manager;
	memcpy(listener->container, owner->container, sizeof(listener->container));
	memcpy(listener->container_name, owner->container_name, sizeof(listener->container_name));
}
