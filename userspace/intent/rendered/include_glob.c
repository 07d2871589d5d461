// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/include_glob.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "model/source.h"

struct matching {
	int root;
	int (*take)(void *userdata, const char *path);
	void *userdata;
};

struct names { /* of one directory */
	char **list;
	size_t n;
};

static void names_clear(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
}

static int names_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_add(struct names *names, const char *name)
{
	char **list = reallocarray(names->list, names->n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	names->list = list;
	list[names->n] = strdup(name);
	return list[names->n] ? (names->n++, 0) : -ENOMEM;
}

/* Those that fit. A directory that cannot be read has none. */
static int list(int root, const char *path, const char *pattern, struct names *ret)
{
	cleanup(directory_closep) DIR *directory = NULL;
	const struct dirent *entry;
	int fd = file_directory_below(root, path), r = 0;

	if (fd < 0)
		return fd == -ENOMEM ? fd : 0;
	directory = fdopendir(fd);
	if (!directory) {
		(void)close(fd);
		return -ENOMEM;
	}
	for (size_t i = 0; r >= 0 && i < INCLUDE_GLOB_ENTRIES_MAX && (entry = readdir(directory));
	     i++)
		if (fnmatch(pattern, entry->d_name, FNM_PERIOD) == 0)
			r = names_add(ret, entry->d_name);
	if (ret->n > 1)
		qsort(ret->list, ret->n, sizeof(*ret->list), names_compare);
	return r;
}

static bool is_pattern(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr("*?[", s[i]))
			return true;
	return false;
}

/* @path, of @n bytes, is there; @rest begins with a slash, or is empty. */
static int match(const struct matching *matching, char path[static SOURCE_PATH_SIZE], size_t n,
		 const char *rest)
{
	cleanup(names_clear) struct names names = { 0 };
	char part[SOURCE_PATH_SIZE];
	size_t size = 0;
	int r;

	/* Up to the next part that is a pattern, all is a name. */
	while (rest[size] && !is_pattern(rest + size + 1, strcspn(rest + size + 1, "/")))
		size += 1 + strcspn(rest + size + 1, "/");
	r = text_format(path + n, SOURCE_PATH_SIZE - n, "%.*s", (int)size, rest);
	if (r < 0)
		return -ENAMETOOLONG;
	n += size;
	rest += size;
	if (!*rest)
		return file_exists_below(matching->root, path)
			       ? matching->take(matching->userdata, path)
			       : 0;
	size = strcspn(rest + 1, "/");
	(void)text_format(part, sizeof(part), "%.*s", (int)size, rest + 1);
	r = list(matching->root, n ? path : "/", part, &names);
	for (size_t i = 0; i < names.n && r >= 0; i++) {
		if (text_format(path + n, SOURCE_PATH_SIZE - n, "/%s", names.list[i]) < 0)
			return -ENAMETOOLONG;
		r = match(matching, path, n + 1 + strlen(names.list[i]), rest + 1 + size);
	}
	return r;
}

int include_glob(int root, const char *pattern, int (*take)(void *userdata, const char *path),
		 void *userdata)
{
	const struct matching matching = { root, take, userdata };
	char path[SOURCE_PATH_SIZE] = "";

	return is_pattern(pattern, strlen(pattern)) ? match(&matching, path, 0, pattern)
						    : take(userdata, pattern);
}
