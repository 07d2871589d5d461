/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How patient the judge is, and how far it may go: all that can be tuned, in one struct. Pure. */
#ifndef POLICY_H
#define POLICY_H

#include <stdint.h>

#include "model/record.h"

struct policy {
	enum rung repair; /* the highest that is allowed; RUNG_NONE: repair is off */
	unsigned int repair_limit;
	uint64_t repair_window_usec;
	uint64_t probe_interval_usec;
	uint64_t probe_jitter_usec;	/* at most so much later, by chance; 0: never */
	uint64_t reload_grace_usec;	/* for closed-by-owner, and for addresses that differ */
	uint64_t restart_grace_usec;	/* for an owner that left by itself */
	uint64_t container_grace_usec;	/* for a container that is started anew */
	uint64_t container_word_usec;	/* until its runtime has said who ended it, at the most */
	uint64_t container_settle_usec; /* in a container, until it is known whether all of it ended
					 */
	uint64_t container_memory_usec; /* how soon its next end is one of many */
	uint64_t job_grace_usec;	/* the longest a job of systemd excuses */
	uint64_t settle_usec; /* between an outage and its repair: others are still closing */
	uint64_t proof_usec;  /* how long a repair has to prove itself */
	uint64_t check_usec;  /* how long the look before it may take; also until the next, when it
				 said no */
	uint64_t bind_memory_usec;    /* how long a failed bind may explain what comes after it */
	uint64_t confirm_usec;	      /* a failed conversation is repeated once, after this */
	uint64_t hold_usec;	      /* for how long all must serve until an incident is over */
	unsigned int falls_max;	      /* so many losses ... */
	uint64_t falls_window_usec;   /* ... in this time are one that comes and goes */
	uint64_t queue_patience_usec; /* for how long nobody accepts while clients wait */
};

/* What holds where hearken.conf says nothing. */
extern const struct policy policy_default;

#endif
