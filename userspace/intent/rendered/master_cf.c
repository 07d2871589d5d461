// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/master_cf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/rendering.h"

#define NAME_SIZE 64

struct looking {
	const char *path;
	struct complaints *complaints;
	unsigned int line;
	char commented[NAME_SIZE]; /* the service that is commented out right above; empty: none */
	char service[NAME_SIZE];   /* the last one that counts */
};

/* "#submission inet n - y - - smtpd": eight words, the second a type. */
static bool is_service(char *line, char name[static NAME_SIZE])
{
	static const char *const types[] = { "inet", "unix", "pass", "fifo", "unix-dgram" };
	char *first = text_word(&line), *second = text_word(&line);
	bool is_type = false;

	for (size_t i = 0; second && i < ARRAY_SIZE(types); i++)
		is_type = is_type || strcmp(second, types[i]) == 0;
	for (size_t i = 2; is_type && i < 8; i++)
		is_type = text_word(&line) != NULL;
	if (is_type)
		(void)text_copy(name, NAME_SIZE, first);
	return is_type;
}

static void look_at(struct looking *looking, char *line)
{
	char *cursor = line, *word;

	if (*line == '#') {
		(void)is_service(line + strspn(line, "# \t"), looking->commented);
		return;
	}
	if (*line != ' ' && *line != '\t') {
		if (is_service(line, looking->service))
			looking->commented[0] = '\0';
		return;
	}
	word = text_word(&cursor);
	if (!word || !text_starts_with(word, "-o") || !looking->commented[0])
		return;
	complain_warning(looking->complaints,
			 "%s/master.cf:%u: this -o line belongs to %.60s, which is commented out, "
			 "so it counts for the "
			 "service above, %.60s",
			 looking->path, looking->line, looking->commented,
			 looking->service[0] ? looking->service : "if there is one");
	looking->commented[0] = '\0'; /* one warning for all of its lines */
}

int master_cf_find_orphans(const char *text, const char *path, struct complaints *complaints)
{
	cleanup(memory_freep) char *copy = strndup(text, RENDERING_TEXT_MAX);
	struct looking looking = { .path = path, .complaints = complaints };
	char *rest = copy;

	if (!copy)
		return -ENOMEM;
	while (rest) {
		looking.line++;
		look_at(&looking, strsep(&rest, "\n"));
	}
	return 0;
}
