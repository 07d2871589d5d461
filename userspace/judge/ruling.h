/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enters into a watch what was found, with the incident that it opens or changes. Private to
 * judge/; pure. */
#ifndef RULING_H
#define RULING_H

#include "judge/state.h"

/* Enters a finding: opens an incident, or changes the one that is open. */
void ruling_find(struct judge *judge, size_t service, enum finding finding, enum cause cause,
		 const char *detail, struct moment now, struct actions *actions);

/* The grace is over, or there was none: the listener is missing. */
void ruling_missing(struct judge *judge, size_t service, struct moment now,
		    struct actions *actions);

/* Somebody listens, but not everywhere, or not who should. */
void ruling_misplaced(struct judge *judge, size_t service, struct moment now,
		      struct actions *actions);

/* Another holds the port, and who should have it was refused. */
void ruling_taken(struct judge *judge, size_t service, struct moment now, struct actions *actions);

#endif
