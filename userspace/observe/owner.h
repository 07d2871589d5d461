/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose a process is: its systemd unit or its container, from its cgroup. */
#ifndef OWNER_H
#define OWNER_H

#include <stdint.h>
#include <sys/types.h>

#include "listener.h"

/* Pure: what the path of a cgroup says. Both are emptied when it says nothing.
 * /system.slice/dovecot.service; /system.slice/docker-<64 hex>.scope; /docker/<64 hex> */
void owner_from_path(const char *path, char unit[static UNIT_NAME_SIZE],
		     char container[static CONTAINER_ID_SIZE]);

/* Opens the cgroup2 file system, wherever it is mounted; -ENOENT when it is not. */
int owner_open(int *ret_cgroup_fd);

/* Finds unit and container by the id of the cgroup (still right when the process is gone), or by
 * @pid's entry in /proc where that fails. @cgroup_fd may be -1, @pid 0. Never fails, may say nothing. */
void owner_find(int cgroup_fd, uint64_t cgroup_id, pid_t pid, char unit[static UNIT_NAME_SIZE],
		char container[static CONTAINER_ID_SIZE]);

/* We do not run in the initial pid namespace: the kernel's pids are not those of our /proc. */
bool owner_pids_are_nested(void);

#endif
