/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the products' own manuals put the file that is theirs, and how their containers are told
 * apart. */
#ifndef PRODUCT_FILES_H
#define PRODUCT_FILES_H

#include <stddef.h>

#include "intent/declared/envfile.h"
#include "model/source.h"

#define PRODUCT_PLACES_MAX 8
#define PRODUCT_SIGNS_MAX  4

struct product_file { /* a row for each product that has a file of its own */
	enum source_kind kind;
	const char *file;
	const char *places[PRODUCT_PLACES_MAX];
	const char *signs[PRODUCT_SIGNS_MAX]; /* variables of its containers; one is enough */
};
extern const struct product_file product_files[];
extern const size_t n_product_files;

/* "/mailu, /opt/mailu": where a file of this kind is looked for; and the first of these with its
 * name. */
void product_file_places(enum source_kind kind, char to[static SOURCE_WHY_SIZE]);
void product_file_first(enum source_kind kind, char to[static SOURCE_PATH_SIZE]);

/* Which product was given these variables; -1: none that we know. */
int product_file_of(const struct envfile *variables);

#endif
