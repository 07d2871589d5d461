/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Into the container of another process, for a program that is run there and not trusted: its
 * mounts, network, IPC and host name, its user and group, its cgroups with their limits; no
 * capability, no way to get one, and nothing of ours. README.md tells how, and against whom.
 *
 * What goes in is a small program of its own (inside/), which this module carries and hands out. */
#ifndef ENTER_H
#define ENTER_H

#include <stdint.h>
#include <sys/types.h>

#include "base/cgroup_procs.h"

/* A process of the container. Its number may become another's, its pidfd never does: whoever looks
 * at a container and enters it later keeps one of these in between. */
struct enter_process {
	pid_t pid;
	int pidfd;
};

/* Returns 0, -ESRCH (there is none) or -errno; release *@ret with enter_release(). */
int enter_hold(pid_t pid, struct enter_process *ret);
void enter_release(struct enter_process *process); /* then it is one that is gone */

/* A descriptor of its root directory, for file_read_below(). Needs CAP_SYS_PTRACE where it is
 * another user's. Returns 0, -ESRCH (it is gone) or -errno. */
int enter_root(const struct enter_process *process, int *ret);

/* The mount namespace of @pid, by its inode; 0: there is no such process. Kept with the number it
 * tells the container from a later process of that number. */
uint64_t enter_mntns(pid_t pid);

/* enter_root() of the process that @pid was when its mount namespace was @mntns; also -ESRCH when
 * it is another's number now. */
int enter_root_again(pid_t pid, uint64_t mntns, int *ret);

struct enter {
	int pidfd; /* of the process */
	int image; /* the program, sealed; executed as /proc/self/fd/N */
	struct cgroup_procs cgroups;
	unsigned int namespaces; /* CLONE_NEW... of those that are not ours, too */
	uid_t uid;		 /* as this host counts them, whatever a user namespace says */
	gid_t gid;
};

/* Opens all that is needed to enter @process's container. Needs CAP_SYS_PTRACE where it is another
 * user's. Returns 0, -ESRCH (it is gone), -EROFS or -EACCES (its cgroup may not be joined, and its
 * limits would not hold) or another -errno; release *@ret with enter_close(). Each descriptor is
 * close-on-exec and beyond those that inside/order.h gives out. */
int enter_open(const struct enter_process *process, struct enter *ret);
void enter_close(struct enter *enter);

/* Puts the program's arguments but the last ones, @argv, into @ret, which points into @numbers.
 * Returns 0, or -E2BIG when @max pointers are too few for all and a NULL. */
#define ENTER_NUMBERS 4
int enter_argv(const struct enter *enter, const char *const argv[], const char *ret[], size_t max,
	       char numbers[static ENTER_NUMBERS][16]);

#endif
