// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/postfix_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/rendering.h"

#define NAME_SIZE 256 /* of a service and a setting; a longer one is not found */

static int compare(const void *a, const void *b)
{
	const struct postfix_setting *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text && n < POSTFIX_SETTINGS_MAX; text++)
		n += *text == '\n';
	return n;
}

/* "name = value", or "name =". */
static bool cut(char *line, struct postfix_setting *ret)
{
	char *equals = strstr(line, " =");

	if (!equals)
		return false;
	*equals = '\0';
	ret->name = text_trim(line);
	ret->value = text_trim(equals + 2);
	return true;
}

int postfix_settings_read(const char *text, struct postfix_settings *ret)
{
	cleanup(memory_freep) char *copy = strndup(text ? text : "", RENDERING_TEXT_MAX);
	size_t room = copy ? count_lines(copy) : 0, n = 0;
	struct postfix_setting *list = room ? calloc(room, sizeof(*list)) : NULL;
	char *rest = copy;

	if (!list)
		return -ENOMEM;
	while (rest && n < room)
		n += cut(strsep(&rest, "\n"), &list[n]);
	qsort(list, n, sizeof(*list), compare);
	*ret = (struct postfix_settings){ .text = TAKE_PTR(copy), .list = list, .n = n };
	return 0;
}

void postfix_settings_clear(struct postfix_settings *settings)
{
	free(settings->text);
	free(settings->list);
	*settings = (struct postfix_settings){ 0 };
}

const char *postfix_settings_find(const struct postfix_settings *settings, const char *name)
{
	const struct postfix_setting key = { .name = name };
	const struct postfix_setting *found =
		settings->n ? bsearch(&key, settings->list, settings->n, sizeof(key), compare)
			    : NULL;

	return found ? found->value : NULL;
}

static const char *find_option(const struct postfix_written *written, const char *service,
			       const char *name)
{
	char whole[NAME_SIZE];

	if (text_format(whole, sizeof(whole), "%s/inet/%s", service, name) < 0)
		return NULL;
	return postfix_settings_find(&written->options, whole);
}

const char *postfix_written_find(const struct postfix_written *written, const char *service,
				 const char *name)
{
	const char *value = service ? find_option(written, service, name) : NULL;

	if (!value)
		value = postfix_settings_find(&written->main, name);
	return value ? value : "";
}

bool postfix_written_is_own(const struct postfix_written *written, const char *service,
			    const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		if (find_option(written, service, names[i]))
			return true;
	return false;
}
