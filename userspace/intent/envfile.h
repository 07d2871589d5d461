/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docker compose's env_file, which is neither a shell's file nor docker run's --env-file. Pure.
 *
 * Mailu, mailcow and docker-mailserver are started by compose, so compose's rules are the ones here:
 *  - KEY=VALUE, one a line; blank lines and lines that begin with '#' do not count; a byte order mark and
 *    CR before LF are dropped; "export " before the key is allowed; the last of several wins;
 *  - blanks around key and unquoted value are dropped, and so is a comment behind " #";
 *  - 'single quotes' keep everything as it is; "double quotes" know \n \r \t \\ \" \$;
 *  - KEY alone takes its value from compose's own environment, which we cannot see: a warning, unset.
 * (docker run --env-file keeps quotes, blanks and comments as part of the value.) ${VARIABLES} are not
 * filled in: their values are not in the file. A value that has one is kept as written, with a warning.
 * A quoted value over several lines is not understood: a warning, and the variable counts as unset. */
#ifndef ENVFILE_H
#define ENVFILE_H

#include <stddef.h>

#include "complaints.h"

#define ENVFILE_VARIABLES_MAX 1024 /* more are ignored, with a warning */

struct envfile_variable {
	const char *key; /* all in the file's own copy of the text */
	const char *value;
	unsigned int line;
};

struct envfile { /* zeroed is empty */
	char *text;
	struct envfile_variable *list;
	size_t n;
};

/* Reads @text; @path is only for the complaints, all of them warnings. Returns 0 or -ENOMEM, with *@ret
 * untouched; the caller releases it with envfile_clear(). */
int envfile_parse(const char *text, const char *path, struct envfile *ret, struct complaints *complaints);
void envfile_clear(struct envfile *file);

/* The last one called @key, or NULL when it is unset (an empty value is set). */
const struct envfile_variable *envfile_find(const struct envfile *file, const char *key);

#endif
