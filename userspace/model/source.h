/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A place where somebody said what should be served, and what became of reading it. */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/complaints.h"
#include "model/service.h"

#define SOURCES_MAX	 16
#define SOURCE_PATH_SIZE 512
#define SOURCE_WHY_SIZE	 256

enum source_state {
	SOURCE_READ,
	SOURCE_ABSENT, /* looked for, not there: no fault when found by "auto" */
	SOURCE_BROKEN, /* there, but it says nothing: its complaints tell why */
};

struct source {
	enum source_kind kind;
	char path[SOURCE_PATH_SIZE];
	enum source_state state;
	char why[SOURCE_WHY_SIZE]; /* how it was found, or where it was looked for; empty:
				      hearken.conf lists it */
	struct complaints complaints;
};

const char *source_state_name(enum source_state state); /* "read", "absent", "broken" */

#endif
