// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/state_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define REPAIRS_MAX_BYTES (1024 * 1024)

int state_directory_lock(const char *directory, int *ret_fd, pid_t *ret_pid)
{
	cleanup(fd_closep) int fd = -1;
	char path[PATH_MAX], pid[16] = "";
	uint64_t value = 0;
	ssize_t n;
	int r = file_make_directory(directory, 0755);

	if (r < 0)
		return r;
	if (text_format(path, sizeof(path), "%s/lock", directory) < 0)
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* Whoever can open a file can lock it, and keep us out. */
	if (fd < 0 || fchmod(fd, 0600) < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return -errno;
		n = pread(fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		(void)text_u64(text_trim(pid), INT32_MAX, &value);
		*ret_pid = (pid_t)value;
		return -EBUSY;
	}
	(void)text_format(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int take_budget(json_t *item, struct budgets *budgets)
{
	json_t *times = json_object_get(item, "times");
	const char *target = json_string_value(json_object_get(item, "target"));
	struct budget *budget;
	size_t i;
	json_t *time;

	if (!target || strlen(target) >= BUDGET_TARGET_SIZE || !json_is_array(times))
		return -EBADMSG;
	budget = budgets_of(budgets, target);
	json_array_foreach(times, i, time)
	{
		if (!json_is_integer(time) || json_integer_value(time) < 0)
			return -EBADMSG;
		budget_spend(budget, (uint64_t)json_integer_value(time));
	}
	return 0;
}

int state_directory_load_budgets(const char *directory, struct budgets *ret)
{
	cleanup(memory_freep) char *text = NULL;
	cleanup(json_decrefp) json_t *root = NULL;
	struct budgets budgets = { 0 };
	char path[PATH_MAX];
	size_t size, i;
	json_t *item;
	int r;

	if (text_format(path, sizeof(path), "%s/repairs.json", directory) < 0)
		return -ENAMETOOLONG;
	r = file_read(path, REPAIRS_MAX_BYTES, &text, &size);
	if (r == -ENOENT) {
		*ret = budgets;
		return 0;
	}
	if (r < 0)
		return r;
	root = json_loadb(text, size, 0, NULL);
	if (!json_is_array(root))
		return -EBADMSG;
	json_array_foreach(root, i, item)
	{
		r = take_budget(item, &budgets);
		if (r < 0)
			return r;
	}
	*ret = budgets;
	return 0;
}

int state_directory_save_budgets(const char *directory, const struct budgets *budgets)
{
	cleanup(json_decrefp) json_t *root = json_array();
	cleanup(memory_freep) char *text = NULL;
	char path[PATH_MAX];

	if (text_format(path, sizeof(path), "%s/repairs.json", directory) < 0)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < budgets->n; i++) {
		const struct budget *budget = &budgets->list[i];
		json_t *times = json_array();

		for (size_t j = 0; j < budget->n; j++)
			json_array_append_new(times,
					      json_integer((json_int_t)budget->times_usec[j]));
		json_array_append_new(
			root, json_pack("{s:s, s:o}", "target", budget->target, "times", times));
	}
	text = json_dumps(root, JSON_INDENT(1));
	if (!text)
		return -ENOMEM;
	return file_replace(path, text, strlen(text), 0644);
}

void state_directory_set_aside(const char *directory, const char *name, const char *why)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r = 0;

	if (text_format(from, sizeof(from), "%s/%s", directory, name) < 0 ||
	    text_format(to, sizeof(to), "%s.unread", from) < 0)
		r = -ENAMETOOLONG;
	else if (rename(from, to) < 0)
		r = -errno;
	(void)log_warning(r, "%s/%s cannot be used (%s): what it held is not known%s", directory,
			  name, why, r < 0 ? "" : ", and it is kept with .unread at its end");
}
