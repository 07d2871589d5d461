// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/status_file.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "report/pulse.h"

#define STATUS_MAX_BYTES (16 * 1024 * 1024)
#define STAT_MAX_BYTES	 4096

/* A process that is there and does not run: stopped by a signal or a debugger. One that cannot be
 * seen from here is taken to run, its pulse was felt. */
static bool is_stopped(pid_t pid)
{
	cleanup(memory_freep) char *text = NULL;
	const char *behind;
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/%d/stat", pid);
	if (pid <= 0 || file_read(path, STAT_MAX_BYTES, &text, NULL) < 0)
		return false;
	behind = strrchr(text, ')'); /* the name before it may hold anything */
	return behind && behind[1] == ' ' && strchr("Tt", behind[2]);
}

/* Whether somebody keeps @path true, whose content is @status. Returns false with a sentence. */
static bool is_kept(const char *path, const json_t *status, char why[static STATUS_WHY_SIZE])
{
	pid_t pid = (pid_t)json_integer_value(json_object_get(status, "pid"));
	int r = pulse_ask(path);

	if (r == -ESRCH)
		(void)text_format(
			why, STATUS_WHY_SIZE,
			"nobody keeps %s true: the daemon has ended or cannot write it; is "
			"hearken.service running, and the disk full?",
			path);
	else if (r < 0)
		(void)text_format(why, STATUS_WHY_SIZE,
				  "whether anybody keeps %s true cannot be told: %s", path,
				  strerror(-r));
	else if (is_stopped(pid))
		(void)text_format(why, STATUS_WHY_SIZE,
				  "the daemon (pid %d) is stopped, so nothing is watched: \"kill "
				  "-CONT %d\" lets it go on",
				  pid, pid);
	return r >= 0 && !is_stopped(pid);
}

int status_file_read(const char *config, json_t **ret, char why[static STATUS_WHY_SIZE])
{
	cleanup(memory_freep) char *text = NULL;
	char path[CONFIG_PATH_SIZE];
	size_t size;
	int r;

	*ret = NULL;
	config_load_status(config, path);
	r = file_read(path, STATUS_MAX_BYTES, &text, &size);
	if (r < 0) {
		(void)text_format(why, STATUS_WHY_SIZE,
				  "no daemon keeps %s (%s): is hearken.service running?", path,
				  strerror(-r));
		return r;
	}
	*ret = json_loadb(text, size, 0, NULL);
	return is_kept(path, *ret, why) ? 0 : -ESRCH;
}
