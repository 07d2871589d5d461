// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/envfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/declared/unquote.h"

#define VALUE_MAX (32 * 1024) /* with its variables filled in */

/* A text under way; it is cut up in place. */
struct parsing {
	char *next;
	unsigned int line;
	const char *path;
	interpolate_lookup *lookup; /* NULL: there is none */
	const void *userdata;
	struct envfile *file;
	struct complaints *complaints;
};

/* ---- the file's own room ---- */

static const char *put(struct envfile *file, const char *s)
{
	size_t n = strlen(s) + 1;
	char *to = file->room + file->n;

	if (file->size - file->n < n)
		return NULL;
	memcpy(to, s, n);
	file->n += n;
	return to;
}

int envfile_new(size_t size, struct envfile *ret)
{
	struct envfile file = { .size = size };

	file.room = malloc(size);
	file.list = calloc(ENVFILE_VARIABLES_MAX, sizeof(*file.list));
	if (!file.room || !file.list) {
		envfile_clear(&file);
		return -ENOMEM;
	}
	*ret = file;
	return 0;
}

int envfile_add(struct envfile *file, const struct envfile_variable *variable)
{
	struct envfile_variable copy = *variable;
	const struct envfile_variable *before = file->n_list ? &file->list[file->n_list - 1] : NULL;

	if (file->n_list == ENVFILE_VARIABLES_MAX)
		return -E2BIG;
	copy.key = put(file, variable->key);
	copy.value = put(file, variable->value);
	copy.written =
		variable->written == variable->value ? copy.value : put(file, variable->written);
	copy.path = before && strcmp(before->path, variable->path) == 0 ? before->path
									: put(file, variable->path);
	if (!copy.key || !copy.value || !copy.written || !copy.path)
		return -E2BIG;
	file->list[file->n_list++] = copy;
	return 0;
}

void envfile_remove(struct envfile *file, const char *key)
{
	size_t n = 0;

	for (size_t i = 0; i < file->n_list; i++)
		if (strcmp(file->list[i].key, key) != 0)
			file->list[n++] = file->list[i];
	file->n_list = n;
}

void envfile_clear(struct envfile *file)
{
	if (file->room)
		explicit_bzero(file->room, file->size);
	free(file->list);
	free(file->room);
	*file = (struct envfile){ 0 };
}

const struct envfile_variable *envfile_find(const struct envfile *file, const char *key)
{
	for (size_t i = file->n_list; i-- > 0;)
		if (strcmp(file->list[i].key, key) == 0)
			return &file->list[i];
	return NULL;
}

const char *envfile_quotable(const struct envfile_variable *variable, const char *part)
{
	return strcmp(variable->value, variable->written) == 0 ? part : variable->written;
}

const char *envfile_lookup(const char *name, size_t n, const void *file)
{
	const struct envfile *set = file;

	for (size_t i = set->n_list; i-- > 0;)
		if (strncmp(set->list[i].key, name, n) == 0 && !set->list[i].key[n])
			return set->list[i].value;
	return NULL;
}

/* ---- values ---- */

/* compose's own environment is stronger than the lines above. */
static const char *lookup(const char *name, size_t n, const void *userdata)
{
	const struct parsing *parsing = userdata;
	const char *value = parsing->lookup ? parsing->lookup(name, n, parsing->userdata) : NULL;

	return value ? value : envfile_lookup(name, n, parsing->file);
}

static unsigned int count_lines(const char *s, const char *end)
{
	unsigned int n = 0;

	for (; s < end; s++)
		n += *s == '\n';
	return n;
}

/* Whether a later line of the value is a KEY=VALUE; the "=" at the end of base64 is none. */
static bool has_variable(const char *s, const char *end)
{
	while ((s = memchr(s, '\n', (size_t)(end - s)))) {
		const char *key = ++s;

		while (s < end && (isalnum((unsigned char)*s) || *s == '_'))
			s++;
		if (s > key && s + 1 < end && *s == '=' && !strchr("=\r\n", s[1]))
			return true;
	}
	return false;
}

/* Takes the quoted value at parsing->next; NULL, complained about, when it has no end: the line is
 * left out. */
static char *take_quoted(struct parsing *parsing, const char *key)
{
	char *start = parsing->next, *end = unquote_find(start), *line_end;

	if (!end) {
		complain_warning(
			parsing->complaints,
			"%s:%u: %s: the closing quote is missing, and compose refuses the file; "
			"the line is ignored",
			parsing->path, parsing->line, key);
		line_end = strchr(start, '\n');
		parsing->next = line_end ? line_end : start + strlen(start);
		return NULL;
	}
	if (has_variable(start, end + 1))
		complain_warning(
			parsing->complaints,
			"%s:%u: %s: the value goes over several lines, one of which looks like "
			"another variable; is the closing quote missing?",
			parsing->path, parsing->line, key);
	parsing->line += count_lines(start, end);
	parsing->next = end + 1;
	unquote(start + 1, end, *start);
	return start + 1;
}

