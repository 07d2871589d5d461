/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers: what their runtime calls them, and where they live now. No runtime is asked: names
 * are read from the files that it keeps, places from /proc. */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "model/listener.h"

#define CONTAINER_NAMES_MAX  32 /* remembered; the oldest are forgotten */
#define CONTAINER_PREFIX_MIN 4	/* digits of an id that may stand for it */
#define CONTAINER_PATH_SIZE  64

struct container_names { /* zeroed is empty */
	struct {
		char id[CONTAINER_ID_SIZE];
		char name[CONTAINER_NAME_SIZE];
	} list[CONTAINER_NAMES_MAX];
	size_t n; /* ever */
};

/* What docker, podman or the kubelet (POD_NAMESPACE_CONTAINER) call the container @id; "" when none
 * of them left it readable. Files are looked for below @root ("" but in tests), until there is a
 * name; that is remembered. */
void container_name(struct container_names *names, const char *root, const char *id,
		    char to[static CONTAINER_NAME_SIZE]);

struct container_place {
	pid_t pid;			/* its oldest process */
	uint32_t netns;			/* of that */
	char path[CONTAINER_PATH_SIZE]; /* that leads there */
	char id[CONTAINER_ID_SIZE];
	char name[CONTAINER_NAME_SIZE];
};

/* Finds the container that @word names: its name, its id, or the beginning of its id. Looks through
 * @root/proc once. Returns 0, -ESRCH (no process of such a container), -ENOTUNIQ (it might be
 * several), -EACCES (it is there, and is not ours to look into) or -errno (/proc cannot be read).
 */
int container_find(struct container_names *names, const char *root, const char *word,
		   struct container_place *ret);

/* Whether @word names the container with this @id and @name: 2 wholly, 1 by the beginning of its
 * id. Pure. */
int container_is(const char *word, const char *id, const char *name);

#endif
