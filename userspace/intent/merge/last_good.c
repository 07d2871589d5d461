// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/last_good.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static void empty(struct last_word *word)
{
	if (word->text)
		explicit_bzero(word->text, word->size);
	free(word->text);
	word->text = NULL;
	if (word->rendering)
		rendering_clear(word->rendering);
	free(word->rendering);
	word->rendering = NULL;
}

static struct last_word *find(struct last_good *memory, const struct source *source)
{
	for (size_t i = 0; i < memory->n; i++)
		if (memory->list[i]->kind == source->kind &&
		    strcmp(memory->list[i]->path, source->path) == 0)
			return memory->list[i];
	return NULL;
}

/* The place for @source, empty. */
static struct last_word *make_room(struct last_good *memory, const struct source *source)
{
	struct last_word *word = find(memory, source);

	if (word) {
		empty(word);
	} else {
		if (memory->n ==
		    SOURCES_MAX) /* a merge has no more; what is left is of an older one */
			return NULL;
		word = calloc(1, sizeof(*word));
		if (!word)
			return NULL;
		word->kind = source->kind;
		(void)text_copy(word->path, sizeof(word->path), source->path);
		memory->list[memory->n++] = word;
	}
	word->used = true;
	return word;
}

int last_good_put_text(struct last_good *memory, const struct source *source, const char *text,
		       size_t size)
{
	struct last_word *word = memory ? make_room(memory, source) : NULL;

	if (!word)
		return memory ? -ENOMEM : 0;
	word->text = malloc(size + 1);
	if (!word->text)
		return -ENOMEM;
	memcpy(word->text, text, size);
	word->text[size] = '\0';
	word->size = size;
	return 0;
}

int last_good_put_rendering(struct last_good *memory, const struct source *source,
			    const struct rendering *rendering)
{
	struct last_word *word = memory ? make_room(memory, source) : NULL;
	cleanup(memory_freep) struct rendering *copy = NULL;
	int r;

	if (!word)
		return memory ? -ENOMEM : 0;
	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	r = rendering_copy(rendering, copy);
	if (r >= 0)
		word->rendering = TAKE_PTR(copy);
	return r;
}

const struct last_word *last_good_find(struct last_good *memory, const struct source *source)
{
	struct last_word *word = memory ? find(memory, source) : NULL;

	if (word)
		word->used = true;
	return word;
}

void last_good_begin(struct last_good *memory)
{
	for (size_t i = 0; memory && i < memory->n; i++)
		memory->list[i]->used = false;
}

void last_good_end(struct last_good *memory)
{
	size_t n = 0;

	if (!memory)
		return;
	for (size_t i = 0; i < memory->n; i++) {
		if (memory->list[i]->used) {
			memory->list[n++] = memory->list[i];
			continue;
		}
		empty(memory->list[i]);
		free(memory->list[i]);
	}
	memory->n = n;
}

void last_good_clear(struct last_good *memory)
{
	last_good_begin(memory);
	last_good_end(memory);
}
