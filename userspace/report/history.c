// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/history.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define READ_BYTES (2 * HISTORY_BYTES) /* of one file; it has less */

static void path_of(const char *directory, const char *tail, char to[static PATH_MAX])
{
	(void)text_format(to, PATH_MAX, "%s/" HISTORY_FILE_NAME "%s", directory, tail);
}

static int make_room(const char *directory, size_t size)
{
	char path[PATH_MAX], older[PATH_MAX];
	struct stat st;

	path_of(directory, "", path);
	path_of(directory, ".1", older);
	if (stat(path, &st) < 0 || (size_t)st.st_size + size <= HISTORY_BYTES)
		return 0;
	return rename(path, older) < 0 ? -errno : 0;
}

/* A line whose end is missing was never finished: it is ended, and counts as torn. */
static bool is_torn(int fd, off_t size)
{
	char last = '\n';

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

static int append(int fd, const char *line, size_t n)
{
	struct stat st;
	ssize_t written;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (is_torn(fd, st.st_size) && write(fd, "\n", 1) != 1)
		return -EIO;
	written = write(fd, line, n);
	if (written == (ssize_t)n)
		return 0;
	if (written >= 0)
		errno = ENOSPC;
	written = -errno;
	(void)!ftruncate(fd, st.st_size);
	return (int)written;
}

int history_append(const char *directory, const json_t *record)
{
	cleanup(memory_freep) char *text = json_dumps(record, JSON_COMPACT), *line = NULL;
	cleanup(fd_closep) int fd = -1;
	char path[PATH_MAX];
	size_t n;
	int r;

	if (!text)
		return -ENOMEM;
	n = strlen(text);
	line = realloc(text, n + 2);
	if (!line)
		return -ENOMEM;
	text = NULL;
	memcpy(line + n, "\n", 2);
	r = make_room(directory, n + 1);
	if (r < 0)
		return r;
	path_of(directory, "", path);
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? -errno : append(fd, line, n + 1);
}

static int read_lines(char *text, history_line *line, void *userdata, size_t *torn)
{
	char *word;

	while ((word = strsep(&text, "\n"))) {
		cleanup(json_decrefp) json_t *record = *word ? json_loads(word, 0, NULL) : NULL;
		int r;

		if (!json_is_object(record)) {
			*torn += *word != '\0';
			continue;
		}
		r = line(record, userdata);
		if (r != 0)
			return r;
	}
	return 0;
}

int history_read(const char *directory, history_line *line, void *userdata, size_t *ret_torn)
{
	static const char *const tails[] = { ".1", "" };
	bool any = false;

	*ret_torn = 0;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		cleanup(memory_freep) char *text = NULL;
		char path[PATH_MAX];
		int r;

		path_of(directory, tails[i], path);
		r = file_read(path, READ_BYTES, &text, NULL);
		if (r == -ENOENT)
			continue;
		if (r >= 0)
			r = read_lines(text, line, userdata, ret_torn);
		if (r != 0)
			return r;
		any = true;
	}
	return any ? 0 : -ENOENT;
}
