/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts what is accepted from watched listeners, in every network namespace, by the best hook that
 * this kernel lets us have. A watch without a hook (NULL) is a valid one: it says "none" and counts
 * nothing. What the hook "tracepoint" does not see: accepts of 32-bit programs and of io_uring. */
#ifndef ACCEPT_WATCH_H
#define ACCEPT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "observe/inventory.h"

struct accept_watch;

/* Tries the rungs, "fexit" and then "tracepoint", by loading and attaching; or @rung alone, unless
 * it is NULL. The caller frees *@ret. Returns 0 or -errno, that of the last rung; *@ret is then
 * untouched. */
int accept_watch_new(const char *rung, struct accept_watch **ret);
void accept_watch_free(struct accept_watch *watch);
DEFINE_FREEP(struct accept_watch, accept_watch_free)

/* "fexit", "tracepoint"; "none" for NULL. */
const char *accept_watch_rung(const struct accept_watch *watch);

void accept_watch_ports(struct accept_watch *watch, const uint16_t *ports, size_t n);

/* Reads the accepts of every listener of @inventory into it. They are counted from the moment when
 * its port is watched and the socket has a cookie, which the observer gives to all it sees. */
void accept_watch_count(const struct accept_watch *watch, const struct inventory *inventory);

/* The listener is gone, and its count with it. */
void accept_watch_forget(struct accept_watch *watch, uint64_t cookie);

/* Forgets all that are not in @inventory: those of whose end nobody heard, because it was one of
 * too many. Sets accept_watch_lost() to 0, since there is room again. */
void accept_watch_make_room(struct accept_watch *watch, const struct inventory *inventory);

/* Accepts that were not counted, since there was no room for one more listener; 0 for NULL. */
uint64_t accept_watch_lost(const struct accept_watch *watch);

#endif
