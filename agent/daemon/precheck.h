/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of expectations: the look before a repair. The sources are read anew, and what the server's
 * own configuration says then decides whether a reload or restart could bring the port back. */
#ifndef PRECHECK_H
#define PRECHECK_H

#include "agent/daemon/core.h"
#include "intent/merge/intent.h"

#define PRECHECKS_MAX 8 /* at a time */

struct prechecks {					 /* zeroed: none is under way */
	char incidents[PRECHECKS_MAX][INCIDENT_ID_SIZE]; /* empty: free */
};

/* Remembers who asked. False: there are too many, and this one is not looked at; the judge asks
 * again. */
bool prechecks_add(struct prechecks *prechecks, const char *incident);

/* The sources have been read, and say @intent: answers each with a FACT_CHECKED. */
void prechecks_finish(struct prechecks *prechecks, struct core *core, const struct intent *intent);

/* Whether @service can be brought back by a repair; @detail says why not. */
bool precheck_fits(const struct intent *intent, const struct service *service, char *detail,
		   size_t size);

#endif
