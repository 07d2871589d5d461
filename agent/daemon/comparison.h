/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of senses: what listens, compared with what is expected. Pure. */
#ifndef COMPARISON_H
#define COMPARISON_H

#include "agent/daemon/place_table.h"
#include "judge/judge.h"
#include "observe/inventory.h"
#include "observe/kernel/observer.h"

/* What listens for @service, into @fact->coverage; when and why is the caller's to add. False: the
 * judge, who holds @known of it, has no use for it, or nothing can be said of its place. @opened: a
 * listener was opened just now, which is news even where others serve it as before. */
bool comparison_make(const struct service *service, const struct place_table *places,
		     const struct inventory *inventory, const struct judge_view *known, bool opened,
		     struct fact *fact);

/* A unit that nobody said is learned from the cgroup of whoever is seen to serve the port: its
 * name, or NULL. */
const char *comparison_learn_unit(const struct service *service, const struct place_table *places,
				  const struct inventory *inventory);

#endif
