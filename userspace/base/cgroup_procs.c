// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/cgroup_procs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define CGROUPS_MAX_BYTES (64 * 1024)
#define MOUNTS_MAX_BYTES  (4 * 1024 * 1024)
#define LINE_SIZE	  (2 * PATH_MAX)
#define MOUNT_FIELDS	  5 /* proc(5): the mount point is the fifth */

/* "" is version 2's name for its one hierarchy. */
static const char *const joined[] = { "", "devices", "memory", "pids", "cpu", "name=systemd" };

_Static_assert(ARRAY_SIZE(joined) == CGROUP_PROCS_MAX, "one file for each");

/* Whether @word is one of the comma-separated @list. */
static bool is_in(const char *word, const char *list)
{
	size_t n = strlen(word);

	for (;;) {
		size_t end = strcspn(list, ",");

		if (end == n && memcmp(list, word, n) == 0)
			return true;
		if (!list[end])
			return false;
		list += end + 1;
	}
}

/* The path in the line of @text ("4:memory,x:/a/b") whose hierarchy has @controller. */
static bool find_cgroup(const char *text, const char *controller, char to[static PATH_MAX])
{
	cleanup(memory_freep) char *line = malloc(LINE_SIZE);

	while (line && text_line(&text, line, LINE_SIZE)) {
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		if (is_in(controller, list + 1))
			return text_copy(to, PATH_MAX, path) == 0;
	}
	return false;
}

/* mountinfo has blanks and backslashes as "\040". */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; to++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to = *s++;
		}
	}
	*to = '\0';
}

/* Of a line of mountinfo, cut in place: "ID PARENT DEV ROOT POINT OPTIONS [TAG...] - TYPE SOURCE
 * OPTIONS". False when it is no mount of the hierarchy that has @controller. */
static bool parse_mount(char *line, const char *controller, char **ret_root, char **ret_point)
{
	char *rest = strstr(line, " - "), *fields[MOUNT_FIELDS], *type, *options;

	if (!rest)
		return false;
	*rest = '\0';
	rest += strlen(" - ");
	for (size_t i = 0; i < MOUNT_FIELDS; i++) {
		fields[i] = text_word(&line);
		if (!fields[i])
			return false;
	}
	type = text_word(&rest);
	(void)text_word(&rest); /* the source */
	options = text_word(&rest);
	if (!type || !options || strcmp(type, *controller ? "cgroup" : "cgroup2") != 0 ||
	    (*controller && !is_in(controller, options)))
		return false;
	*ret_root = fields[3];
	*ret_point = fields[4];
	unescape(*ret_root);
	unescape(*ret_point);
	return true;
}

/* Where @path of the hierarchy lies below a mount of @root; NULL when it does not. */
static const char *below(const char *path, const char *root)
{
	const char *rest = strcmp(root, "/") == 0 ? path : text_after(path, root);

	/* Relative to a cgroup namespace, which it lies out of: the names above are not known. */
	if (!rest || text_starts_with(path, "/..") || (*rest && *rest != '/'))
		return NULL;
	return strcmp(rest, "/") == 0 ? "" : rest;
}

static int find_path(const char *mounts, const char *controller, const char *path,
		     char to[static PATH_MAX])
{
	cleanup(memory_freep) char *line = malloc(LINE_SIZE);

	if (!line)
		return -ENOMEM;
	while (text_line(&mounts, line, LINE_SIZE)) {
		char *root, *point;
		const char *rest;

		if (!parse_mount(line, controller, &root, &point))
			continue;
		rest = below(path, root);
		if (rest)
			return text_format(to, PATH_MAX, "%s%s/cgroup.procs", point, rest);
	}
	return -EXDEV;
}

static bool is_deleted(const char *path)
{
	static const char mark[] = " (deleted)";
	size_t n = strlen(path);

	return n >= sizeof(mark) && strcmp(path + n - (sizeof(mark) - 1), mark) == 0;
}

int cgroup_procs_paths(const char *mounts, const char *ours, const char *theirs,
		       char ret[static CGROUP_PROCS_MAX][PATH_MAX])
{
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(joined); i++) {
		char here[PATH_MAX], there[PATH_MAX];
		bool same = false;
		int r;

		if (!find_cgroup(theirs, joined[i], there) ||
		    (find_cgroup(ours, joined[i], here) && strcmp(here, there) == 0))
			continue;
		if (is_deleted(there))
			return -ESRCH;
		r = find_path(mounts, joined[i], there, ret[n]);
		if (r < 0)
			return r;
		for (int k = 0; k < n; k++) /* memory and cpu may be one hierarchy */
			same |= strcmp(ret[k], ret[n]) == 0;
		n += !same;
	}
	return n;
}

static int read_proc(const char *name, pid_t pid, size_t max, char **ret)
{
	char path[64];
	int r;

	if (pid)
		(void)text_format(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	else
		(void)text_format(path, sizeof(path), "/proc/self/%s", name);
	r = file_read(path, max, ret, NULL);
	return r == -ENOENT ? -ESRCH : r;
}

int cgroup_procs_open(pid_t pid, struct cgroup_procs *ret)
{
	cleanup(memory_freep) char *mounts = NULL, *ours = NULL, *theirs = NULL;
	cleanup(memory_freep) char(*paths)[PATH_MAX] = calloc(CGROUP_PROCS_MAX, sizeof(*paths));
	struct cgroup_procs procs = { .n = 0 };
	int n, r = paths ? 0 : -ENOMEM;

	if (r >= 0)
		r = read_proc("mountinfo", 0, MOUNTS_MAX_BYTES, &mounts);
	if (r >= 0)
		r = read_proc("cgroup", 0, CGROUPS_MAX_BYTES, &ours);
	if (r >= 0)
		r = read_proc("cgroup", pid, CGROUPS_MAX_BYTES, &theirs);
	if (r < 0)
		return r;
	n = cgroup_procs_paths(mounts, ours, theirs, paths);
	if (n < 0)
		return n;
	for (; procs.n < (size_t)n; procs.n++) {
		procs.fds[procs.n] = open(paths[procs.n], O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (procs.fds[procs.n] < 0) {
			r = errno == ENOENT || errno == ENODEV ? -ESRCH : -errno;
			cgroup_procs_close(&procs);
			return r;
		}
	}
	*ret = procs;
	return 0;
}

void cgroup_procs_close(struct cgroup_procs *procs)
{
	while (procs->n > 0)
		(void)close(procs->fds[--procs->n]);
}
