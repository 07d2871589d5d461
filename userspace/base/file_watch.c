// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define LINKS_MAX 40 /* the kernel's own, MAXSYMLINKS */

/* What can put another file, directory or link under a name. */
#define NAME_EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
/* And what can happen to the file that stays there. */
#define FILE_EVENTS (NAME_EVENTS | IN_CLOSE_WRITE | IN_ATTRIB)

struct place { /* a name in a directory, on the way to a path */
	int wd;
	bool all; /* whatever is in the directory and ends in ".conf" */
	char name[NAME_MAX + 1];
};

struct file_watch {
	int fd;
	char *paths[FILE_WATCH_PATHS_MAX];
	size_t n_paths;
	struct place *places;
	size_t n_places;
};

int file_watch_new(struct file_watch **ret)
{
	cleanup(file_watch_freep) struct file_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd < 0)
		return -errno;
	watch->places = calloc(FILE_WATCH_PLACES_MAX, sizeof(*watch->places));
	if (!watch->places)
		return -ENOMEM;
	*ret = TAKE_PTR(watch);
	return 0;
}

int file_watch_fd(const struct file_watch *watch)
{
	return watch->fd;
}

static int add_place(struct file_watch *watch, const char *directory, const char *name,
		     bool is_last)
{
	struct place *place;
	int wd;

	if (watch->n_places == FILE_WATCH_PLACES_MAX)
		return -E2BIG;
	wd = inotify_add_watch(watch->fd, directory,
			       (is_last ? FILE_EVENTS : NAME_EVENTS) | IN_ONLYDIR | IN_MASK_ADD);
	if (wd < 0)
		return -errno;
	place = &watch->places[watch->n_places];
	*place = (struct place){ .wd = wd, .all = !name };
	if (name && text_copy(place->name, sizeof(place->name), name) < 0)
		return -ENAMETOOLONG;
	watch->n_places++;
	return 0;
}

/* Cuts the first name off *@rest; false when there is none left. */
static bool take_name(char **rest, char name[static NAME_MAX + 1])
{
	size_t n;

	*rest += strspn(*rest, "/");
	n = strcspn(*rest, "/");
	if (n == 0 || n > NAME_MAX)
		return false;
	memcpy(name, *rest, n);
	name[n] = '\0';
	*rest += n;
	return true;
}

/* Puts where the link @at leads before *@rest, which points into @buffer. */
static int follow(const char *at, char buffer[static PATH_MAX], char **rest,
		  char directory[static PATH_MAX])
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t n = readlink(at, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (text_format(joined, sizeof(joined), "%s/%s", target, *rest) < 0)
		return -ENAMETOOLONG;
	if (*target == '/')
		*directory = '\0';
	memcpy(buffer, joined, sizeof(joined));
	*rest = buffer;
	return 0;
}

static void leave(char *directory)
{
	char *slash = strrchr(directory, '/');

	if (slash)
		*slash = '\0';
}

/* Goes the way that the kernel goes, and watches each name on it *before* it looks what is there.
 */
static int add_path(struct file_watch *watch, const char *path)
{
	char directory[PATH_MAX] = "", buffer[PATH_MAX], at[PATH_MAX], name[NAME_MAX + 1];
	char *rest = buffer;
	int links = 0, r;

	if (text_copy(buffer, sizeof(buffer), path) < 0)
		return -ENAMETOOLONG;
	while (take_name(&rest, name)) {
		bool is_last = !rest[strspn(rest, "/")];
		struct stat st;

		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") ==
		    0) { /* no link is left in @directory: its parent is meant */
			leave(directory);
			continue;
		}
		r = add_place(watch, *directory ? directory : "/", name, is_last);
		if (r == -ENOENT || r == -ENOTDIR || r == -EACCES)
			return 0; /* gone since: what is above is watched */
		if (r < 0)
			return r;
		if (text_format(at, sizeof(at), "%s/%s", directory, name) < 0)
			return -ENAMETOOLONG;
		if (lstat(at, &st) < 0)
			return 0; /* not there (yet) */
		if (S_ISLNK(st.st_mode)) {
			if (++links > LINKS_MAX || follow(at, buffer, &rest, directory) < 0)
				return 0;
			continue;
		}
		memcpy(directory, at, sizeof(directory));
		if (is_last && S_ISDIR(st.st_mode)) {
			r = add_place(watch, directory, NULL, true);
			return r == -ENOENT || r == -EACCES ? 0 : r;
		}
	}
	return 0;
}

static bool is_used(const struct file_watch *watch, int wd)
{
	for (size_t i = 0; i < watch->n_places; i++)
		if (watch->places[i].wd == wd)
			return true;
	return false;
}

/* A directory that stays on the way keeps its watch, and so what has happened there and was not
 * read yet stays ours: a change since the file was last read is no less a change. */
static int add_all(struct file_watch *watch)
{
	int old[FILE_WATCH_PLACES_MAX], first_error = 0;
	size_t n_old = watch->n_places;

	for (size_t i = 0; i < n_old; i++)
		old[i] = watch->places[i].wd;
	watch->n_places = 0;
	for (size_t i = 0; i < watch->n_paths; i++) {
		int r = add_path(watch, watch->paths[i]);

		if (r < 0 && first_error == 0)
			first_error = r;
	}
	for (size_t i = 0; i < n_old; i++)
		if (!is_used(watch, old[i]))
			(void)inotify_rm_watch(watch->fd,
					       old[i]); /* several share one: EINVAL then */
	return first_error;
}

static void forget_paths(struct file_watch *watch)
{
	while (watch->n_paths > 0)
		free(watch->paths[--watch->n_paths]);
}

int file_watch_set(struct file_watch *watch, const char *const paths[], size_t n)
{
	int first_error = n > FILE_WATCH_PATHS_MAX ? -E2BIG : 0, r;

	forget_paths(watch);
	for (size_t i = 0; i < n && watch->n_paths < FILE_WATCH_PATHS_MAX; i++) {
		char *copy;

		if (*paths[i] != '/') {
			first_error = -EINVAL;
			continue;
		}
		copy = strdup(paths[i]);
		if (!copy)
			return -ENOMEM;
		watch->paths[watch->n_paths++] = copy;
	}
	r = add_all(watch);
	return first_error < 0 ? first_error : r;
}

static bool ends_in_conf(const char *name)
{
	size_t n = strlen(name);

	return n >= 5 && *name != '.' && strcmp(name + n - 5, ".conf") == 0;
}

static bool is_ours(const struct file_watch *watch, const struct inotify_event *event)
{
	const char *name = event->len ? event->name : "";

	if (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT))
		return true;
	for (size_t i = 0; i < watch->n_places; i++) {
		const struct place *place = &watch->places[i];

		if (place->wd != event->wd)
			continue;
		if (place->all ? ends_in_conf(name) : strcmp(place->name, name) == 0)
			return true;
	}
	return false;
}

int file_watch_read(struct file_watch *watch)
{
	char buffer[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool ours = false;
	ssize_t n;
	int r;

	/* A bounded look: what is left makes the descriptor readable again. */
	n = read(watch->fd, buffer, sizeof(buffer));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

		ours = ours || is_ours(watch, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (!ours)
		return 0;
	r = add_all(watch);
	return r < 0 ? r : 1;
}

void file_watch_free(struct file_watch *watch)
{
	if (!watch)
		return;
	forget_paths(watch);
	free(watch->places);
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch);
}
