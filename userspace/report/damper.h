/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps an incident that changes again and again from filling the journal: so many changes of one
 * service's incident are said in a minute; of the others the last one is, when the minute is over.
 * Pure. */
#ifndef DAMPER_H
#define DAMPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

#define DAMPER_SAID_MAX	   8 /* changes, in one window */
#define DAMPER_WINDOW_USEC UINT64_C(60000000)
#define DAMPER_SERVICES_MAX \
	64 /* that are followed; the one longest silent makes room, and begins anew */

struct damped {
	struct record record; /* the last one that came; its incident and service are the key */
	uint64_t since_usec;  /* the window */
	unsigned int n;	      /* that came in it */
	bool is_pending;      /* @record was not said */
};

struct damper { /* zeroed is a valid start */
	struct damped list[DAMPER_SERVICES_MAX];
	size_t n; /* of these; no alert goes by way of the others */
};

/* Whether @record is to be said now. Kinds other than incident-changed always are, and end what was
 * pending of their service. */
bool damper_admit(struct damper *damper, const struct record *record, uint64_t now_usec);

/* The next pending record that is to be said by now, or NULL. It lasts until the next call. */
const struct record *damper_due(struct damper *damper, uint64_t now_usec);

/* When damper_due() has one; UINT64_MAX: never. */
uint64_t damper_deadline(const struct damper *damper);

#endif
