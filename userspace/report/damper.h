/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps an incident that changes again and again from filling the journal: about ten records of one
 * in an hour, and fewer that say the same; of the others the last one is said when the hour is
 * over. Pure. */
#ifndef DAMPER_H
#define DAMPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

#define DAMPER_SAID_MAX	   8 /* records of all kinds, in one window: then no more changes */
#define DAMPER_SAME_MAX	   3 /* changes to what was said last */
#define DAMPER_WINDOW_USEC UINT64_C(3600000000)
#define DAMPER_INCIDENTS_MAX \
	64 /* that are followed; the one longest silent makes room, and begins anew */

struct damped {
	struct record record; /* the last change that came; its incident is the key */
	struct {
		char service[SERVICE_NAME_SIZE];
		enum finding finding;
		enum cause cause;
	} said;		     /* by the last change that was said */
	uint64_t since_usec; /* the window */
	unsigned int n;	     /* records that were said in it */
	unsigned int n_same; /* changes, to what was said before */
	bool is_pending;     /* @record was not said */
};

struct damper { /* zeroed is a valid start */
	struct damped list[DAMPER_INCIDENTS_MAX];
	size_t n; /* of these */
};

/* Whether @record is to be said now. Kinds other than incident-changed always are; the end of an
 * incident ends what was pending of it. */
bool damper_admit(struct damper *damper, const struct record *record, uint64_t now_usec);

/* The next pending record that is to be said by now, or NULL. It lasts until the next call. */
const struct record *damper_due(struct damper *damper, uint64_t now_usec);

/* When damper_due() has one; UINT64_MAX: never. */
uint64_t damper_deadline(const struct damper *damper);

#endif
