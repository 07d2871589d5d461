// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"

#define BEGINS "{\"kind\":\"begin\"" /* every recording; what else a file has is not ours */

struct recorder {
	char path[PATH_MAX]; /* empty: nothing is written */
	uint64_t max_bytes;
	int fd;
	uint64_t size;
	bool has_begun;
	bool has_failed; /* and that was said */
	uint64_t again_usec;
	struct recording_state before; /* of the fact's service */
	char *text;		       /* lines that are to be written at once */
	size_t n, room;
};

int recorder_new(uint64_t bytes, struct recorder **ret)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return -ENOMEM;
	recorder->fd = -1;
	recorder->max_bytes = bytes;
	*ret = recorder;
	return 0;
}

static void leave_file(struct recorder *recorder)
{
	if (recorder->fd >= 0)
		close(recorder->fd);
	recorder->fd = -1;
	recorder->size = 0;
	recorder->has_begun = false;
}

void recorder_free(struct recorder *recorder)
{
	if (!recorder)
		return;
	leave_file(recorder);
	free(recorder->text);
	free(recorder);
}

void recorder_follow(struct recorder *recorder, const char *path)
{
	if (strcmp(recorder->path, path) == 0)
		return;
	leave_file(recorder);
	(void)text_copy(recorder->path, sizeof(recorder->path), path);
	recorder->has_failed = false;
	recorder->again_usec = 0;
}

void recorder_begin_anew(struct recorder *recorder)
{
	if (recorder)
		recorder->has_begun = false;
}

/* -- the file */

/* A file of somebody else, by a slip of the configuration, is left as it is. */
static int look_at_file(int fd, uint64_t *ret_size)
{
	char first[sizeof(BEGINS) - 1], last = '\n';
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_size = (uint64_t)st.st_size;
	if (st.st_size == 0)
		return 0;
	if (pread(fd, first, sizeof(first), 0) != sizeof(first) ||
	    memcmp(first, BEGINS, sizeof(first)) != 0)
		return -EEXIST;
	/* A line whose end is missing was never finished: the next one is not to be part of it. */
	if (pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n' && write(fd, "\n", 1) != 1)
		return -EIO;
	return 0;
}

static int open_file(struct recorder *recorder)
{
	cleanup(fd_closep) int fd =
		open(recorder->path,
		     O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = look_at_file(fd, &recorder->size);
	if (r < 0)
		return r;
	if (fchmod(fd, 0600) < 0)
		return -errno;
	recorder->fd = TAKE_FD(fd);
	return 0;
}

static int make_room(struct recorder *recorder)
{
	char older[PATH_MAX];

	if (text_format(older, sizeof(older), "%s.1", recorder->path) < 0)
		return -ENAMETOOLONG;
	if (rename(recorder->path, older) < 0)
		return -errno;
	leave_file(recorder);
	return open_file(recorder);
}

static int on_line(const json_t *line, void *userdata)
{
	struct recorder *recorder = userdata;
	size_t size = json_dumpb(line, NULL, 0, JSON_COMPACT);

	if (size == 0)
		return -ENOMEM;
	if (recorder->n + size + 1 > recorder->room) {
		size_t room = 2 * (recorder->n + size + 1);
		char *text = realloc(recorder->text, room);

		if (!text)
			return -ENOMEM;
		recorder->text = text;
		recorder->room = room;
	}
	(void)json_dumpb(line, recorder->text + recorder->n, size, JSON_COMPACT);
	recorder->text[recorder->n + size] = '\n';
	recorder->n += size + 1;
	return 0;
}

/* Whole or not at all: what a full disk cut short is taken back. */
static int write_text(struct recorder *recorder)
{
	ssize_t written = write(recorder->fd, recorder->text, recorder->n);
	int r = written < 0 ? -errno : -ENOSPC;

	if (written == (ssize_t)recorder->n) {
		recorder->size += recorder->n;
		return 0;
	}
	(void)!ftruncate(recorder->fd, (off_t)recorder->size);
	return r;
}

/* Returns @r. What comes after a gap begins anew. */
static int end(struct recorder *recorder, struct moment now, int r)
{
	recorder->n = 0;
	if (r >= 0) {
		recorder->has_failed = false;
		return r;
	}
	leave_file(recorder);
	recorder->again_usec = now.usec + RECORDER_AGAIN_USEC;
	if (!recorder->has_failed)
		(void)log_error(r == -EEXIST ? 0 : r, "Cannot record facts in %s (\"record =\")%s",
				recorder->path,
				r == -EEXIST ? ": it is a file that is no recording" : "");
	recorder->has_failed = true;
	return r;
}

/* -- what is written */

static struct recording_sink sink_of(struct recorder *recorder)
{
	return (struct recording_sink){ on_line, recorder };
}

static bool is_wanted(const struct recorder *recorder, struct moment now)
{
	return recorder && *recorder->path && now.usec >= recorder->again_usec;
}

/* A file with a recording that has begun. */
static int prepare(struct recorder *recorder, const struct judge *judge, struct moment now)
{
	struct recording_sink sink = sink_of(recorder);
	int r = recorder->fd >= 0 ? 0 : open_file(recorder);

	if (r >= 0 && recorder->size >= recorder->max_bytes)
		r = make_room(recorder);
	if (r < 0 || recorder->has_begun)
		return r;
	r = recording_put_state(judge, HEARKEN_VERSION, now, &sink);
	recorder->has_begun = r >= 0;
	return r;
}

void recorder_fact(struct recorder *recorder, const struct judge *judge, const struct fact *fact,
		   struct moment now)
{
	struct recording_sink sink;
	int r;

	if (!is_wanted(recorder, now))
		return;
	sink = sink_of(recorder);
	r = prepare(recorder, judge, now);
	if (r >= 0)
		r = recording_put_fact(judge, fact, now, &sink);
	if (r >= 0)
		r = write_text(recorder);
	if (end(recorder, now, r) >= 0)
		recording_state(judge, fact, now, &recorder->before);
}

void recorder_did(struct recorder *recorder, const struct judge *judge, const struct fact *fact,
		  struct moment now, const struct actions *actions)
{
	cleanup(json_decrefp) json_t *did = NULL;
	int r = -ENOMEM;

	if (!is_wanted(recorder, now) || !recorder->has_begun)
		return;
	did = recording_did(judge, fact, now, &recorder->before, actions);
	if (json_is_null(did))
		return;
	if (did)
		r = on_line(did, recorder);
	if (r >= 0)
		r = write_text(recorder);
	(void)end(recorder, now, r);
}

void recorder_set(struct recorder *recorder, const struct judge *judge, struct moment now)
{
	struct recording_sink sink;
	int r;

	if (!is_wanted(recorder, now) || !recorder->has_begun)
		return;
	sink = sink_of(recorder);
	r = recording_put_set(judge, now, &sink);
	if (r >= 0)
		r = write_text(recorder);
	(void)end(recorder, now, r);
}
