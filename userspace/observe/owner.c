// SPDX-License-Identifier: LGPL-2.1-or-later
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "file.h"
#include "text.h"

#define CONTAINER_ID_LENGTH 64
#define PROC_FILE_MAX	    (256 * 1024)
#define PID_NAMESPACE_INIT_INODE 0xeffffffcU /* PROC_PID_INIT_INO, include/linux/proc_ns.h */
#define FILEID_KERNFS	    0xfe /* include/linux/exportfs.h */

/* Copies the hexadecimal id that the runtimes give their cgroups, if @component has one. */
static void find_container(const char *component, size_t n, char to[static CONTAINER_ID_SIZE])
{
	static const char *const hex = "0123456789abcdef";

	for (size_t i = 0; i + CONTAINER_ID_LENGTH <= n; i++) {
		if (strspn(component + i, hex) < CONTAINER_ID_LENGTH)
			continue;
		memcpy(to, component + i, CONTAINER_ID_LENGTH);
		to[CONTAINER_ID_LENGTH] = '\0';
		return;
	}
}

void owner_from_path(const char *path, char unit[static UNIT_NAME_SIZE],
		     char container[static CONTAINER_ID_SIZE])
{
	static const char service[] = ".service", user[] = "user@";

	*unit = *container = '\0';
	while (*path) {
		size_t n = strcspn(path, "/"), tail = sizeof(service) - 1;

		/* The first service from the root is the one that the system manager knows; below user@,
		 * the user's own manager runs another. */
		if (n > tail && n < UNIT_NAME_SIZE && memcmp(path + n - tail, service, tail) == 0 &&
		    (!*unit || text_starts_with(unit, user))) {
			memcpy(unit, path, n);
			unit[n] = '\0';
		}
		if (!*container)
			find_container(path, n, container);
		path += n;
		path += *path == '/';
	}
}

int owner_open(int *ret_cgroup_fd)
{
	cleanup(memory_freep) char *mounts = NULL;
	char *line, *rest;
	int r = file_read("/proc/self/mountinfo", PROC_FILE_MAX, &mounts, NULL);

	if (r < 0)
		return r;
	for (line = strtok_r(mounts, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char where[PATH_MAX];
		int fd;

		/* 36 35 0:31 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw */
		if (!strstr(line, " - cgroup2 ") || sscanf(line, "%*s %*s %*s %*s %4095s", where) != 1)
			continue;
		fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		*ret_cgroup_fd = fd;
		return 0;
	}
	return -ENOENT;
}

/* The path of a cgroup by its id, which is its kernfs inode number: no process needs to be alive. */
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

void owner_find(int cgroup_fd, uint64_t cgroup_id, pid_t pid, char unit[static UNIT_NAME_SIZE],
		char container[static CONTAINER_ID_SIZE])
{
	cleanup(memory_freep) char *cgroups = NULL;
	char path[PATH_MAX];
	char *line, *rest;

	*unit = *container = '\0';
	if (cgroup_fd >= 0 && path_by_id(cgroup_fd, cgroup_id, path, sizeof(path)) >= 0)
		owner_from_path(path, unit, container);
	if (*unit || *container || pid <= 0)
		return;
	/* Version 1 hierarchies: systemd's own names the unit. */
	(void)text_format(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (file_read(path, PROC_FILE_MAX, &cgroups, NULL) < 0)
		return;
	for (line = strtok_r(cgroups, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		const char *colon = strchr(line, ':');

		colon = colon ? strchr(colon + 1, ':') : NULL;
		if (colon)
			owner_from_path(colon + 1, unit, container);
		if (*unit || *container)
			return;
	}
}

bool owner_pids_are_nested(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != PID_NAMESPACE_INIT_INODE;
}
