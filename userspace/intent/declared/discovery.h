/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of products that were found so far, each with the reason. */
#ifndef DISCOVERY_H
#define DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "model/source.h"

#define DISCOVER_MAX 8 /* candidates of all kinds; more are not taken */

struct candidate {
	enum source_kind kind;
	char path[SOURCE_PATH_SIZE]; /* the file; or /proc/PID/environ */
	char why[SOURCE_WHY_SIZE];
	bool is_environ; /* the words of a running container, not of a file */
};

struct discovery { /* zeroed is empty */
	struct candidate list[DISCOVER_MAX];
	size_t n;
	char unreadable[SOURCE_WHY_SIZE]; /* what could not be looked at, a clause; empty: all could
					   */
};

/* Adds what was not found yet, while there is room. */
void discovery_add(struct discovery *discovery, const struct candidate *candidate);
bool discovery_has(const struct discovery *discovery, enum source_kind kind, bool is_environ);

/* Looks for each product's file in @directory, below @root; and for what is not found yet in the
 * places where the manuals put it. */
void discovery_look(struct discovery *discovery, const char *root, const char *directory,
		    const char *why);
void discovery_look_in_places(struct discovery *discovery, const char *root);

#endif
