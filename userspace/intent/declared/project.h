/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The compose project that an env file belongs to: which files docker compose would read there,
 * what they say, and what the product's container is told by all of them. Reads files.
 *
 * The files are, from the strongest word on: COMPOSE_FILE in .env; those that the project's
 * containers were started with, by their labels, where these have other names than compose looks
 * for; compose.yaml and its brothers with their override. Where there is none in the env file's
 * directory, it is looked for above, as compose does, and counts when it names the env file. What
 * the shell that starts compose has is not known here. */
#ifndef PROJECT_H
#define PROJECT_H

#include "base/complaints.h"
#include "intent/declared/compose.h"
#include "intent/declared/envfile.h"

#define PROJECT_PATH_SIZE 512
#define PROJECT_FILES_MAX 16 /* that a project names; more are not read, with a warning */

struct project { /* zeroed is empty */
	char directory[PROJECT_PATH_SIZE];
	struct compose *compose;    /* NULL: there is none, or it cannot be read */
	struct envfile dotenv;	    /* what compose fills variables in from */
	const struct envfile *file; /* likewise, and stronger; borrowed, NULL: there is none */
};

/* Which service of a project is the product's: by its image, its name, and who is given the env
 * file. */
struct project_sign {
	const char *image; /* the last part of it: "nginx" */
	const char *name;  /* "front" */
};

/* @path: the env file. @file: what it says, where compose takes its variables from it (mailcow's is
 * a link called .env); else NULL. @root: what to put before the place where docker keeps its
 * containers; "" but in tests. What cannot be read is said in @complaints. Returns 0 or -ENOMEM;
 * the caller releases *@ret with project_clear(). */
int project_read(const char *root, const char *path, const struct envfile *file,
		 struct project *ret, struct complaints *complaints);
void project_clear(struct project *project);

/* Its variables, as an interpolate_lookup; @project: a struct project. */
const char *project_lookup(const char *name, size_t n, const void *project);

/* The product's service; NULL when none is. */
const struct compose_service *project_service(const struct project *project, const char *path,
					      const struct project_sign *sign);

/* What compose gives the container of @service (NULL: there is none): its env files in their order,
 * and its "environment" over them. @path, with @text of @size bytes, is among them, or else comes
 * first. Returns as envfile_parse(). */
int project_environment(const struct project *project, const struct compose_service *service,
			const char *path, const char *text, size_t size, struct envfile *ret,
			struct complaints *complaints);

/* The files beside @path that would be read, there or not: up to @max of them into @to. Returns how
 * many. */
size_t project_files(const char *path, char (*to)[PROJECT_PATH_SIZE], size_t max);

#endif
