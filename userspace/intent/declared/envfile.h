/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docker compose's env_file, which is neither a shell's file nor docker run's --env-file. Pure.
 *
 * Mailu, mailcow and docker-mailserver are started by compose, so compose's rules are the ones
 * here:
 *  - KEY=VALUE, one a line; blank lines and lines that begin with '#' do not count; a byte order
 * mark and CR before LF are dropped; "export " before the key is allowed; the last of several wins;
 *  - blanks around key and unquoted value are dropped, and so is a comment behind " #";
 *  - 'single quotes' keep everything as it is; "double quotes" know \n \r \t \\ \" \$;
 *  - KEY alone takes its value from compose's own environment, which we cannot see: a warning,
 * unset. (docker run --env-file keeps quotes, blanks and comments as part of the value.)
 * ${VARIABLES} are filled in from the lines above, as compose does; what is not there would come
 * from compose's own environment, so such a value is kept as written, with a warning. So has each
 * key that is said twice with different values. A quoted value over several lines is not
 * understood: a warning, and the variable counts as unset. */
#ifndef ENVFILE_H
#define ENVFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/complaints.h"

#define ENVFILE_VARIABLES_MAX 1024	  /* more are ignored, with a warning */
#define ENVFILE_FILLED_MAX    (64 * 1024) /* what does not fit is kept as written, with a warning */

struct envfile_variable {
	const char *key; /* all in the file's own copy of the text */
	const char *value;
	unsigned int line;
	bool shell_differs; /* a shell that sources the file would take another value, or none */
};

struct envfile { /* zeroed is empty */
	char *text;
	char *filled; /* values with variables filled in; ENVFILE_FILLED_MAX bytes */
	size_t n_filled;
	struct envfile_variable *list;
	size_t n;
};

/* Reads the @size bytes of @text, which end with a NUL behind them; @path is only for the
 * complaints. Returns 0, -EINVAL with an error in @complaints (a NUL byte is in the text), or
 * -ENOMEM; *@ret is untouched on failure. The caller releases it with envfile_clear(). */
int envfile_parse(const char *text, size_t size, const char *path, struct envfile *ret,
		  struct complaints *complaints);

/* The environment of a process, as the kernel shows it: "KEY=VALUE\0KEY=VALUE\0", taken as it is;
 * the line is the number of the entry. Returns 0 or -ENOMEM. */
int envfile_parse_environ(const char *text, size_t size, struct envfile *ret);
void envfile_clear(struct envfile *file);

/* The last one called @key, or NULL when it is unset (an empty value is set). */
const struct envfile_variable *envfile_find(const struct envfile *file, const char *key);

#endif
