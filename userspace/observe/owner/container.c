// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/owner/container.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "observe/owner/cgroup_path.h"
#include "observe/owner/process.h"

#define DOCKER_FILE_MAX (1024 * 1024)
#define PODMAN_FILE_MAX (8 * 1024 * 1024) /* one file for all containers */
#define LOG_LINKS_MAX	65536
#define FOUND_MAX	1024 /* containers on one host that are told apart */

static json_t *read_json(const char *path, size_t max)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size;

	return file_read(path, max, &text, &size) < 0 ? NULL : json_loadb(text, size, 0, NULL);
}

/* /var/lib/docker/containers/ID/config.v2.json: {"Name": "/mailu-front-1", ...} */
static void ask_docker(const char *root, const char *id, char *to)
{
	cleanup(json_decrefp) json_t *config = NULL;
	char path[PATH_MAX];
	const char *name;

	if (text_format(path, sizeof(path), "%s/var/lib/docker/containers/%s/config.v2.json", root,
			id) < 0)
		return;
	config = read_json(path, DOCKER_FILE_MAX);
	name = json_string_value(json_object_get(config, "Name"));
	if (name)
		(void)text_copy(to, CONTAINER_NAME_SIZE, name + (*name == '/'));
}

/* containers/storage, of podman and CRI-O: [{"id": ..., "names": ["front"], ...}, ...] */
static void ask_podman(const char *root, const char *id, char *to)
{
	static const char *const files[] = { "containers.json", "volatile-containers.json" };

	for (size_t k = 0; k < ARRAY_SIZE(files) && !*to; k++) {
		cleanup(json_decrefp) json_t *list = NULL;
		char path[PATH_MAX];
		json_t *one;
		size_t i;

		if (text_format(path, sizeof(path),
				"%s/var/lib/containers/storage/overlay-containers/%s", root,
				files[k]) < 0)
			return;
		list = read_json(path, PODMAN_FILE_MAX);
		json_array_foreach(list, i, one)
		{
			const char *its_id = json_string_value(json_object_get(one, "id"));
			const char *name =
				json_string_value(json_array_get(json_object_get(one, "names"), 0));

			if (its_id && name && strcmp(its_id, id) == 0)
				(void)text_copy(to, CONTAINER_NAME_SIZE, name);
		}
	}
}

/* The kubelet keeps /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log. */
static void ask_kubelet(const char *root, const char *id, char *to)
{
	cleanup(directory_closep) DIR *dir = NULL;
	char path[PATH_MAX], tail[CONTAINER_ID_SIZE + 8];
	struct dirent *entry;

	if (text_format(path, sizeof(path), "%s/var/log/containers", root) < 0)
		return;
	(void)text_format(tail, sizeof(tail), "-%s.log", id);
	dir = opendir(path);
	for (int i = 0; dir && i < LOG_LINKS_MAX && (entry = readdir(dir)); i++) {
		size_t n = strlen(entry->d_name), end = strlen(tail);

		if (n <= end || strcmp(entry->d_name + n - end, tail) != 0)
			continue;
		(void)text_format(to, CONTAINER_NAME_SIZE, "%.*s", (int)(n - end), entry->d_name);
		return;
	}
}

void container_name(struct container_names *names, const char *root, const char *id,
		    char to[static CONTAINER_NAME_SIZE])
{
	size_t known = names->n < CONTAINER_NAMES_MAX ? names->n : CONTAINER_NAMES_MAX, i;

	*to = '\0';
	if (!cgroup_is_container_id(id))
		return; /* it is the name, and no path to be looked for */
	for (i = 0; i < known; i++) {
		if (strcmp(names->list[i].id, id) == 0) {
			memcpy(to, names->list[i].name, CONTAINER_NAME_SIZE);
			return;
		}
	}
	ask_docker(root, id, to);
	if (!*to)
		ask_podman(root, id, to);
	if (!*to)
		ask_kubelet(root, id, to);
	text_sanitize(to);
	if (!*to)
		return; /* the kubelet names a container a moment after its start */
	i = names->n++ % CONTAINER_NAMES_MAX;
	(void)text_copy(names->list[i].id, CONTAINER_ID_SIZE, id);
	memset(names->list[i].name, 0, CONTAINER_NAME_SIZE);
	(void)text_copy(names->list[i].name, CONTAINER_NAME_SIZE, to);
}

