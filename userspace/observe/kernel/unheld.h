/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listeners that are known by a list alone, and that nobody holds at the moment: on their way to
 * another process, or kept by io_uring. The list has them as they were when they began to listen;
 * how they are now, sock_diag says, and that they are no more: an end that nothing told of (its
 * kernel hid whoever carried it out) leaves them on the list. It does not tell of MPTCP's, so that
 * one of those is missing there means nothing. */
#ifndef UNHELD_H
#define UNHELD_H

#include "observe/inventory.h"
#include "observe/port_set.h"

/* Adds to @seen who else listens on @ports in @netns, by no name: for where iterators show the
 * processes of our own pid namespace alone. A namespace that there is no way into adds nothing.
 * Returns 0 or -ENOMEM. */
int unheld_add(struct inventory *seen, uint32_t netns, const struct port_set *ports);

/* Brings port and queue of those of @seen without a holder up to date, and removes those that are
 * no more. A namespace that no process lives in, and that is not ours, cannot be asked: its stay as
 * they are. Returns 0 or -ENOMEM. */
int unheld_refresh(struct inventory *seen, const struct port_set *ports);

#endif
