/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file of a compose project while it is read, and the further ones that it names. */
#ifndef COMPOSE_READING_H
#define COMPOSE_READING_H

#include "intent/declared/compose_model.h"
#include "intent/declared/compose_yaml.h"

/* Where other files come from. */
struct compose_reader {
	/* The whole file with a NUL behind it, which the caller frees. Returns 0 or -errno. */
	int (*read)(const char *path, char **ret, size_t *ret_size, void *userdata);
	void *userdata;
};

struct compose_reading {
	struct compose_document document;
	const char *directory; /* what paths in it are relative to */
	const struct compose_reader *reader;
	struct compose *compose;
	size_t *files;	    /* that may still be read */
	unsigned int depth; /* of files within each other */
};

/* Where @path of the file leads to. Returns 0 or -E2BIG. */
int compose_resolve(const struct compose_reading *reading, const char *path,
		    char to[static COMPOSE_FILE_SIZE]);

/* Reads a further file by the reader. Returns 0 with its text, which the caller frees; -EINVAL,
 * complained about; or -ENOMEM. @what: who asks for it, for the complaint. */
int compose_read_other(const struct compose_reading *reading, const char *path, const char *what,
		       char **ret, size_t *ret_size);

#endif
