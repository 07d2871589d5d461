/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls that a container's program has no use for when it prints its configuration, and
 * that a runtime's own filter keeps from what runs in the container: new namespaces, mounts, other
 * processes' memory, keyrings, and the wide parts of the kernel. They fail with EPERM. */
#ifndef FILTER_H
#define FILTER_H

/* For this process and all that it starts, for good. Needs no_new_privs. Returns 0 or -errno. */
long filter_install(void);

#endif
