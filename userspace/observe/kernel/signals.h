/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who sent the signal that ended a server, of what bpf/signals.h has noted. Private to the
 * observer.
 */
#ifndef SIGNALS_NOTED_H
#define SIGNALS_NOTED_H

#include "observe/kernel/observer_state.h"

/* Where this kernel lets us; else nothing is noted, and signals_are_seen() says so. */
void signals_attach(struct observer *observer);
bool signals_are_seen(const struct observer *observer);

/* Enters into @end, which explains the closing of @listener at @at_ns, who sent that process, or
 * whoever opened it, the signal that it fits to: the one that ended it, or one that a server takes
 * as its order to end. */
void signals_explain(struct observer *observer, const struct listener *listener, uint64_t at_ns,
		     struct task_end *end);

#endif