int container_is(const char *word, const char *id, const char *name)
{
	if (!*word || !*id)
		return 0;
	if (strcmp(word, id) == 0 || strcmp(word, name) == 0)
		return 2;
	return strlen(word) >= CONTAINER_PREFIX_MIN && cgroup_is_container_id(id) &&
	       text_starts_with(id, word);
}

struct found {
	char id[CONTAINER_ID_SIZE];
	int rank;	      /* as container_is() */
	uint64_t start_ticks; /* of its oldest process */
	pid_t pid;
	uint32_t netns;
};

struct search {
	struct container_names *names;
	const char *root, *word;
	char proc[PATH_MAX];
	struct found *list; /* FOUND_MAX */
	size_t n;
	bool denied; /* a process of it was there, and we may not see where it lives */
};

static struct found *find_entry(struct search *search, const char *id)
{
	char name[CONTAINER_NAME_SIZE];
	struct found *found;

	for (size_t i = search->n; i-- > 0;)
		if (strcmp(search->list[i].id, id) == 0)
			return &search->list[i];
	if (search->n == FOUND_MAX)
		return NULL;
	found = &search->list[search->n++];
	(void)text_copy(found->id, sizeof(found->id), id);
	container_name(search->names, search->root, id, name);
	found->rank = container_is(search->word, id, name);
	return found;
}

/* A process that vanishes meanwhile, or whose pid becomes another's, is passed over. */
static void look_at(struct search *search, pid_t pid)
{
	cleanup(memory_freep) char *cgroups = NULL;
	uint64_t start_ticks, again_ticks;
	struct found *found;
	struct owner owner;
	uint32_t netns;
	int r;

	if (process_start(search->proc, pid, &start_ticks) < 0 ||
	    process_cgroups(search->proc, pid, &cgroups) < 0)
		return;
	cgroup_lines_parse(cgroups, &owner);
	found = *owner.container ? find_entry(search, owner.container) : NULL;
	if (!found || !found->rank || (found->pid && found->start_ticks <= start_ticks))
		return;
	r = process_netns(search->proc, pid, &netns);
	search->denied |= r == -EACCES || r == -EPERM;
	if (r < 0 || process_start(search->proc, pid, &again_ticks) < 0 ||
	    again_ticks != start_ticks)
		return;
	found->pid = pid;
	found->start_ticks = start_ticks;
	found->netns = netns;
}

static int choose(const struct search *search, const struct found **ret)
{
	const struct found *best = NULL;
	bool several = false;

	for (size_t i = 0; i < search->n; i++) {
		const struct found *found = &search->list[i];

		if (!found->pid || (best && found->rank < best->rank))
			continue;
		several = best && found->rank == best->rank;
		best = found;
	}
	if (!best)
		return search->denied ? -EACCES : -ESRCH;
	*ret = best;
	return several ? -ENOTUNIQ : 0;
}

int container_find(struct container_names *names, const char *root, const char *word,
		   struct container_place *ret)
{
	cleanup(memory_freep) struct found *list = calloc(FOUND_MAX, sizeof(*list));
	struct search search = { .names = names, .root = root, .word = word, .list = list };
	cleanup(directory_closep) DIR *dir = NULL;
	const struct found *found;
	struct dirent *entry;
	int r;

	if (!list)
		return -ENOMEM;
	r = text_format(search.proc, sizeof(search.proc), "%s/proc", root);
	if (r < 0)
		return r;
	dir = opendir(search.proc);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			look_at(&search, atoi(entry->d_name));
	r = choose(&search, &found);
	if (r == -ESRCH)
		names->n = 0; /* it may have been renamed: ask anew next time */
	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->pid = found->pid;
	ret->netns = found->netns;
	memcpy(ret->id, found->id, sizeof(ret->id));
	container_name(names, root, ret->id, ret->name);
	return text_format(ret->path, sizeof(ret->path), "/proc/%d/ns/net", ret->pid);
}
