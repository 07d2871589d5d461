// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/source_watch.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "agent/daemon/sources.h"
#include "base/file_watch.h"
#include "base/log.h"
#include "base/text.h"
#include "intent/declared/project.h"

/* Whoever saves a file touches it several times, and a package or certbot several files. */
#define SETTLE_USEC (250 * USEC_PER_MSEC)

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct daemon *daemon = userdata;

	for (size_t i = 0; i < ARRAY_SIZE(daemon->files); i++) {
		struct watched_files *files = &daemon->files[i];
		int r;

		if (!files->watch || file_watch_fd(files->watch) != fd)
			continue;
		r = file_watch_read(files->watch);
		if (r < 0)
			(void)log_warning(r, "Some files are no longer watched for changes; reload "
					     "Hearken after you "
					     "change one");
		if (r == 0)
			return 0;
		files->changed = true;
		daemon->files_usec = daemon_now(daemon).usec + SETTLE_USEC;
		daemon_arm(daemon);
	}
	return 0;
}

static int open_one(struct daemon *daemon, struct watched_files *files)
{
	int r = file_watch_new(&files->watch);

	if (r >= 0)
		r = sd_event_add_io(daemon->event, &files->source, file_watch_fd(files->watch),
				    EPOLLIN, on_readable, daemon);
	return r;
}

void source_watch_open(struct daemon *daemon)
{
	for (size_t i = 0; i < ARRAY_SIZE(daemon->files); i++) {
		int r = open_one(daemon, &daemon->files[i]);

		if (r >= 0)
			continue;
		(void)log_warning(r, "Cannot watch files for changes "
				     "(fs.inotify.max_user_instances?); reload Hearken "
				     "after you change what it reads");
		source_watch_close(daemon);
		return;
	}
	source_watch_renew(daemon);
}

void source_watch_close(struct daemon *daemon)
{
	for (size_t i = 0; i < ARRAY_SIZE(daemon->files); i++) {
		sd_event_source_disable_unref(daemon->files[i].source);
		file_watch_free(daemon->files[i].watch);
		daemon->files[i] = (struct watched_files){ 0 };
	}
}

static void watch(struct watched_files *files, const char *const paths[], size_t n)
{
	int r = files->watch ? file_watch_set(files->watch, paths, n) : 0;

	if (r < 0)
		(void)log_warning(r, "Some files cannot be watched for changes "
				     "(fs.inotify.max_user_watches?); reload "
				     "Hearken after you change one");
}

/* As the command line has it, the path may be relative. */
static int make_absolute(const char *path, char *to, size_t size)
{
	cleanup(memory_freep) char *here = *path == '/' ? NULL : getcwd(NULL, 0);

	if (*path == '/')
		return text_copy(to, size, path);
	return here ? text_format(to, size, "%s/%s", here, path) : -errno;
}

void source_watch_renew(struct daemon *daemon)
{
	char file[PATH_MAX] = "", directory[PATH_MAX + sizeof(".d")];
	const char *own[] = { file, directory };
	const char *declared[FILE_WATCH_PATHS_MAX];
	char beside[FILE_WATCH_PATHS_MAX - SOURCES_MAX][PROJECT_PATH_SIZE];
	size_t n = 0, n_beside = 0;

	if (make_absolute(daemon->config.path, file, sizeof(file)) >= 0) {
		(void)text_format(directory, sizeof(directory), "%s.d", file);
		watch(&daemon->files[FILES_CONFIG], own, ARRAY_SIZE(own));
	}
	for (size_t i = 0; i < daemon->intent.n_sources; i++) {
		const struct source *source = &daemon->intent.sources[i];

		if (source->kind >= SOURCE_DOVECOT || *source->path != '/' ||
		    text_starts_with(source->path, "/proc/"))
			continue;
		declared[n++] = source->path;
		/* Nobody has started anything from where nothing is. */
		if (source->state != SOURCE_ABSENT)
			n_beside += project_files(source->path, &beside[n_beside],
						  ARRAY_SIZE(beside) - n_beside);
	}
	for (size_t i = 0; i < n_beside; i++)
		declared[n++] = beside[i];
	watch(&daemon->files[FILES_DECLARED], declared, n);
}

void source_watch_read(struct daemon *daemon)
{
	bool config = daemon->files[FILES_CONFIG].changed;

	daemon->files[FILES_CONFIG].changed = daemon->files[FILES_DECLARED].changed = false;
	if (config)
		sources_reload(daemon);
	else
		sources_read_again(daemon);
}
