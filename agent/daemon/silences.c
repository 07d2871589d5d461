// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/silences.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_watch.h"
#include "base/log.h"
#include "base/text.h"

#define FILE_NAME_SIZE 256

struct silences {
	struct core *core;
	const struct config *config;
	silences_say *say;
	void *userdata;
	struct file_watch *watch;
	sd_event_source *source;
	struct silence list[SILENCES_MAX];
	size_t n;
};

static uint64_t now_sec(const struct silences *silences)
{
	return core_now(silences->core).real_usec / USEC_PER_SEC;
}

static bool is_file(const char *name)
{
	size_t n = strlen(name);

	return *name != '.' && n > strlen(".conf") && n < FILE_NAME_SIZE &&
	       strcmp(name + n - strlen(".conf"), ".conf") == 0;
}

/* Reads one; what ended is removed, what is wrong is said and left. */
static bool read_one(const struct silences *silences, const char *path, struct silence *ret)
{
	cleanup(memory_freep) char *text = NULL;
	char why[SILENCE_TEXT_SIZE];
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    file_read(path, SILENCE_FILE_MAX, &text, NULL) < 0)
		return false;
	if (silence_parse(text, (uint64_t)st.st_mtim.tv_sec, ret, why, sizeof(why)) < 0) {
		(void)log_warning(0, "%s silences nobody: %s", path, why);
		return false;
	}
	if (ret->until_sec > now_sec(silences))
		return true;
	(void)unlink(path);
	return false;
}

static size_t read_all(const struct silences *silences, struct silence list[SILENCES_MAX])
{
	char directory[PATH_MAX], path[PATH_MAX + FILE_NAME_SIZE];
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	if (text_format(directory, sizeof(directory), "%s/" SILENCE_DIRECTORY,
			silences->config->state) < 0)
		return 0;
	dir = opendir(directory);
	while (dir && n < SILENCES_MAX && (entry = readdir(dir))) {
		(void)text_format(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (is_file(entry->d_name) && read_one(silences, path, &list[n]))
			n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

static bool has(const struct silence *list, size_t n, const struct silence *silence)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].target, silence->target) == 0 &&
		    list[i].until_sec == silence->until_sec)
			return true;
	return false;
}

/* Those of @list that are not among @others. */
static void say_those(const struct silences *silences, bool begin, const struct silence *list,
		      size_t n, const struct silence *others, size_t n_others)
{
	for (size_t i = 0; i < n; i++) {
		struct record record = { .kind = RECORD_SILENCED };

		if (has(others, n_others, &list[i]))
			continue;
		if (begin)
			silence_tell(&list[i], record.detail, sizeof(record.detail));
		else
			(void)text_format(record.detail, sizeof(record.detail), "no longer %s",
					  list[i].target);
		silences->say(&record, silences->userdata);
	}
}

static void plan(struct silences *silences)
{
	struct moment now = core_now(silences->core);
	uint64_t next = USEC_NEVER;

	for (size_t i = 0; i < silences->n; i++) {
		uint64_t until = silences->list[i].until_sec * USEC_PER_SEC;
		uint64_t at = now.usec + (until > now.real_usec ? until - now.real_usec : 0);

		next = at < next ? at : next;
	}
	timers_set(core_timers(silences->core), TIMER_SILENCES, next);
}

static void tell_judge(struct silences *silences)
{
	const struct service_set *services = core_services(silences->core);

	for (size_t i = 0; i < services->n; i++) {
		struct fact fact = core_fact(silences->core, FACT_SILENCE, i);
		struct judge_view view;

		judge_view(core_judge(silences->core), i, &view);
		fact.silence.begins = silences_of(silences, &services->list[i]) != NULL;
		if (fact.silence.begins != view.silenced)
			(void)core_post(silences->core, &fact);
	}
}

void silences_look(struct silences *silences)
{
	struct silence before[SILENCES_MAX];
	size_t n_before = silences->n;

	memcpy(before, silences->list, sizeof(before));
	silences->n = read_all(silences, silences->list);
	say_those(silences, true, silences->list, silences->n, before, n_before);
	say_those(silences, false, before, n_before, silences->list, silences->n);
	tell_judge(silences);
	plan(silences);
}

const struct silence *silences_of(const struct silences *silences, const struct service *service)
{
	return silences ? silence_find(silences->list, silences->n, service, now_sec(silences))
			: NULL;
}

static void on_due(void *userdata)
{
	silences_look(userdata);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct silences *silences = userdata;

	if (file_watch_read(silences->watch) != 0)
		silences_look(silences);
	return 0;
}

/* Without a watch they are read at each slow look. */
static int watch_directory(struct silences *silences)
{
	char directory[PATH_MAX];
	const char *paths[] = { directory };
	int r = text_format(directory, sizeof(directory), "%s/" SILENCE_DIRECTORY,
			    silences->config->state);

	if (r >= 0 && mkdir(directory, 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r >= 0)
		r = file_watch_new(&silences->watch);
	if (r >= 0)
		r = file_watch_set(silences->watch, paths, ARRAY_SIZE(paths));
	if (r >= 0)
		r = sd_event_add_io(core_event(silences->core), &silences->source,
				    file_watch_fd(silences->watch), EPOLLIN, on_readable, silences);
	return r;
}

int silences_new(struct core *core, const struct config *config, silences_say *say, void *userdata,
		 struct silences **ret)
{
	struct silences *silences = calloc(1, sizeof(*silences));
	int r;

	if (!silences)
		return -ENOMEM;
	silences->core = core;
	silences->config = config;
	silences->say = say;
	silences->userdata = userdata;
	timers_handle(core_timers(core), TIMER_SILENCES, 0, on_due, silences);
	r = watch_directory(silences);
	if (r < 0)
		(void)log_warning(r, "Silences in %s are not seen at once", config->state);
	*ret = silences;
	return 0;
}

void silences_free(struct silences *silences)
{
	if (!silences)
		return;
	sd_event_source_disable_unref(silences->source);
	file_watch_free(silences->watch);
	free(silences);
}
