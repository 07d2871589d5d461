/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a kernel test waits for an event: in time, not in turns of poll(), which returns at once again and
 * again while others on this machine make events. */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* @usual, unless HEARKEN_PATIENCE_MS says; run-matrix.sh: emulated CPUs stall. */
static inline int patience_ms(int usual)
{
	const char *slower = getenv("HEARKEN_PATIENCE_MS");

	return slower ? atoi(slower) : usual;
}

static inline int64_t patience_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
