/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process gives up before it hears the first byte from the network: five walls, of which
 * each holds alone, so that a hole in one (or a kernel without it) opens nothing.
 *
 * What the filter does not know is refused with EPERM rather than killed: a C library of next year
 * that asks for something new must not make the watchdog blind. What only an intruder would ask for
 * (a program, a process, a socket, another's memory) ends the process at once, with SIGSYS, for the
 * daemon to report. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <sys/types.h>

#define SANDBOX_MEMORY_MAX                                                     \
	(128UL * 1024 * 1024) /* bytes on top of what is mapped at that moment \
			       */

enum sandbox_wall {
	SANDBOX_ROOT = 1 << 0, /* an empty root directory; needs CAP_SYS_CHROOT */
	SANDBOX_USER =
		1 << 1, /* another user, no capability, no right to gain any, not to be traced */
	SANDBOX_LIMITS = 1 << 2, /* no process, no file written, no core, so many descriptors and so
				    much memory */
	SANDBOX_LANDLOCK = 1 << 3, /* no file, no TCP connect or bind, no signal to others: what the
				      kernel knows */
	SANDBOX_SECCOMP = 1 << 4,  /* only the system calls of a prober at work */
};
#define SANDBOX_ALL ((1 << 5) - 1)

struct sandbox {
	unsigned int walls; /* of enum sandbox_wall; less than all of them is for tests */
	uid_t uid;	    /* who to become where we are root */
	gid_t gid;
	unsigned int files; /* the most descriptors */
	pid_t parent;	    /* whose end is ours */
};

/* There is no way back. Everything that needs a file must be loaded before. Returns the walls that
 * hold, user, limits and seccomp among them if they were asked for; the root and Landlock may be
 * missing where privilege or kernel do not allow them. -ESRCH: @parent is gone; or -errno, and then
 * no more than some of the walls may stand. */
int sandbox_enter(const struct sandbox *sandbox);

#endif
