// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/source_watch.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/file_watch.h"
#include "base/log.h"
#include "base/text.h"
#include "intent/declared/project.h"

/* Whoever saves a file touches it several times, and a package or certbot several files. */
#define SETTLE_USEC (250 * USEC_PER_MSEC)

enum { FILES_CONFIG, FILES_DECLARED, FILES_COUNT };

struct source_watch {
	struct core *core;
	source_watch_changed *changed;
	void *userdata;
	struct watched_files {
		struct file_watch *watch;
		sd_event_source *source;
		bool changed;
	} files[FILES_COUNT];
};

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct source_watch *watch = userdata;

	for (size_t i = 0; i < FILES_COUNT; i++) {
		struct watched_files *files = &watch->files[i];
		int r;

		if (file_watch_fd(files->watch) != fd)
			continue;
		r = file_watch_read(files->watch);
		if (r < 0)
			(void)log_warning(r, "Some files are no longer watched for changes; reload "
					     "Hearken after you change one");
		if (r == 0)
			return 0;
		files->changed = true;
		timers_set(core_timers(watch->core), TIMER_FILES,
			   core_now(watch->core).usec + SETTLE_USEC);
	}
	return 0;
}

static void on_settled(void *userdata)
{
	struct source_watch *watch = userdata;
	bool config = watch->files[FILES_CONFIG].changed;

	for (size_t i = 0; i < FILES_COUNT; i++)
		watch->files[i].changed = false;
	watch->changed(config, watch->userdata);
}

static int open_one(struct source_watch *watch, struct watched_files *files)
{
	int r = file_watch_new(&files->watch);

	if (r >= 0)
		r = sd_event_add_io(core_event(watch->core), &files->source,
				    file_watch_fd(files->watch), EPOLLIN, on_readable, watch);
	return r;
}

int source_watch_new(struct core *core, source_watch_changed *changed, void *userdata,
		     struct source_watch **ret)
{
	cleanup(source_watch_freep) struct source_watch *watch = calloc(1, sizeof(*watch));
	int r = watch ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	watch->core = core;
	watch->changed = changed;
	watch->userdata = userdata;
	for (size_t i = 0; i < FILES_COUNT && r >= 0; i++)
		r = open_one(watch, &watch->files[i]);
	if (r < 0)
		return r;
	timers_handle(core_timers(core), TIMER_FILES, 0, on_settled, watch);
	*ret = TAKE_PTR(watch);
	return 0;
}

void source_watch_free(struct source_watch *watch)
{
	if (!watch)
		return;
	timers_handle(core_timers(watch->core), TIMER_FILES, 0, NULL, NULL);
	for (size_t i = 0; i < FILES_COUNT; i++) {
		sd_event_source_disable_unref(watch->files[i].source);
		file_watch_free(watch->files[i].watch);
	}
	free(watch);
}

static void set(struct watched_files *files, const char *const paths[], size_t n)
{
	int r = file_watch_set(files->watch, paths, n);

	if (r < 0)
		(void)log_warning(r, "Some files cannot be watched for changes "
				     "(fs.inotify.max_user_watches?); reload Hearken after you "
				     "change one");
}

/* As the command line has it, the path may be relative. */
static int make_absolute(const char *path, char *to, size_t size)
{
	cleanup(memory_freep) char *here = *path == '/' ? NULL : getcwd(NULL, 0);

	if (*path == '/')
		return text_copy(to, size, path);
	return here ? text_format(to, size, "%s/%s", here, path) : -errno;
}

static void set_config(struct source_watch *watch, const char *config_path)
{
	char file[PATH_MAX] = "", directory[PATH_MAX + sizeof(".d")];
	const char *own[] = { file, directory };

	if (make_absolute(config_path, file, sizeof(file)) < 0)
		return;
	(void)text_format(directory, sizeof(directory), "%s.d", file);
	set(&watch->files[FILES_CONFIG], own, ARRAY_SIZE(own));
}

void source_watch_renew(struct source_watch *watch, const char *config_path,
			const struct source *sources, size_t n_sources)
{
	const char *declared[FILE_WATCH_PATHS_MAX];
	char beside[FILE_WATCH_PATHS_MAX - SOURCES_MAX][PROJECT_PATH_SIZE];
	size_t n = 0, n_beside = 0;

	set_config(watch, config_path);
	for (size_t i = 0; i < n_sources; i++) {
		const struct source *source = &sources[i];

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
	set(&watch->files[FILES_DECLARED], declared, n);
}
