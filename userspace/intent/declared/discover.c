// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/discover.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define PLACES_MAX 8
#define SIGNS_MAX  4

/* A row for each product that has a file of its own. */
static const struct product {
	enum source_kind kind;
	const char *file;
	const char *places[PLACES_MAX];
	const char *signs[SIGNS_MAX]; /* variables of its containers; one is enough */
} products[] = {
	{ SOURCE_MAILU,
	  "mailu.env",
	  { "/mailu", "/opt/mailu", "/srv/mailu", "/root/mailu", "/docker/mailu", "/data/mailu" },
	  { "TLS_FLAVOR" } },
	{ SOURCE_MAILCOW,
	  "mailcow.conf",
	  { "/opt/mailcow-dockerized", "/opt/mailcow", "/srv/mailcow-dockerized",
	    "/root/mailcow-dockerized", "/home/mailcow-dockerized", "/docker/mailcow-dockerized" },
	  { NULL } }, /* its containers are not told the ports */
	{ SOURCE_DOCKER_MAILSERVER,
	  "mailserver.env",
	  { "/opt/docker-mailserver", "/srv/docker-mailserver", "/opt/mailserver",
	    "/srv/mailserver", "/srv", "/root/docker-mailserver", "/docker/mailserver" },
	  { "ENABLE_OPENDKIM", "ENABLE_AMAVIS", "ENABLE_FAIL2BAN", "PERMIT_DOCKER" } },
};

static const struct product *find_product(enum source_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(products); i++)
		if (products[i].kind == kind)
			return &products[i];
	return NULL;
}

void discover_places(enum source_kind kind, char to[static SOURCE_WHY_SIZE])
{
	const struct product *product = find_product(kind);

	to[0] = '\0';
	for (size_t i = 0; product && i < PLACES_MAX && product->places[i]; i++)
		(void)text_append(to, SOURCE_WHY_SIZE, "%s%s", i ? ", " : "", product->places[i]);
}

void discover_first(enum source_kind kind, char to[static SOURCE_PATH_SIZE])
{
	const struct product *product = find_product(kind);

	to[0] = '\0';
	if (product)
		(void)text_format(to, SOURCE_PATH_SIZE, "%s/%s", product->places[0], product->file);
}

int discover_product(const struct envfile *variables)
{
	for (size_t i = 0; i < ARRAY_SIZE(products); i++)
		for (size_t j = 0; j < SIGNS_MAX && products[i].signs[j]; j++)
			if (envfile_find(variables, products[i].signs[j]))
				return (int)products[i].kind;
	return -1;
}

bool discover_has(const struct discovery *discovery, enum source_kind kind, bool is_environ)
{
	for (size_t i = 0; i < discovery->n; i++)
		if (discovery->list[i].kind == kind && discovery->list[i].is_environ == is_environ)
			return true;
	return false;
}

void discover_add(struct discovery *discovery, const struct candidate *candidate)
{
	for (size_t i = 0; i < discovery->n; i++)
		if (strcmp(discovery->list[i].path, candidate->path) == 0)
			return;
	if (discovery->n < DISCOVER_MAX)
		discovery->list[discovery->n++] = *candidate;
}

/* A file that is there and may not be read is a candidate too: reading it says why not. */
static bool is_there(const char *path)
{
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static void look(struct discovery *discovery, const struct product *product, const char *root,
		 const char *directory, const char *why)
{
	struct candidate candidate = { .kind = product->kind };
	size_t n = strlen(root);

	if (text_format(candidate.path, sizeof(candidate.path), "%s%s/%s", root, directory,
			product->file) < 0 ||
	    !is_there(candidate.path))
		return;
	memmove(candidate.path, candidate.path + n, strlen(candidate.path + n) + 1);
	(void)text_copy(candidate.why, sizeof(candidate.why), why);
	discover_add(discovery, &candidate);
}

void discover_directory(struct discovery *discovery, const char *root, const char *directory,
			const char *why)
{
	for (size_t i = 0; i < ARRAY_SIZE(products); i++)
		look(discovery, &products[i], root, directory, why);
}

/* The same directory may have two names (/root/mailu and a link to it): one of each kind is enough
 * here. */
static void look_in_places(struct discovery *discovery, const char *root)
{
	for (size_t i = 0; i < ARRAY_SIZE(products); i++)
		for (size_t j = 0; j < PLACES_MAX && products[i].places[j]; j++)
			if (!discover_has(discovery, products[i].kind, false))
				look(discovery, &products[i], root, products[i].places[j],
				     "it is there");
}

int discover(const char *root, struct discovery *ret)
{
	int r;

	*ret = (struct discovery){ 0 };
	/* What runs tells more than what lies about. */
	r = discover_docker(root, ret);
	if (r >= 0)
		r = discover_processes(root, ret);
	look_in_places(ret, root);
	return r;
}
