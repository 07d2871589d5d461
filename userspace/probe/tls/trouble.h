/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose trouble it is. Want of memory, of descriptors, a system call that is refused to us: none of
 * it says anything of a server, and what comes of it must never look as if it did. OpenSSL tells
 * its own want of memory in many ways, "unable to get local issuer certificate" for one: so each of
 * its allocations is watched, and one that failed spoils whatever is concluded from then on. */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <stdbool.h>

/* Has OpenSSL allocate through us. Only before its first allocation, later it does nothing. */
void trouble_watch_memory(void);

/* Whether one of its allocations has failed in this process, ever: what OpenSSL makes once and
 * keeps (tables, certificates of CAs) may be there by half, so no later conversation is better off.
 * Whoever goes on for long should end, and begin anew. */
bool trouble_has_lost_memory(void);

/* Whether @error (a positive errno) of a call about a socket is of our own making. */
bool trouble_is_ours(int error);

#endif
