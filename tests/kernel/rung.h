/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a better hook must be had (run-matrix.sh), it is not enough that the next one serves. */
#ifndef RUNG_H
#define RUNG_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline bool rung_is_right(const char *rung)
{
	const char *expected = getenv("HEARKEN_RUNG");

	printf("# hook: %s\n", rung);
	if (!expected || strcmp(expected, rung) == 0)
		return true;
	printf("not ok - the hook is %s, and %s must be had here\n", rung, expected);
	return false;
}

#endif
