// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/envfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/declared/interpolate.h"

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

/* @s begins with the quote. Puts what is between the quotes in its place; false when there is no
 * end. */
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

/* @ret_fill: the value has variables in it. */
static bool read_line(char *line, unsigned int number, const char *path,
		      struct envfile_variable *ret, bool *ret_fill, struct complaints *complaints)
{
	char *key = text_trim(line), *value, *equals;
	const char *rest;
	bool shell_differs;

	if (!*key || *key == '#')
		return false;
	rest = text_after(key, "export ");
	if (rest)
		key = text_trim(key + (rest - key));
	equals = strchr(key, '=');
	/* It may be a line of a key, even where it looks like a name: its words are not for the
	 * journal. */
	if (!equals && !is_key(key)) {
		complain_warning(complaints, "%s:%u: is no KEY=VALUE; the line is ignored", path,
				 number);
		return false;
	}
	if (!equals) {
		complain_warning(
			complaints,
			"%s:%u: has no \"=\": compose takes the value of this name from its own "
			"environment, which is not known here; it counts as unset",
			path, number);
		return false;
	}
	/* To a shell, a blank beside the "=" makes a command of it. */
	shell_differs = (equals > key && isblank((unsigned char)equals[-1])) ||
			isblank((unsigned char)equals[1]);
	*equals = '\0';
	key = text_trim(key);
	value = text_trim(equals + 1);
	if (!is_key(key)) {
		complain_warning(complaints,
				 "%s:%u: what stands before the \"=\" is not a variable's name; "
				 "the line is ignored",
				 path, number);
		return false;
	}
	*ret = (struct envfile_variable){ .key = key, .value = value, .line = number };
	if (*value == '\'' || *value == '"') {
		bool literal = *value == '\'';

		if (!unquote(value)) {
			complain_warning(
				complaints,
				"%s:%u: %s: the closing quote is missing; the line is ignored",
				path, number, key);
			return false;
		}
		ret->shell_differs = shell_differs;
		if (literal)
			return true;
	} else {
		cut_comment(value);
		(void)text_trim(value);
		shell_differs |= strpbrk(value, " \t;&|<>()`") != NULL;
	}
	ret->shell_differs = shell_differs;
	*ret_fill = strstr(value, "${") != NULL;
	return true;
}

static const char *lookup(const char *name, size_t n, const void *userdata)
{
	const struct envfile *file = userdata;

	for (size_t i = file->n; i-- > 0;)
		if (strncmp(file->list[i].key, name, n) == 0 && !file->list[i].key[n])
			return file->list[i].value;
	return NULL;
}

/* The value is kept as written where that cannot be done. */
static void fill_in(struct envfile *file, struct envfile_variable *variable, const char *path,
		    struct complaints *complaints)
{
	char unknown[INTERPOLATE_NAME_SIZE], *to = file->filled + file->n_filled;
	int r = interpolate(variable->value, lookup, file, to, ENVFILE_FILLED_MAX - file->n_filled,
			    unknown);

	if (r == 0 && !*unknown) {
		variable->value = to;
		file->n_filled += strlen(to) + 1;
		return;
	}
	complain_warning(
		complaints, "%s:%u: %s: %s%s; the value is kept as it is written", path,
		variable->line, variable->key,
		r == -E2BIG ? "what is to be filled in is too long"
		: r < 0	    ? "a ${...} in it makes no sense"
			    : "compose takes from its own environment what is not in this file: ",
		r < 0 ? "" : unknown);
}

static void check_again(const struct envfile *file, const struct envfile_variable *variable,
			const char *path, struct complaints *complaints)
{
	const struct envfile_variable *before = envfile_find(file, variable->key);

	if (before && strcmp(before->value, variable->value) != 0)
		complain_warning(complaints,
				 "%s:%u: %s is said again, with another value than in line %u; the "
				 "last one counts",
				 path, variable->line, variable->key, before->line);
}

int envfile_parse(const char *text, size_t size, const char *path, struct envfile *ret,
		  struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile file = { 0 };
	unsigned int number = 0;
	char *next;

	if (strlen(text) != size) {
		complain_error(complaints, "%s: has a NUL byte in it; this is not a text file",
			       path);
		return -EINVAL;
	}
	file.text = strdup(text_starts_with(text, "\xef\xbb\xbf") ? text + 3 : text);
	file.list = calloc(ENVFILE_VARIABLES_MAX, sizeof(*file.list));
	file.filled = malloc(ENVFILE_FILLED_MAX);
	if (!file.text || !file.list || !file.filled)
		return -ENOMEM;
	next = file.text;
	while (next) {
		char *line = strsep(&next, "\n");
		struct envfile_variable variable;
		bool fill = false;

		number++;
		if (!read_line(line, number, path, &variable, &fill, complaints))
			continue;
		if (file.n == ENVFILE_VARIABLES_MAX) {
			complain_warning(complaints,
					 "%s:%u: more than %d variables; the rest is ignored", path,
					 number, ENVFILE_VARIABLES_MAX);
			break;
		}
		if (fill)
			fill_in(&file, &variable, path, complaints);
		check_again(&file, &variable, path, complaints);
		file.list[file.n++] = variable;
	}
	*ret = file;
	file = (struct envfile){ 0 };
	return 0;
}

void envfile_clear(struct envfile *file)
{
	free(file->list);
	free(file->filled);
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

int envfile_parse_environ(const char *text, size_t size, struct envfile *ret)
{
	cleanup(envfile_clear) struct envfile file = { 0 };
	char *s, *end;

	file.text = malloc(size + 1);
	file.list = calloc(ENVFILE_VARIABLES_MAX, sizeof(*file.list));
	if (!file.text || !file.list)
		return -ENOMEM;
	memcpy(file.text, text, size);
	file.text[size] = '\0';
	end = file.text + size;
	for (s = file.text; s < end && file.n < ENVFILE_VARIABLES_MAX; s += strlen(s) + 1) {
		char *equals = strchr(s, '=');

		if (!equals || equals == s)
			continue;
		*equals = '\0';
		file.list[file.n] = (struct envfile_variable){ .key = s, .value = equals + 1 };
		file.n++;
		file.list[file.n - 1].line = (unsigned int)file.n;
		s = equals + 1;
	}
	*ret = file;
	file = (struct envfile){ 0 };
	return 0;
}
