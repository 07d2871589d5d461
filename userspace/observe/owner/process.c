// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/owner/process.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define NSEC_PER_SEC	  UINT64_C(1000000000)
#define START_FIELD	  22 /* of stat, proc(5) */
#define FIELDS_OF_COMMAND 2  /* that and all before it end at the last parenthesis */

int process_parse_start(const char *stat, uint64_t *ret_ticks)
{
	const char *end = strrchr(stat, ')');
	char fields[512], *cursor = fields, *word = NULL;

	if (!end || text_copy(fields, sizeof(fields), end + 1) == -EINVAL)
		return -EINVAL;
	for (int i = FIELDS_OF_COMMAND; i < START_FIELD; i++) {
		word = text_word(&cursor);
		if (!word)
			return -EINVAL;
	}
	return text_u64(word, UINT64_MAX, ret_ticks) < 0 ? -EINVAL : 0;
}

int process_start(const char *proc, pid_t pid, uint64_t *ret_ticks)
{
	cleanup(memory_freep) char *text = NULL;
	char path[PATH_MAX];
	int r = text_format(path, sizeof(path), "%s/%d/stat", proc, pid);

	if (r >= 0)
		r = file_read(path, PROCESS_FILE_MAX, &text, NULL);
	return r < 0 ? r : process_parse_start(text, ret_ticks);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

bool process_is(pid_t pid, uint64_t started_ns)
{
	uint64_t tick_ns = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK), ticks, since_boot_ns;
	uint64_t suspended_ns = clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);

	if (process_start("/proc", pid, &ticks) < 0)
		return false;
	since_boot_ns = ticks * tick_ns; /* rounded down */
	/* Nobody tells how much of the suspended time came before it started. */
	return since_boot_ns + 2 * tick_ns > started_ns &&
	       since_boot_ns < started_ns + suspended_ns + 2 * tick_ns;
}

int process_cgroups(const char *proc, pid_t pid, char **ret)
{
	char path[PATH_MAX];
	int r = text_format(path, sizeof(path), "%s/%d/cgroup", proc, pid);

	return r < 0 ? r : file_read(path, PROCESS_FILE_MAX, ret, NULL);
}

/* Pure: of the text of /proc/self/status, whether the pid there is the only one: one for each
 * namespace from that of /proc down to ours. */
static bool is_in_own_namespace(const char *status)
{
	const char *line = strstr(status, "\nNSpid:");
	char words[128], *cursor = words;

	if (!line)
		return false;
	(void)text_format(words, sizeof(words), "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
	return text_word(&cursor) && text_word(&cursor) && !text_word(&cursor);
}

uint32_t process_pid_namespace(const char *proc)
{
	cleanup(memory_freep) char *status = NULL;
	char path[PATH_MAX];
	bool is_own;
	struct stat st;

	(void)text_format(path, sizeof(path), "%s/self/status", proc);
	if (file_read(path, PROCESS_FILE_MAX, &status, NULL) < 0)
		return 0; /* we are not in it */
	is_own = is_in_own_namespace(status);
	/* Else it is that of its first process, if that is ours to look at. */
	(void)text_format(path, sizeof(path), "%s/%s/ns/pid", proc, is_own ? "self" : "1");
	return stat(path, &st) < 0 ? 0 : (uint32_t)st.st_ino;
}

bool process_is_inside(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) < 0 || st.st_ino != PROCESS_INITIAL_NAMESPACE;
}

int process_netns(const char *proc, pid_t pid, uint32_t *ret)
{
	char path[PATH_MAX];
	struct stat st;
	int r = text_format(path, sizeof(path), "%s/%d/ns/net", proc, pid);

	if (r < 0)
		return r;
	if (stat(path, &st) < 0)
		return -errno;
	*ret = (uint32_t)st.st_ino;
	return 0;
}