/* Takes the rest of the line, without its comment. */
static char *take_plain(struct parsing *parsing)
{
	char *start = parsing->next, *comment;

	parsing->next = start + strcspn(start, "\n");
	if (*parsing->next) {
		*parsing->next++ = '\0';
		parsing->line++;
	}
	comment = strstr(start, " #");
	if (comment)
		*comment = '\0';
	(void)text_trim(start);
	return start;
}

static void fill_in(struct parsing *parsing, struct envfile_variable *variable,
		    char to[static VALUE_MAX])
{
	char unknown[INTERPOLATE_NAME_SIZE];
	int r = interpolate(variable->value, lookup, parsing, to, VALUE_MAX, unknown);

	if (r >= 0)
		variable->value = to;
	if (r < 0)
		complain_warning(
			parsing->complaints, "%s:%u: %s: %s; the value is kept as it is written",
			parsing->path, variable->line, variable->key,
			r == -E2BIG
				? "what is to be filled in is too long"
				: "a ${...} in it makes no sense, and compose refuses the file");
	else if (*unknown) /* what looks like its name may be the end of a password */
		complain_warning(
			parsing->complaints,
			"%s:%u: %s: a variable in it is neither set nor given a default; "
			"compose takes it as empty, unless the shell that starts it has it",
			parsing->path, variable->line, variable->key);
}

/* ---- lines ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool is_key_byte(char c)
{
	/* Letters of other scripts are letters, too. */
	return isalnum((unsigned char)c) || strchr("_.-[]", c) || (unsigned char)c >= 0x80;
}

/* To where a key begins; false at the end of the text. */
static bool find_start(struct parsing *parsing)
{
	for (;;) {
		char c = *parsing->next;

		if (!c)
			return false;
		if (c == '#')
			parsing->next += strcspn(parsing->next, "\n");
		else if (c == '\n' || is_blank(c))
			parsing->line += *parsing->next++ == '\n';
		else
			return true;
	}
}

static void skip_line(struct parsing *parsing, const char *why)
{
	complain_warning(parsing->complaints,
			 "%s:%u: %s; compose refuses the file, and here the line is ignored",
			 parsing->path, parsing->line, why);
	parsing->next += strcspn(parsing->next, "\n");
}

/* Takes the key and the sign behind it: '=', ':', or '\n' where there is nothing. Returns NULL,
 * complained about, when it is none. */
static char *take_key(struct parsing *parsing, char *ret_sign)
{
	char *key = parsing->next, *end;

	if (text_starts_with(key, "export") && is_blank(key[6]))
		for (key += 6; is_blank(*key);)
			key++;
	for (end = key; *end && !strchr("=:\n", *end); end++) {
		if (is_blank(*end) || is_key_byte(*end))
			continue;
		skip_line(parsing, "what stands before the \"=\" is not a variable's name");
		return NULL;
	}
	*ret_sign = *end ? *end : '\n';
	parsing->next = *end ? end + 1 : end;
	*end = '\0';
	(void)text_trim(key);
	if (*key && !strchr(key, ' '))
		return key;
	complain_warning(parsing->complaints,
			 "%s:%u: %s; compose refuses the file, and here the line is ignored",
			 parsing->path, parsing->line,
			 *key ? "is no KEY=VALUE" : "nothing stands before the \"=\"");
	if (*ret_sign == '\n')
		parsing->line += parsing->next[-1] == '\0';
	else
		parsing->next += strcspn(parsing->next, "\n");
	return NULL;
}

static void check_again(const struct parsing *parsing, const struct envfile_variable *variable)
{
	const struct envfile_variable *before = envfile_find(parsing->file, variable->key);

	if (before && strcmp(before->value, variable->value) != 0)
		complain_warning(parsing->complaints,
				 "%s:%u: %s is said again, with another value than in line %u; the "
				 "last one counts",
				 parsing->path, variable->line, variable->key, before->line);
}

/* Whether there is room for more. */
static bool keep(struct parsing *parsing, const struct envfile_variable *variable)
{
	check_again(parsing, variable);
	if (envfile_add(parsing->file, variable) >= 0)
		return true;
	if (parsing->file->n_list == ENVFILE_VARIABLES_MAX)
		complain_warning(parsing->complaints,
				 "%s:%u: more than %d variables; the rest is ignored",
				 parsing->path, variable->line, ENVFILE_VARIABLES_MAX);
	else
		complain_warning(parsing->complaints,
				 "%s:%u: there is too much to be filled in; the rest is ignored",
				 parsing->path, variable->line);
	return false;
}

/* KEY alone. It may be a line of a private key, even where it looks like a name: its words are not
 * for the journal. */
