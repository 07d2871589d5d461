/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a service was lost of late: what comes and goes is one outage, and needs longer to be
 * believed. Private to judge/; pure. */
#ifndef FALLS_H
#define FALLS_H

#include <stddef.h>
#include <stdint.h>

#include "judge/policy.h"
#include "model/finding.h"

#define FALLS_MAX 16 /* that are remembered; the oldest go first */

struct fall {
	uint64_t at_usec;
	uint64_t lived_usec; /* since it was back from the one before; 0: not known */
};

struct falls { /* zeroed is empty */
	struct fall list[FALLS_MAX];
	size_t n;
};

void falls_add(struct falls *falls, uint64_t at_usec, uint64_t lived_usec);

/* Of those within the policy's window. */
size_t falls_count(const struct policy *policy, const struct falls *falls, uint64_t now_usec);

/* For how long it must serve until that is believed: some seconds, and longer than it was between
 * two falls where there were many. */
uint64_t falls_hold(const struct policy *policy, const struct falls *falls, uint64_t now_usec);

/* Appends to @detail (RECORD_DETAIL_SIZE) that it comes and goes, where it does. */
void falls_say(const struct policy *policy, const struct falls *falls, enum cause cause,
	       uint64_t now_usec, char *detail);

#endif
