/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as records and the status file write them, "2026-11-27T09:03:12Z". Pure. */
#ifndef TIMES_H
#define TIMES_H

#include <stdint.h>

#define TIMES_AGO_SIZE	 64
#define TIMES_SHOWN_SIZE 32

/* Of time(2); -1: it is no time. A fraction of the second is left out. */
int64_t times_read(const char *text);

/* "2026-11-27 09:03:12.123", for a table: without the letters; "?" where it is no time. */
void times_show(const char *text, char to[static TIMES_SHOWN_SIZE]);

/* " (4 min 2 s)", how long before @now it was; "" where that is not known. */
void times_ago(const char *text, int64_t now, char to[static TIMES_AGO_SIZE]);

#endif
