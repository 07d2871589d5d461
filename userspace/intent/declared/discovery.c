// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/discovery.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "intent/declared/product_files.h"

bool discovery_has(const struct discovery *discovery, enum source_kind kind, bool is_environ)
{
	for (size_t i = 0; i < discovery->n; i++)
		if (discovery->list[i].kind == kind && discovery->list[i].is_environ == is_environ)
			return true;
	return false;
}

void discovery_add(struct discovery *discovery, const struct candidate *candidate)
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

static void look(struct discovery *discovery, const struct product_file *product, const char *root,
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
	discovery_add(discovery, &candidate);
}

void discovery_look(struct discovery *discovery, const char *root, const char *directory,
		    const char *why)
{
	for (size_t i = 0; i < n_product_files; i++)
		look(discovery, &product_files[i], root, directory, why);
}

/* The same directory may have two names (/root/mailu and a link to it): one of each kind is enough
 * here. */
void discovery_look_in_places(struct discovery *discovery, const char *root)
{
	for (size_t i = 0; i < n_product_files; i++)
		for (size_t j = 0; j < PRODUCT_PLACES_MAX && product_files[i].places[j]; j++)
			if (!discovery_has(discovery, product_files[i].kind, false))
				look(discovery, &product_files[i], root, product_files[i].places[j],
				     "it is there");
}
