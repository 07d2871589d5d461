/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the servers here are configured to open, each by its own configuration, of one merge.
 * Private to intent/. */
#ifndef RENDERED_SET_H
#define RENDERED_SET_H

#include "intent/rendered/rendering.h"

struct container;
struct server_kind;

struct rendered_set { /* zeroed is empty */
	struct rendered_result {
		const struct server_kind *server;
		bool inside; /* a container, where our systemd's units are not */
		const struct container *container; /* in which auto found it; NULL: in none */
		bool found; /* by auto: nobody said that it has to do with the other sources */
		struct rendering rendering;
	} * list; /* those that could be read */
	size_t n;
};

void rendered_set_clear(struct rendered_set *rendered);

#endif
