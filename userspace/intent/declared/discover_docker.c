// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/discover.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define CONTAINERS  "/var/lib/docker/containers"
#define WORKING_DIR "com.docker.compose.project.working_dir"
#define PROJECT	    "com.docker.compose.project"

static const char *text_at(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* A container that somebody has stopped still tells where its project lies; one that runs tells it
 * louder. */
static void take_container(struct discovery *discovery, const char *root, const json_t *container)
{
	const json_t *labels = json_object_get(json_object_get(container, "Config"), "Labels");
	const char *directory = text_at(labels, WORKING_DIR), *name = text_at(container, "Name");
	bool runs = json_is_true(json_object_get(json_object_get(container, "State"), "Running"));
	char why[SOURCE_WHY_SIZE];

	if (directory[0] != '/')
		return;
	(void)text_format(why, sizeof(why),
			  "directory of compose project %.60s, whose container %.60s %s",
			  text_at(labels, PROJECT), *name == '/' ? name + 1 : name,
			  runs ? "runs" : "is stopped");
	text_sanitize(why);
	discover_directory(discovery, root, directory, why);
}

static int read_container(struct discovery *discovery, const char *root, const char *path)
{
	cleanup(memory_freep) char *text = NULL;
	cleanup(json_decrefp) json_t *container = NULL;
	size_t size;
	int r = file_read(path, DISCOVER_DOCKER_FILE_MAX, &text, &size);

	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || r == -ENOTDIR)
		return 0; /* removed meanwhile */
	if (r >= 0)
		container = json_loadb(text, size, 0, NULL);
	if (!container) {
		(void)text_format(discovery->unreadable, sizeof(discovery->unreadable), "%s: %s",
				  path, r < 0 ? strerror(-r) : "is no JSON");
		return 0;
	}
	take_container(discovery, root, container);
	return 0;
}

int discover_docker(const char *root, struct discovery *discovery)
{
	char path[SOURCE_PATH_SIZE];
	cleanup(directory_closep) DIR *directory = NULL;
	const struct dirent *entry;
	size_t n = 0;

	(void)text_format(path, sizeof(path), "%s" CONTAINERS, root);
	directory = opendir(path);
	if (!directory) {
		/* Whoever may not look there has no business with docker; but it is told. */
		if (errno == EACCES)
			(void)text_format(discovery->unreadable, sizeof(discovery->unreadable),
					  "%s: %s", path, strerror(EACCES));
		return errno == ENOMEM ? -ENOMEM : 0;
	}
	while (n < DISCOVER_DOCKER_MAX && (entry = readdir(directory))) {
		int r;

		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (text_format(path, sizeof(path), "%s" CONTAINERS "/%s/config.v2.json", root,
				entry->d_name) < 0)
			continue;
		r = read_container(discovery, root, path);
		if (r < 0)
			return r;
	}
	return 0;
}
