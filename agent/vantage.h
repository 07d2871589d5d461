/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From where a probe looks: sockets made inside another network namespace. */
#ifndef VANTAGE_H
#define VANTAGE_H

#include <stdint.h>
#include <sys/socket.h>

/* Makes a non-blocking TCP socket in the network namespace behind @netns_path (NULL: our own) and
 * starts to connect it. @expected_inode guards against a path, say of a process id, that by now
 * leads elsewhere (0: any). Needs CAP_SYS_ADMIN for a foreign namespace.
 *
 * Returns 0; then either *@ret_connect_error is 0 and *@ret_fd connects or is connected, or it is
 * the positive errno that the connect failed with at once, a finding, and *@ret_fd is -1. -ESTALE:
 * the namespace is another than expected; or -errno. Aborts when there is no way back to our own
 * namespace: from then on every socket would be a wrong one. */
int vantage_socket(const char *netns_path, uint32_t expected_inode, const struct sockaddr *address,
		   socklen_t size, int *ret_fd, int *ret_connect_error);

#endif
