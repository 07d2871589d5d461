// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/spool.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define EVENT_BYTES (64 * 1024)
#define NAME_LENGTH 20 /* digits of the largest number: names sort as numbers do */

struct waiting {
	uint64_t first, last;
	size_t n;
};

static void path_of(const char *directory, uint64_t number, char to[static PATH_MAX])
{
	(void)text_format(to, PATH_MAX, "%s/" SPOOL_DIRECTORY_NAME "/%0*" PRIu64 ".json", directory,
			  NAME_LENGTH, number);
}

/* @name is an event's: "00000000000000000007.json". */
static bool number_of(const char *name, uint64_t *ret)
{
	char digits[NAME_LENGTH + 1];

	if (strlen(name) != NAME_LENGTH + strlen(".json") ||
	    strcmp(name + NAME_LENGTH, ".json") != 0)
		return false;
	(void)text_format(digits, sizeof(digits), "%.*s", NAME_LENGTH, name);
	return text_u64(digits, UINT64_MAX, ret) == 0;
}

static int look(const char *directory, struct waiting *ret)
{
	cleanup(directory_closep) DIR *dir = NULL;
	char path[PATH_MAX];
	struct dirent *entry;
	uint64_t number;

	*ret = (struct waiting){ .first = UINT64_MAX };
	(void)text_format(path, sizeof(path), "%s/" SPOOL_DIRECTORY_NAME, directory);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		if (!number_of(entry->d_name, &number))
			continue;
		ret->n++;
		if (number < ret->first)
			ret->first = number;
		if (number > ret->last)
			ret->last = number;
	}
	return 0;
}

static int drop_oldest(struct spool *spool, const char *directory)
{
	struct waiting waiting;
	int r = look(directory, &waiting);

	while (r >= 0 && waiting.n >= SPOOL_MAX) {
		char path[PATH_MAX];

		path_of(directory, waiting.first, path);
		if (unlink(path) < 0 && errno != ENOENT)
			return -errno;
		spool->n_dropped++;
		r = look(directory, &waiting);
	}
	spool->n = waiting.n;
	return r;
}

static int begin(struct spool *spool, const char *directory)
{
	char path[PATH_MAX];
	struct waiting waiting;
	int r;

	(void)text_format(path, sizeof(path), "%s/" SPOOL_DIRECTORY_NAME, directory);
	r = file_make_directory(path, 0700);
	if (r >= 0)
		r = look(directory, &waiting);
	if (r < 0)
		return r;
	spool->next = waiting.n ? waiting.last + 1 : 1;
	spool->n = waiting.n;
	spool->has_counted = true;
	return 0;
}

int spool_put(struct spool *spool, const char *directory, json_t *record)
{
	cleanup(memory_freep) char *text = NULL;
	char path[PATH_MAX];
	int r = spool->has_counted ? 0 : begin(spool, directory);

	if (r >= 0 && spool->n >= SPOOL_MAX)
		r = drop_oldest(spool, directory);
	if (r < 0)
		return r;
	if (spool->n_dropped)
		(void)json_object_set_new(record, "dropped",
					  json_integer((json_int_t)spool->n_dropped));
	text = json_dumps(record, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	path_of(directory, spool->next, path);
	r = file_replace(path, text, strlen(text), 0600);
	if (r < 0)
		return r;
	spool->next++;
	spool->n++;
	spool->n_dropped = 0;
	return 0;
}

int spool_first(const char *directory, char *ret_path, size_t size, json_t **ret)
{
	cleanup(memory_freep) char *text = NULL;
	struct waiting waiting;
	char path[PATH_MAX];
	int r = look(directory, &waiting);

	if (r >= 0 && waiting.n == 0)
		r = -ENOENT;
	if (r < 0)
		return r;
	path_of(directory, waiting.first, path);
	(void)text_copy(ret_path, size, path);
	r = file_read(path, EVENT_BYTES, &text, NULL);
	if (r < 0)
		return r == -EFBIG ? -EBADMSG : r;
	*ret = json_loads(text, 0, NULL);
	if (json_is_object(*ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return -EBADMSG;
}
