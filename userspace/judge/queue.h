/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether anybody takes clients out of the accept queues. Pure.
 *
 * Each of three witnesses may say that somebody does: an accept was counted; a queue is shorter
 * than at the look before; more clients came than the queue grew by. Only a queue that had clients
 * in it at every look of a whole patience, while all three were silent, stands still. A full one
 * that still drains is a server that is slow, and alive. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>

#include "model/fact.h"
#include "model/record.h"

struct policy;

/* Looks without a sign of life, after the first: a machine that slept, and its servers with it, is
 * not judged by the clock alone. */
#define QUEUE_LOOKS_MIN 4

struct queue_track {	    /* one queue that had clients in it at the last look */
	struct queue then;  /* when the wait began */
	uint32_t queued;    /* at the last look */
	unsigned int looks; /* since then */
	uint64_t since_usec;
};

struct queue_tracks { /* zeroed is empty */
	struct queue_track list[FACT_QUEUES_MAX];
	size_t n;
};

/* Takes one look at the @n queues of a service. True: one of them stands still, *@ret_since_usec is
 * since when, and @detail (RECORD_DETAIL_SIZE) says it. */
bool queues_stand(const struct policy *policy, struct queue_tracks *tracks,
		  const struct queue *queues, size_t n, uint64_t now_usec, uint64_t *ret_since_usec,
		  char *detail);

#endif
