/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Hearken (enter.c) and the program that goes inside for it have agreed upon:
 *
 *     hearken-inside UID GID NAMESPACES CGROUPS PROGRAM [ARGUMENT...]
 *
 * UID and GID are whose it becomes, as the host counts them; NAMESPACES the CLONE_NEW... that are
 * not ours too; CGROUPS the number of files cgroup.procs that it writes itself into. PROGRAM is run
 * with the ARGUMENTs and the environment. */
#ifndef ORDER_H
#define ORDER_H

#define ORDER_UID	 1
#define ORDER_GID	 2
#define ORDER_NAMESPACES 3
#define ORDER_CGROUPS	 4
#define ORDER_PROGRAM	 5

/* Descriptors. 1 and 2 lead to Hearken, and stay for PROGRAM; the others are closed before. */
#define ORDER_PIDFD  3 /* of a process of the container */
#define ORDER_ITSELF 4 /* the file it is executed from */
#define ORDER_CGROUP 5 /* the first of them */

/* Its exit status when PROGRAM was not run; why is said on stderr. */
#define ORDER_NOT_RUN 127

#endif
