// SPDX-License-Identifier: LGPL-2.1-or-later
#include "envfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

static bool is_key(const char *s)
{
	if (!*s || isdigit((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_.-[]", *s))
			return false;
	return true;
}

static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c;
	}
}

/* @s begins with the quote. Puts what is between the quotes in its place; false when there is no end. */
static bool unquote(char *s)
{
	char quote = *s, *to = s, *from = s + 1;

	while (*from && *from != quote) {
		if (quote == '"' && *from == '\\' && from[1] && strchr("nrt\\\"$", from[1])) {
			*to++ = unescape(from[1]);
			from += 2;
		} else {
			*to++ = *from++;
		}
	}
	if (!*from)
		return false;
	/* What stands behind the closing quote is a comment at best; compose drops it. */
	*to = '\0';
	return true;
}

static void cut_comment(char *s)
{
	for (char *hash = s; (hash = strchr(hash, '#')); hash++) {
		if (hash == s || hash[-1] == ' ' || hash[-1] == '\t') {
			*hash = '\0';
			return;
		}
	}
}

static bool read_line(char *line, unsigned int number, const char *path, struct envfile_variable *ret,
		      struct complaints *complaints)
{
	char *key = text_trim(line), *value, *equals;
	const char *rest;

	if (!*key || *key == '#')
		return false;
	rest = text_after(key, "export ");
	if (rest)
		key = text_trim(key + (rest - key));
	equals = strchr(key, '=');
	if (!equals) {
		complain_warning(complaints,
				 "%s:%u: %.60s has no \"=\": compose takes its value from its own environment, "
				 "which is not known here; it counts as unset",
				 path, number, key);
		return false;
	}
	*equals = '\0';
	key = text_trim(key);
	value = text_trim(equals + 1);
	if (!is_key(key)) {
		complain_warning(complaints, "%s:%u: %.60s is not a variable's name; the line is ignored", path,
				 number, key);
		return false;
	}
	*ret = (struct envfile_variable){ .key = key, .value = value, .line = number };
	if (*value == '\'' || *value == '"') {
		bool literal = *value == '\'';

		if (!unquote(value)) {
			complain_warning(complaints,
					 "%s:%u: %s: the closing quote is missing; the line is ignored", path,
					 number, key);
			return false;
		}
		if (literal)
			return true;
	} else {
		cut_comment(value);
		(void)text_trim(value);
	}
	if (strstr(value, "${"))
		complain_warning(complaints, "%s:%u: %s: ${...} is not filled in here", path, number, key);
	return true;
}

int envfile_parse(const char *text, const char *path, struct envfile *ret, struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile file = { 0 };
	unsigned int number = 0;
	char *next;

	file.text = strdup(text_starts_with(text, "\xef\xbb\xbf") ? text + 3 : text);
	file.list = calloc(ENVFILE_VARIABLES_MAX, sizeof(*file.list));
	if (!file.text || !file.list)
		return -ENOMEM;
	next = file.text;
	while (next) {
		char *line = strsep(&next, "\n");
		struct envfile_variable variable;

		number++;
		if (!read_line(line, number, path, &variable, complaints))
			continue;
		if (file.n == ENVFILE_VARIABLES_MAX) {
			complain_warning(complaints, "%s:%u: more than %d variables; the rest is ignored", path,
					 number, ENVFILE_VARIABLES_MAX);
			break;
		}
		file.list[file.n++] = variable;
	}
	*ret = file;
	file = (struct envfile){ 0 };
	return 0;
}

void envfile_clear(struct envfile *file)
{
	free(file->list);
	free(file->text);
	*file = (struct envfile){ 0 };
}

const struct envfile_variable *envfile_find(const struct envfile *file, const char *key)
{
	for (size_t i = file->n; i-- > 0;)
		if (strcmp(file->list[i].key, key) == 0)
			return &file->list[i];
	return NULL;
}
