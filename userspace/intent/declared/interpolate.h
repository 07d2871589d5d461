/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ${VARIABLES} as docker compose fills them in: $X, ${X}, ${X:-else}, ${X-else}, ${X:+instead},
 * ${X+instead},
 * ${X:?why}, ${X?why}, and $$ for one $. With a colon, an empty value counts as unset. Pure. */
#ifndef INTERPOLATE_H
#define INTERPOLATE_H

#include <stddef.h>

#define INTERPOLATE_NAME_SIZE 64
#define INTERPOLATE_DEPTH_MAX 8 /* of defaults within defaults */

/* The value of the @n bytes at @name, or NULL when it is unset. */
typedef const char *interpolate_lookup(const char *name, size_t n, const void *userdata);

/* @unknown: the first variable that is unset where nothing says what to take instead (it counts as
 * empty); empty when there is none. Returns 0, -EINVAL (a brace that does not close, no name, too
 * deep), or -E2BIG;
 * @to is then of no meaning. */
int interpolate(const char *s, interpolate_lookup *lookup, const void *userdata, char *to,
		size_t size, char unknown[static INTERPOLATE_NAME_SIZE]);

#endif
