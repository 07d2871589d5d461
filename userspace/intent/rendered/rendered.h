/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rendered sources of one merge: what the servers here are configured to open. Private to
 * intent/. */
#ifndef RENDERED_H
#define RENDERED_H

#include "intent/rendered/intent_tools.h"
#include "intent/rendered/rendering.h"

struct merging;

struct rendered_set { /* zeroed is empty */
	struct rendered_result {
		const struct server_kind *server;
		bool inside; /* a container, where our systemd's units are not */
		bool found;  /* by auto: nobody said that it has to do with the other sources */
		struct rendering rendering;
	} * list; /* those that could be read */
	size_t n;
};

/* Reads what @tools printed and the files that need no program, and merges it. @tools may be NULL:
 * nobody ran any. Returns 0 or -ENOMEM. */
int rendered_read(struct merging *merging, const struct intent_tools *tools);

void rendered_clear(struct rendered_set *rendered);

#endif
