/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files a pattern names below a directory that may be another's root: glob(3), which knows no
 * root. Private to intent/. */
#ifndef INCLUDE_GLOB_H
#define INCLUDE_GLOB_H

#define INCLUDE_GLOB_ENTRIES_MAX 4096 /* of one directory; more are not looked at */

/* Calls @take with each path below @root that fits the absolute @pattern ("*", "?" and "[]" in any
 * of its parts; a leading dot is only for a dot), sorted, and is done when that returns less than
 * 0. A pattern without any of these is taken as it is, whether there is such a file or not. Nothing
 * leads out of @root. Returns 0, -ENOMEM, -ENAMETOOLONG, or what @take returned. */
int include_glob(int root, const char *pattern, int (*take)(void *userdata, const char *path),
		 void *userdata);

#endif
