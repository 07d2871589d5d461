/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose a process is: its systemd unit, its container, from its cgroup. */
#ifndef OWNER_H
#define OWNER_H

#include <stdint.h>
#include <sys/types.h>

#include "observe/owner/cgroup_path.h"
#include "observe/owner/container.h"

struct owners {			/* what it takes to find them; owners_open() makes it */
	int cgroup_fd;		/* the cgroup2 file system; -1: there is none */
	bool has_v1;		/* other hierarchies beside it, or instead: these may know more */
	bool pids_are_nested;	/* the kernel's pids are not those of our /proc */
	uint32_t pid_namespace; /* of that, then; 0: it cannot be told */
	bool is_inside;		/* our own pid namespace is not the initial one: iterators show its
				 * processes alone */
	struct container_names names;
};

/* Never fails: without a cgroup2 file system, owners come from /proc alone. */
void owners_open(struct owners *owners);
void owners_close(struct owners *owners);

/* Finds unit and container by the id of the cgroup (still right when the process is gone), and,
 * where there are hierarchies of version 1, by what /proc says of @pid, as long as that is the
 * process that started at
 * @started_ns (as in struct holder). @pid may be 0. Never fails, may say nothing. */
void owner_find(struct owners *owners, uint64_t cgroup_id, pid_t pid, uint64_t started_ns,
		struct owner *ret);

/* Whether the cgroup of that id is the one where systemd, the manager of this host, is alone. */
bool owner_is_manager(const struct owners *owners, uint64_t cgroup_id);

/* Enters @owner into @listener. */
void owner_enter(const struct owner *owner, struct listener *listener);

#endif
