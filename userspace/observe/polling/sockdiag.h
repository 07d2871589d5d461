/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TCP listeners of one network namespace, asked of the kernel by NETLINK_SOCK_DIAG: for where
 * BPF is refused. Needs no privilege in our own namespace, and knows neither holders nor ends. */
#ifndef SOCKDIAG_H
#define SOCKDIAG_H

#include "observe/inventory.h"
#include "observe/port_set.h"

struct sockdiag {
	const struct port_set *ports; /* watched */
	uint32_t netns;		      /* inode, given to each listener */
	uint32_t sequence;	      /* of our request; replies to another are passed over */
	struct inventory *seen;	      /* where the listeners go */
};

/* Pure: takes one datagram of replies. Returns 1 when it was the last one, 0 when more follow,
 * -EBADMSG (no such messages), -ENOMEM, or the errno that the kernel replied with. */
int sockdiag_parse(const struct sockdiag *sockdiag, const void *bytes, size_t n);

/* Adds to @seen who listens on @ports in the namespace behind @netns_path (NULL: our own), as long
 * as that is still @netns. Returns 0, -ESTALE (it is another now), -EPERM (a foreign namespace
 * without CAP_SYS_ADMIN), -ENOENT or -EPROTONOSUPPORT (a kernel without inet_diag), or -errno. */
int sockdiag_list(const char *netns_path, uint32_t netns, const struct port_set *ports,
		  struct inventory *seen);

/* Reads backlog and queue of the listeners that @inventory has in that namespace, anew. Same
 * returns, and -ENODATA: the kernel did not tell of all of them (those of MPTCP are not among
 * TCP's), the others were read. */
int sockdiag_refresh(const char *netns_path, uint32_t netns, const struct inventory *inventory);

#endif
