// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/include.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/own.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/rendered/include_glob.h"
#include "intent/rendered/rendering.h"
#include "model/source.h"

#define HEADER "# configuration file "

/* ---- the text, taken apart ---- */

static bool is_header(const char *line, size_t n)
{
	return n > sizeof(HEADER) && memcmp(line, HEADER, sizeof(HEADER) - 1) == 0 &&
	       line[n - 1] == ':';
}

void include_map_parse(const char *text, size_t size, struct include_map *ret)
{
	const char *end = text + size;
	struct include_file *file = NULL;

	ret->n = 0;
	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *next = newline ? newline + 1 : end;
		size_t n = (size_t)((newline ? newline : end) - line);

		if (is_header(line, n) && ret->n < INCLUDE_FILES_MAX) {
			file = &ret->list[ret->n++];
			*file = (struct include_file){ line + sizeof(HEADER) - 1,
						       n - sizeof(HEADER), next, 0 };
		} else if (file || ret->n == 0) {
			if (!file) {
				file = &ret->list[ret->n++];
				*file = (struct include_file){ "", 0, line, 0 };
			}
			file->size = (size_t)(next - file->text);
		}
		line = next;
	}
}

/* Absolute: a relative one starts in the directory of the main file. */
static int resolve(const char *main_path, size_t n, const char *pattern, char *to, size_t size)
{
	while (n > 0 && main_path[n - 1] != '/')
		n--;
	return text_format(to, size, "%.*s%s", pattern[0] == '/' ? 0 : (int)n, main_path, pattern);
}

int include_map_find(const struct include_map *map, const char *pattern, size_t from)
{
	char whole[SOURCE_PATH_SIZE], path[SOURCE_PATH_SIZE];

	if (map->n == 0 ||
	    resolve(map->list[0].path, map->list[0].path_size, pattern, whole, sizeof(whole)) < 0)
		return -1;
	for (size_t i = from; i < map->n; i++) {
		const struct include_file *file = &map->list[i];

		if (text_format(path, sizeof(path), "%.*s", (int)file->path_size, file->path) ==
			    0 &&
		    fnmatch(whole, path, FNM_PATHNAME) == 0)
			return (int)i;
	}
	return -1;
}

/* ---- the files, put together ---- */

struct reading {
	int root;
	const char *main_path;
	struct complaints *complaints;
	char paths[INCLUDE_FILES_MAX][SOURCE_PATH_SIZE];
	size_t n;
	char *text;
	size_t size;
};

static int append(struct reading *reading, const char *data, size_t n)
{
	char *text;

	if (reading->size + n > RENDERING_TEXT_MAX)
		return -EFBIG;
	text = realloc(reading->text, reading->size + n + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text + reading->size, data, n);
	reading->text = text;
	reading->size += n;
	text[reading->size] = '\0';
	return 0;
}

/* Notes @path to be read, once. */
static int want(void *userdata, const char *path)
{
	struct reading *reading = userdata;

	for (size_t i = 0; i < reading->n; i++)
		if (strcmp(reading->paths[i], path) == 0)
			return 0;
	if (reading->n == INCLUDE_FILES_MAX)
		return -E2BIG;
	return text_copy(reading->paths[reading->n], SOURCE_PATH_SIZE, path) < 0
		       ? -ENAMETOOLONG
		       : (reading->n++, 0);
}

static int want_all(struct reading *reading, const char *pattern)
{
	char whole[SOURCE_PATH_SIZE];

	if (resolve(reading->main_path, strlen(reading->main_path), pattern, whole, sizeof(whole)) <
	    0)
		return -ENAMETOOLONG;
	return include_glob(reading->root, whole, want, reading);
}

/* "include PATTERN" where a statement begins, in both kinds of files we read. */
static int want_includes(struct reading *reading, const char *text)
{
	bool begins = true;
	int r = 0;

	for (const char *s = text; *s && r >= 0; s++) {
		if (*s == '#') {
			s += strcspn(s, "\n");
			begins = true;
			if (!*s)
				break;
		} else if (strchr("\n;{}", *s)) {
			begins = true;
		} else if (begins && text_starts_with(s, "include") &&
			   (s[7] == ' ' || s[7] == '\t')) {
			char pattern[SOURCE_PATH_SIZE];
			size_t n;

			s += 7;
			s += strspn(s, " \t\"'");
			n = strcspn(s, " \t\"';\n");
			if (text_format(pattern, sizeof(pattern), "%.*s",
					(int)(n < sizeof(pattern) ? n : 0), s) == 0 &&
			    pattern[0])
				r = want_all(reading, pattern);
			s = s + n - 1; /* what stands behind it may end the statement */
			begins = false;
		} else if (*s != ' ' && *s != '\t') {
			begins = false;
		}
	}
	return r;
}

static int read_one(struct reading *reading, const char *path)
{
	cleanup(memory_freep) char *text = NULL;
	char header[SOURCE_PATH_SIZE + sizeof(HEADER) + 4];
	size_t size = 0;
	int r = file_read_below(reading->root, path, RENDERING_TEXT_MAX, &text, &size);

	if (r < 0)
		return r;
	(void)text_format(header, sizeof(header), "%s%s:\n", HEADER, path);
	r = append(reading, header, strlen(header));
	if (r >= 0)
		r = append(reading, text, strlen(text)); /* up to a NUL, if one is in it */
	if (r >= 0)
		r = append(reading, "\n", 1);
	return r < 0 ? r : want_includes(reading, text);
}

int include_read(int root, const char *path, char **ret, struct complaints *complaints)
{
	cleanup(memory_freep) struct reading *reading = calloc(1, sizeof(*reading));
	int r;

	if (!reading)
		return -ENOMEM;
	reading->root = root;
	reading->main_path = path;
	reading->complaints = complaints;
	r = want(reading, path);
	for (size_t i = 0; i < reading->n && r >= 0; i++) {
		r = read_one(reading, reading->paths[i]);
		if (r < 0 && !is_own_want(r) && r != -EFBIG && r != -E2BIG && i > 0) {
			complain_warning(complaints, "%s: included, but cannot be read: %s",
					 reading->paths[i], strerror(-r));
			r = 0;
		}
	}
	if (r < 0) {
		free(reading->text);
		if (r == -EFBIG || r == -E2BIG)
			complain_error(complaints, "%s: %s", path,
				       r == -EFBIG
					       ? "with all that it includes it is more than 4 MiB"
					       : "it includes more than 128 files");
		else
			complain_failure(complaints, r, "%s: cannot be read", path);
		return r;
	}
	*ret = reading->text;
	return 0;
}
