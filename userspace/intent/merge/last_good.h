/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each source said when it could last be read. A source that breaks while a daemon runs, or
 * whose program fails, is no reason to expect nothing any more: its last good word counts until it
 * is mended.
 *
 * Filled and asked by intent_merge(); whoever keeps one from merge to merge gets that. Zeroed is
 * empty. */
#ifndef LAST_GOOD_H
#define LAST_GOOD_H

#include <stddef.h>

#include "intent/rendered/rendering.h"
#include "model/source.h"

struct last_word {
	enum source_kind kind;
	char path[SOURCE_PATH_SIZE];
	bool used;  /* in this merge */
	char *text; /* of a declared source; may hold passwords, so it is wiped */
	size_t size;
	struct rendering *rendering; /* of a rendered one, without its certificates */
};

struct last_good {
	struct last_word *list[SOURCES_MAX];
	size_t n;
};

/* Around a merge: what it neither read nor asked for is no source any more, and is forgotten. */
void last_good_begin(struct last_good *memory);
void last_good_end(struct last_good *memory);

/* Remember a copy, in the place of what was remembered. @memory may be NULL: then nothing is.
 * Returns 0 or -ENOMEM, having forgotten what was there. */
int last_good_put_text(struct last_good *memory, const struct source *source, const char *text,
		       size_t size);
int last_good_put_rendering(struct last_good *memory, const struct source *source,
			    const struct rendering *rendering);

/* NULL: nothing is remembered. */
const struct last_word *last_good_find(struct last_good *memory, const struct source *source);

void last_good_clear(struct last_good *memory);

#endif
