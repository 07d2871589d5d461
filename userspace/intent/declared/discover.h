/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "sources = auto", as far as files of products go: what is on this host, and why we think so.
 *
 * Looked at, each with a bound: the places where the products' own manuals put their files; the
 * working directories of the compose projects that docker's containers belong to (labels in
 * config.v2.json); and the environment of processes in containers (for those whose file nobody
 * finds: podman, Kubernetes, another directory). What cannot be read is told, and the rest counts.
 */
#ifndef DISCOVER_H
#define DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "intent/declared/envfile.h"
#include "model/source.h"

#define DISCOVER_MAX		8 /* candidates of all kinds; more are not taken */
#define DISCOVER_PROCESSES_MAX	32768
#define DISCOVER_CONTAINERS_MAX 128 /* whose environment is read, by one process each */
#define DISCOVER_ENVIRON_MAX	(128 * 1024)

struct candidate {
	enum source_kind kind;
	char path[SOURCE_PATH_SIZE]; /* the file; or /proc/PID/environ */
	char why[SOURCE_WHY_SIZE];
	bool is_environ; /* the words of a running container, not of a file */
};

struct discovery { /* zeroed is empty */
	struct candidate list[DISCOVER_MAX];
	size_t n;
	char unreadable[SOURCE_WHY_SIZE]; /* what could not be looked at, a clause; empty: all could
					   */
};

/* @root: what to put before every path; "" but in tests. Returns 0 or -ENOMEM; *@ret is always
 * whole. */
int discover(const char *root, struct discovery *ret);

/* "/mailu, /opt/mailu": where a file of this kind is looked for; and the first of these with its
 * name. */
void discover_places(enum source_kind kind, char to[static SOURCE_WHY_SIZE]);
void discover_first(enum source_kind kind, char to[static SOURCE_PATH_SIZE]);

/* ---- for discover_docker.c and discover_processes.c ---- */

/* The file of a product, in @directory, where it is there. */
void discover_directory(struct discovery *discovery, const char *root, const char *directory,
			const char *why);

/* Which product was given these variables; -1: none that we know. */
int discover_product(const struct envfile *variables);

void discover_add(struct discovery *discovery, const struct candidate *candidate);
bool discover_has(const struct discovery *discovery, enum source_kind kind, bool is_environ);
int discover_docker(const char *root, struct discovery *discovery);
int discover_processes(const char *root, struct discovery *discovery);

#endif
