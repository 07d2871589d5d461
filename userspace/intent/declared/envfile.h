/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docker compose's env_file and .env, which is neither a shell's file nor docker run's --env-file.
 * Pure.
 *
 * Mailu, mailcow and docker-mailserver are started by compose, so compose's rules are the ones
 * here, as the program itself shows them (tests/interop/test_compose.sh):
 *  - KEY=VALUE or KEY: VALUE, one a line; blank lines and lines that begin with '#' do not count; a
 *    byte order mark and CR before LF are dropped; "export " before the key is allowed; the last of
 *    several wins;
 *  - blanks around key and unquoted value are dropped, and so is a comment behind " #";
 *  - 'single' and "double" quotes may go over several lines; both know the backslash before the
 *    quote, and the double ones \a \b \f \n \r \t \v \\ \$ and octal \0 besides;
 *  - KEY alone takes its value from compose's own environment; where that does not have it, it is
 *    unset, with a warning. (docker run --env-file keeps quotes, blanks and comments as part of the
 *    value.)
 * ${VARIABLES} are filled in, but in single quotes: from compose's own environment first, then from
 * the lines above; what neither has is empty, with a warning. A key that is said twice with
 * different values is a warning, too.
 *
 * What compose refuses as a whole file is a warning here, its line is left out, and the rest is
 * read: containers that run have what it said before. No value is ever part of a complaint. */
#ifndef ENVFILE_H
#define ENVFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/complaints.h"
#include "intent/declared/interpolate.h"

#define ENVFILE_VARIABLES_MAX 1024	  /* more are ignored, with a warning */
#define ENVFILE_ROOM	      (64 * 1024) /* for what is filled in, beside the text itself */

struct envfile_variable {
	const char *key; /* the strings are in the file's own room */
	const char *value;
	const char *written; /* as it was before variables were filled in: for people to see */
	const char *path;    /* the file that says it, and where */
	unsigned int line;
	bool shell_differs; /* a shell that sources the file would take another value, or none */
};

struct envfile { /* zeroed is empty */
	char *room;
	size_t n, size; /* of its bytes */
	struct envfile_variable *list;
	size_t n_list;
};

/* Reads the @size bytes of @text, which end with a NUL behind them; @path is what the variables are
 * said by. @lookup: compose's own environment; NULL: not known. Returns 0, -EINVAL with an error in
 * @complaints (a NUL byte is in the text), or -ENOMEM; *@ret is untouched on failure. The caller
 * releases it with envfile_clear(), which wipes it: it may hold passwords. */
int envfile_parse_within(const char *text, size_t size, const char *path,
			 interpolate_lookup *lookup, const void *userdata, struct envfile *ret,
			 struct complaints *complaints);

/* The same, without an environment. */
int envfile_parse(const char *text, size_t size, const char *path, struct envfile *ret,
		  struct complaints *complaints);

/* The environment of a process, as the kernel shows it: "KEY=VALUE\0KEY=VALUE\0", taken as it is;
 * the line is the number of the entry. Returns 0 or -ENOMEM. */
int envfile_parse_environ(const char *text, size_t size, const char *path, struct envfile *ret);

/* Makes *@ret empty, with room for @size bytes of strings. Returns 0 or -ENOMEM. */
int envfile_new(size_t size, struct envfile *ret);

/* Adds a copy of @variable, which wins over those before it. Returns 0, or -E2BIG: no room. */
int envfile_add(struct envfile *file, const struct envfile_variable *variable);

/* Takes every one called @key out. */
void envfile_remove(struct envfile *file, const char *key);

void envfile_clear(struct envfile *file);

/* @part of the value, for people to see; not what was filled in, which may be anybody's secret. */
const char *envfile_quotable(const struct envfile_variable *variable, const char *part);

/* The last one called @key, or NULL when it is unset (an empty value is set). */
const struct envfile_variable *envfile_find(const struct envfile *file, const char *key);

/* The same as an interpolate_lookup; @file: a struct envfile. */
const char *envfile_lookup(const char *name, size_t n, const void *file);

#endif