static bool inherit(struct parsing *parsing, const char *key, unsigned int line)
{
	const char *value =
		parsing->lookup ? parsing->lookup(key, strlen(key), parsing->userdata) : NULL;
	const struct envfile_variable variable = { .key = key,
						   .value = value,
						   .written = "",
						   .path = parsing->path,
						   .line = line,
						   .shell_differs = true };

	if (value)
		return keep(parsing, &variable);
	complain_warning(parsing->complaints,
			 "%s:%u: has no \"=\": compose takes the value of this name from its own "
			 "environment, which is not known here; it counts as unset",
			 parsing->path, line);
	return true;
}

/* Takes one variable; false at the end. */
static bool read_one(struct parsing *parsing, char filled[static VALUE_MAX])
{
	struct envfile_variable variable = { .path = parsing->path };
	bool blank_before, blank_behind, literal = false;
	char sign, *key;

	if (!find_start(parsing))
		return false;
	variable.line = parsing->line;
	key = take_key(parsing, &sign);
	if (!key)
		return true;
	if (sign == '\n') {
		parsing->line += parsing->next[-1] == '\0'; /* a line's end, not the text's */
		return inherit(parsing, key, variable.line);
	}
	blank_before = sign == ':' || !parsing->next[-2] || is_blank(parsing->next[-2]);
	blank_behind = is_blank(*parsing->next);
	while (is_blank(*parsing->next))
		parsing->next++;
	literal = *parsing->next == '\'';
	variable.key = key;
	if (literal || *parsing->next == '"') {
		variable.value = take_quoted(parsing, key);
		if (!variable.value)
			return true;
	} else {
		variable.value = take_plain(parsing);
		variable.shell_differs = strpbrk(variable.value, " \t;&|<>()`") != NULL;
	}
	/* To a shell, a blank beside the "=" makes a command of it. */
	variable.shell_differs |= blank_before || blank_behind;
	variable.written = variable.value;
	if (!literal && strchr(variable.value, '$'))
		fill_in(parsing, &variable, filled);
	return keep(parsing, &variable);
}

/* CR before LF is dropped, as is what Windows puts before a text. */
static char *copy_text(const char *text, size_t size)
{
	char *copy = malloc(size + 1), *to = copy;

	if (!copy)
		return NULL;
	for (const char *s = text_starts_with(text, "\xef\xbb\xbf") ? text + 3 : text; *s; s++)
		if (*s != '\r' || s[1] != '\n')
			*to++ = *s;
	*to = '\0';
	return copy;
}

static int parse(char *text, char filled[static VALUE_MAX], struct parsing *parsing)
{
	parsing->next = text;
	parsing->line = 1;
	while (read_one(parsing, filled))
		;
	return 0;
}

int envfile_parse_within(const char *text, size_t size, const char *path, interpolate_lookup *outer,
			 const void *userdata, struct envfile *ret, struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile file = { 0 };
	struct parsing parsing = { .path = path,
				   .lookup = outer,
				   .userdata = userdata,
				   .file = &file,
				   .complaints = complaints };
	char *copy, *filled;
	int r;

	if (strlen(text) != size) {
		complain_error(complaints, "%s: has a NUL byte in it; this is not a text file",
			       path);
		return -EINVAL;
	}
	r = envfile_new(2 * size + ENVFILE_ROOM, &file);
	if (r < 0)
		return r;
	copy = copy_text(text, size);
	filled = malloc(VALUE_MAX);
	r = copy && filled ? parse(copy, filled, &parsing) : -ENOMEM;
	if (copy)
		explicit_bzero(copy, size);
	if (filled)
		explicit_bzero(filled, VALUE_MAX);
	free(copy);
	free(filled);
	if (r < 0)
		return r;
	*ret = file;
	file = (struct envfile){ 0 };
	return 0;
}

int envfile_parse(const char *text, size_t size, const char *path, struct envfile *ret,
		  struct complaints *complaints)
{
	return envfile_parse_within(text, size, path, NULL, NULL, ret, complaints);
}

int envfile_parse_environ(const char *text, size_t size, const char *path, struct envfile *ret)
{
	struct envfile file;
	const char *end = text + size;
	unsigned int line = 0;
	int r = envfile_new(size + strlen(path) + 2, &file);

	if (r < 0)
		return r;
	for (const char *s = text; s < end; s += strnlen(s, (size_t)(end - s)) + 1) {
		size_t n = strnlen(s, (size_t)(end - s));
		const char *equals = memchr(s, '=', n);
		struct envfile_variable variable = { .path = path, .shell_differs = false };
		char *copy;

		if (!equals || equals == s)
			continue;
		copy = strndup(s, n);
		if (!copy) {
			envfile_clear(&file);
			return -ENOMEM;
		}
		copy[equals - s] = '\0';
		variable.key = copy;
		variable.value = variable.written = copy + (equals - s) + 1;
		variable.line = ++line;
		r = envfile_add(&file, &variable);
		explicit_bzero(copy, n);
		free(copy);
		if (r < 0)
			break; /* more than we look at */
	}
	*ret = file;
	return 0;
}
