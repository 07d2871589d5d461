// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/discover_processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/cgroup_user.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/declared/product_files.h"

#define CGROUP_MAX  4096
#define COMMAND_MAX 64

/* How the cgroup of a container's process is recognised. */
static const char *const container_signs[] = { "docker",     "libpod",	    "kubepods",
					       "containerd", "lxc.payload", "machine.slice" };

struct seen { /* containers that were asked; one process of each is enough */
	uint64_t cgroups[DISCOVER_CONTAINERS_MAX];
	size_t n;
};

/* FNV-1a: enough to tell the names of containers apart. */
static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h;
}

static bool is_new(struct seen *seen, const char *cgroup)
{
	uint64_t h = hash(cgroup);

	for (size_t i = 0; i < seen->n; i++)
		if (seen->cgroups[i] == h)
			return false;
	if (seen->n == DISCOVER_CONTAINERS_MAX)
		return false;
	seen->cgroups[seen->n++] = h;
	return true;
}

/* Whether a line of @cgroups lies in a container that is no user's own: of those anybody may make
 * as many as he likes, with whatever in their environment. */
static bool is_in_container(const char *cgroups)
{
	while (*cgroups) {
		size_t n = strcspn(cgroups, "\n");

		for (size_t i = 0; i < ARRAY_SIZE(container_signs); i++) {
			const char *sign =
				memmem(cgroups, n, container_signs[i], strlen(container_signs[i]));

			if (sign && !cgroup_is_users(cgroups, (size_t)(sign - cgroups)))
				return true;
		}
		cgroups += n + (cgroups[n] == '\n');
	}
	return false;
}

/* Whether the process is the first that we see of its container. */
static bool is_of_new_container(const char *root, const char *pid, struct seen *seen)
{
	cleanup(memory_freep) char *cgroup = NULL;
	char path[SOURCE_PATH_SIZE];

	(void)text_format(path, sizeof(path), "%s/proc/%.20s/cgroup", root, pid);
	if (file_read(path, CGROUP_MAX, &cgroup, NULL) < 0)
		return false;
	return is_in_container(cgroup) && is_new(seen, cgroup);
}

static int ask(const char *root, const char *pid, struct discovery *discovery)
{
	cleanup(memory_freep) char *text = NULL, *command = NULL;
	cleanup(envfile_clear) struct envfile variables = { 0 };
	struct candidate candidate = { .is_environ = true };
	char path[SOURCE_PATH_SIZE];
	size_t size;
	int kind, r;

	(void)text_format(path, sizeof(path), "%s/proc/%.20s/environ", root, pid);
	r = file_read(path, DISCOVER_ENVIRON_MAX, &text, &size);
	if (r == -EACCES || r == -EPERM)
		(void)text_format(
			discovery->unreadable, sizeof(discovery->unreadable),
			"the environment of containers' processes (process %.20s, for one): %s",
			pid, strerror(-r));
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = envfile_parse_environ(text, size, path, &variables);
	if (r < 0)
		return r;
	kind = product_file_of(&variables);
	if (kind < 0 || discovery_has(discovery, (enum source_kind)kind, true))
		return 0;
	candidate.kind = (enum source_kind)kind;
	(void)text_format(candidate.path, sizeof(candidate.path), "/proc/%.20s/environ", pid);
	(void)text_format(path, sizeof(path), "%s/proc/%.20s/comm", root, pid);
	if (file_read(path, COMMAND_MAX, &command, NULL) >= 0)
		(void)text_format(candidate.why, sizeof(candidate.why),
				  "environment of %.40s (pid %.20s) in a container",
				  text_trim(command), pid);
	text_sanitize(candidate.why);
	discovery_add(discovery, &candidate);
	return 0;
}

int discover_processes(const char *root, struct discovery *discovery)
{
	char path[SOURCE_PATH_SIZE];
	cleanup(directory_closep) DIR *directory = NULL;
	const struct dirent *entry;
	struct seen seen = { .n = 0 };
	size_t n = 0;

	(void)text_format(path, sizeof(path), "%s/proc", root);
	directory = opendir(path);
	if (!directory)
		return 0;
	while (n < DISCOVER_PROCESSES_MAX && seen.n < DISCOVER_CONTAINERS_MAX &&
	       (entry = readdir(directory))) {
		int r;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		n++;
		if (!is_of_new_container(root, entry->d_name, &seen))
			continue;
		r = ask(root, entry->d_name, discovery);
		if (r < 0)
			return r;
	}
	return 0;
}
