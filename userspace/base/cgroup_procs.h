/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroups of another process, to be joined: version 2, version 1 or both. Of version 1 those
 * hierarchies that bound what a process may use (devices, memory, pids, cpu) and systemd's own; not
 * the freezer's, where nobody can be killed. */
#ifndef CGROUP_PROCS_H
#define CGROUP_PROCS_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#define CGROUP_PROCS_MAX 6

struct cgroup_procs {		   /* zeroed is none */
	int fds[CGROUP_PROCS_MAX]; /* who writes "0" into each of them has joined */
	size_t n;
};

/* Opens those of @pid, as far as we are not in them already. All or nothing: returns 0, -ESRCH (it
 * or its cgroup is gone), -EXDEV (its cgroup is not in the part of the hierarchy that we see) or
 * another -errno. */
int cgroup_procs_open(pid_t pid, struct cgroup_procs *ret);
void cgroup_procs_close(struct cgroup_procs *procs);

/* Pure: the same, as paths. @mounts is the text of /proc/self/mountinfo, @ours and @theirs of
 * /proc/PID/cgroup. Returns their number or -errno as above. */
int cgroup_procs_paths(const char *mounts, const char *ours, const char *theirs,
		       char ret[static CGROUP_PROCS_MAX][PATH_MAX]);

#endif
