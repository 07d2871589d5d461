/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All listeners that are known, by cookie, and the ends of the processes that opened them. Pure.
 * Cookies are never used twice by one kernel (sock_gen_cookie), so there is one entry a socket. */
#ifndef INVENTORY_H
#define INVENTORY_H

#include "base/cleanup.h"
#include "model/listener.h"
#include "observe/netns_set.h"

#define INVENTORY_MAX	   65536 /* listeners; more are left out, and counted */
#define INVENTORY_RESERVED 8192	 /* of them for the namespaces that matter */
#define INVENTORY_ENDS_MAX 64	 /* ends that are remembered, the newest */

struct inventory {		/* zeroed is empty */
	struct listener **list; /* ordered by cookie */
	size_t n;
	size_t room;
	const struct netns_set *own; /* that matter; borrowed; NULL: all */
	size_t n_foreign;	     /* of @n: in other namespaces */
	size_t n_left_out;	     /* newcomers that found no room, ever */
	size_t n_left_out_own;	     /* of them, in namespaces that matter */
	struct task_end ends[INVENTORY_ENDS_MAX];
	size_t n_ends; /* ever */
};

void inventory_clear(struct inventory *inventory);

/* @own is another set now: counts anew who is foreign. */
void inventory_recount(struct inventory *inventory);

/* NULL when there is none. The pointer lasts until that listener is removed. */
struct listener *inventory_find(const struct inventory *inventory, uint64_t cookie);

/* Enters a copy of @listener, or replaces what is there. NULL: full, or out of memory. */
struct listener *inventory_put(struct inventory *inventory, const struct listener *listener);

/* Enters @listener itself, which malloc() gave and which is not there yet: false, and it stays the
 * caller's, when there is no room. */
bool inventory_adopt(struct inventory *inventory, struct listener *listener);
void inventory_remove(struct inventory *inventory, uint64_t cookie);

/* Takes @holder into @listener's list, the oldest process first; the youngest falls off a full
 * list. */
void listener_add_holder(struct listener *listener, const struct holder *holder);

/* Whether, once @holder is in the list too, @listener is its: the oldest's; but what systemd itself
 * holds it holds for another, the service of a socket unit. */
bool listener_is_of(const struct listener *listener, const struct holder *holder);

/* Whether a listener of @netns would find no room: that it was left out is no want of memory. */
bool inventory_is_full(const struct inventory *inventory, uint32_t netns);

/* Remembers how an opener ended; the newest word on a pid counts. */
void inventory_note_end(struct inventory *inventory, const struct task_end *end);

/* A new process has the pid: what is remembered of it is another's. */
void inventory_forget_end(struct inventory *inventory, uint32_t kernel_pid);

/* How the process ended, or NULL when that is not known (it lives, most likely). */
const struct task_end *inventory_end(const struct inventory *inventory, uint32_t kernel_pid);

/* A signal, the OOM killer, or an exit code other than 0. */
bool task_end_is_abnormal(const struct task_end *end);

/* Why @listener went: its opener's abnormal end when there was one, else the closing task's @closer
 * (which may be a child that only follows its dead master). */
struct task_end inventory_explain(const struct inventory *inventory,
				  const struct listener *listener, const struct task_end *closer);

#endif
