/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Into the container of another process, for a program that is run there and not trusted: its
 * mount, network, IPC, host name and pid namespaces, its user and group, no capability, and no way
 * to get one.
 *
 * A process in a user namespace of its own is refused: its ids would have to be translated. */
#ifndef ENTER_H
#define ENTER_H

#include <sys/types.h>

#define ENTER_NAMESPACES 5

struct enter {
	int fds[ENTER_NAMESPACES]; /* -1: it is ours, too */
	uid_t uid;
	gid_t gid;
};

/* Opens what enter_now() needs of the process @pid. Needs CAP_SYS_PTRACE where it is another
 * user's. Returns 0, -ESRCH (it is gone), -EOPNOTSUPP (a user namespace of its own) or another
 * -errno; release *@ret with enter_close(). */
int enter_open(pid_t pid, struct enter *ret);
void enter_close(struct enter *enter);

/* For a child between fork() and exec(): calls only what is safe there. Needs CAP_SYS_ADMIN,
 * CAP_SYS_CHROOT, CAP_SETUID and CAP_SETGID. Returns 0, or -errno with the child half way in: it
 * must end. Only its own children are in the pid namespace. */
int enter_namespaces(const struct enter *enter);
int enter_drop(const struct enter *enter);

#endif
