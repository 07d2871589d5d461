/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From where a probe looks: sockets made inside another network namespace, or in our own. */
#ifndef VANTAGE_H
#define VANTAGE_H

#include <stdint.h>
#include <sys/socket.h>

#include "model/answers.h"
#include "model/listener.h"
#include "model/service.h"

/* Where a connection to a loopback address comes from. */
enum vantage_origin {
	ORIGIN_STRANGER, /* another address of loopback: servers trust who comes from their own */
	ORIGIN_OWN, /* what the kernel takes. Netfilter's rules of podman and of CNI lead 127.0.0.1
		     * alone to a container, and back */
};

/* Makes a non-blocking TCP socket in the network namespace behind @netns_path (NULL: our own) and
 * starts to connect it. @expected_inode guards against a path, say of a process id, that by now
 * leads elsewhere (0: any). Needs CAP_SYS_ADMIN for a foreign namespace.
 *
 * Returns 0; then either *@ret_connect_error is 0 and *@ret_fd connects or is connected, or it is
 * the positive errno that the connect failed with at once, a finding, and *@ret_fd is -1. -ESTALE:
 * the namespace is another than expected; or -errno. Aborts when there is no way back to our own
 * namespace: from then on every socket would be a wrong one. */
int vantage_socket(const char *netns_path, uint32_t expected_inode, enum vantage_origin origin,
		   const struct sockaddr *address, socklen_t size, int *ret_fd,
		   int *ret_connect_error);

/* Where to connect inside, for the listeners of @port in @netns: the loopback of a family for a
 * wildcard, else the one address. Returns the vantages, 1 << enum vantage, and their @addresses. */
uint32_t vantage_inside(struct listener *const *listeners, size_t n, uint32_t netns, uint16_t port,
			struct address addresses[static VANTAGE_COUNT]);

/* Where clients connect. @general: what holds where the service does not say; then only for ports
 * that are meant for clients. */
uint32_t vantage_published(const struct service *service, const struct published *general,
			   struct address addresses[static VANTAGE_COUNT]);

#endif
