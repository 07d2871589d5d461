// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/discover_docker.h"

#include "base/text.h"
#include "intent/declared/docker_containers.h"

struct looking {
	const char *root;
	struct discovery *discovery;
};

/* A container that somebody has stopped still tells where its project lies; one that runs tells it
 * louder. */
static void take_container(const json_t *container, const char *path, const char *why,
			   void *userdata)
{
	const struct looking *looking = userdata;
	struct discovery *discovery = looking->discovery;
	const char *directory = docker_label(container, "com.docker.compose.project.working_dir");
	char found[SOURCE_WHY_SIZE];

	if (!container)
		(void)text_format(discovery->unreadable, sizeof(discovery->unreadable), "%s: %s",
				  path, why);
	if (directory[0] != '/')
		return;
	(void)text_format(found, sizeof(found),
			  "directory of compose project %.60s, whose container %.60s %s",
			  docker_label(container, "com.docker.compose.project"),
			  docker_name(container),
			  docker_is_running(container) ? "runs" : "is stopped");
	text_sanitize(found);
	discovery_look(discovery, looking->root, directory, found);
}

int discover_docker(const char *root, struct discovery *discovery)
{
	struct looking looking = { root, discovery };

	return docker_containers_each(root, take_container, &looking);
}
