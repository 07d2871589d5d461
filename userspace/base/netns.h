/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets made inside another network namespace. @path is a file that leads to one (/run/netns/x,
 * /proc/7/ns/net); NULL is our own, which needs no privilege. */
#ifndef NETNS_H
#define NETNS_H

#include <stdint.h>

/* Which namespace is behind @path now. Returns 0 or -errno (-ENOENT: there is none). */
int netns_inode(const char *path, uint32_t *ret);

/* As socket(2), there. @expected_inode guards against a path, say of a process id, that by now
 * leads elsewhere (0: any). A foreign namespace needs CAP_SYS_ADMIN.
 *
 * Returns 0, -ESTALE (the namespace is another than expected) or -errno. Aborts when there is no
 * way back to our own namespace: from then on every socket would be a wrong one. */
int netns_socket(const char *path, uint32_t expected_inode, int family, int type, int protocol,
		 int *ret_fd);

#endif
