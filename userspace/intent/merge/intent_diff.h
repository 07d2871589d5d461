/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changed between two readings of the sources, a clause a service, for people. Pure. */
#ifndef INTENT_DIFF_H
#define INTENT_DIFF_H

#include <stddef.h>

#include "model/service.h"

#define INTENT_DIFF_TEXT_SIZE 512

struct intent_change {
	const struct service *service;	  /* as it is now; as it was, when it is gone */
	char text[INTENT_DIFF_TEXT_SIZE]; /* "tls is implicit now, it was starttls" */
};

typedef void intent_changed(const struct intent_change *change, void *userdata);

/* Calls @say for each service that differs in what is expected of it; not for what was only learned
 * (its unit, what would help). Returns how many there were. */
size_t intent_diff(const struct service_set *before, const struct service_set *now,
		   intent_changed *say, void *userdata);

#endif
