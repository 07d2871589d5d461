/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose trouble it is. Want of memory, of descriptors, a system call that is refused to us: none of
 * it says anything of a server, and what comes of it must never look as if it did. OpenSSL tells
 * its own want of memory in many ways, "unable to get local issuer certificate" for one: so each of
 * its allocations is watched, and one that failed spoils whatever was concluded meanwhile. */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <stdbool.h>

/* Has OpenSSL allocate through us. Only before its first allocation, later it does nothing. */
void trouble_watch_memory(void);

/* How many of its allocations have failed in this process. */
unsigned long trouble_allocations_failed(void);

/* Whether @error (a positive errno) of a call about a socket is of our own making. */
bool trouble_is_ours(int error);

#endif
