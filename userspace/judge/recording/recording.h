/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a judge was told and what it did, as lines of JSON from which another judge can do the same:
 * on another machine, with other clocks. Pure: who calls says where lines go.
 *
 * "kind" says what a line is:
 *
 *	begin		recording (RECORDING_VERSION), hearken (who wrote it), at, judge (policy,
 *seed, counts), and how many lines of the next three kinds belong to it incident	place,
 *incident: one that is open, or was budget		what was spent on repairs of one target
 *	service		one that is expected, and with begin its watch: all that is held of it
 *	set		policy, and how many service lines follow: others are expected from now on
 *	fact		fact (its kind), at, service (its place in the set), and its fields
 *	did		what followed from the fact before: actions, and what its service is now; no
 *line where nothing did
 *
 * "at" is [CLOCK_MONOTONIC, CLOCK_REALTIME] in microseconds. A file may hold several recordings,
 *each with its own begin: of a daemon that was started again, or whose file was full. */
#ifndef RECORDING_H
#define RECORDING_H

#include <jansson.h>

#include "judge/judge.h"

#define RECORDING_VERSION  1
#define RECORDING_LINE_MAX (256 * 1024) /* bytes; longer ones are of nobody that we know */

struct recording_sink {
	int (*line)(const json_t *line, void *userdata); /* 0 or -errno, which ends it */
	void *userdata;
};

/* All that the judge holds: what follows can be replayed from here on. @by: the version that
 * writes. Returns 0, -ENOMEM, or what the sink returned; so do the others. */
int recording_put_state(const struct judge *judge, const char *by, struct moment now,
			const struct recording_sink *sink);

/* The judge has taken another set. */
int recording_put_set(const struct judge *judge, struct moment now,
		      const struct recording_sink *sink);

/* Before the judge is told of it: a fact that it does not survive is the one to be kept. */
int recording_put_fact(const struct judge *judge, const struct fact *fact, struct moment now,
		       const struct recording_sink *sink);

/* What is held of a fact's service, as far as others can see it. */
struct recording_state {
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	enum repair_state repair;
	char incident[INCIDENT_ID_SIZE];
	uint64_t since_usec;
	uint64_t downtime_usec;
};

void recording_state(const struct judge *judge, const struct fact *fact, struct moment now,
		     struct recording_state *ret);

/* What the judge did: the did line, or json_null() where nothing follows. @before: the state before
 * it was told. NULL: memory is short. */
json_t *recording_did(const struct judge *judge, const struct fact *fact, struct moment now,
		      const struct recording_state *before, const struct actions *actions);

/* It names an incident, not a service. */
bool recording_is_result(const struct fact *fact);

#endif
