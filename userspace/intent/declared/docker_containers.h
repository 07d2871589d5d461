/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What docker keeps of its containers on disk (config.v2.json), and what the labels that compose
 * gave them tell. Reads files. */
#ifndef DOCKER_CONTAINERS_H
#define DOCKER_CONTAINERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define DOCKER_CONTAINERS_MAX	 256 /* that are looked at */
#define DOCKER_FILE_MAX		 (1024 * 1024)
#define DOCKER_CONFIG_FILES_SIZE 4096

/* @container: NULL: @path cannot be read, for the reason @why. */
typedef void docker_container(const json_t *container, const char *path, const char *why,
			      void *userdata);

/* Calls @use for each. @root: what to put before the path; "" but in tests. Returns 0 or -ENOMEM.
 */
int docker_containers_each(const char *root, docker_container *use, void *userdata);

const char *docker_label(const json_t *container, const char *label); /* "" when it has it not */
const char *docker_name(const json_t *container); /* without the "/" that docker puts before it */
bool docker_is_running(const json_t *container);

/* The compose files, commas between them, with which the containers of the project in @directory
 * were started; empty: no container is of it. Returns 0 or -ENOMEM. */
int docker_config_files(const char *root, const char *directory,
			char to[static DOCKER_CONFIG_FILES_SIZE]);

#endif
