// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/docker_containers.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define CONTAINERS "/var/lib/docker/containers"
#define PATH_SIZE  512

static const char *text_at(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

const char *docker_label(const json_t *container, const char *label)
{
	return text_at(json_object_get(json_object_get(container, "Config"), "Labels"), label);
}

const char *docker_name(const json_t *container)
{
	const char *name = text_at(container, "Name");

	return *name == '/' ? name + 1 : name;
}

bool docker_is_running(const json_t *container)
{
	return json_is_true(json_object_get(json_object_get(container, "State"), "Running"));
}

static int read_container(const char *path, docker_container *use, void *userdata)
{
	cleanup(memory_freep) char *text = NULL;
	cleanup(json_decrefp) json_t *container = NULL;
	size_t size;
	int r = file_read(path, DOCKER_FILE_MAX, &text, &size);

	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || r == -ENOTDIR)
		return 0; /* removed meanwhile */
	if (r >= 0)
		container = json_loadb(text, size, 0, NULL);
	use(container, path, r < 0 ? strerror(-r) : "is no JSON", userdata);
	return 0;
}

int docker_containers_each(const char *root, docker_container *use, void *userdata)
{
	char path[PATH_SIZE];
	cleanup(directory_closep) DIR *directory = NULL;
	const struct dirent *entry;
	size_t n = 0;

	(void)text_format(path, sizeof(path), "%s" CONTAINERS, root);
	directory = opendir(path);
	if (!directory) {
		/* Whoever may not look there has no business with docker; but it is told. */
		if (errno == EACCES)
			use(NULL, path, strerror(EACCES), userdata);
		return errno == ENOMEM ? -ENOMEM : 0;
	}
	while (n < DOCKER_CONTAINERS_MAX && (entry = readdir(directory))) {
		int r;

		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (text_format(path, sizeof(path), "%s" CONTAINERS "/%s/config.v2.json", root,
				entry->d_name) < 0)
			continue;
		r = read_container(path, use, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}

struct looking {
	const char *directory;
	char *files;
};

/* What runs has the newest. */
static void take_files(const json_t *container, const char *path, const char *why, void *userdata)
{
	const struct looking *looking = userdata;

	if (container &&
	    strcmp(docker_label(container, "com.docker.compose.project.working_dir"),
		   looking->directory) == 0 &&
	    (!*looking->files || docker_is_running(container)))
		(void)text_copy(looking->files, DOCKER_CONFIG_FILES_SIZE,
				docker_label(container, "com.docker.compose.project.config_files"));
}

int docker_config_files(const char *root, const char *directory,
			char to[static DOCKER_CONFIG_FILES_SIZE])
{
	struct looking looking = { .directory = directory, .files = to };

	*to = '\0';
	return *directory ? docker_containers_each(root, take_files, &looking) : 0;
}
