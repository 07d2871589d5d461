/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A round asks one service from every vantage, and gives the judge one answer. Here is what keeps
 * Hearken quiet: one conversation at a time with an address and port, so many at a time with a
 * server however many ports it has, and a pause between two of them; who may not start yet waits
 * its turn.
 *
 * Where a conversation met silence, one more tries whether a PROXY protocol header helps: seldom,
 * and beside the round, whose outcome does not wait for it. The injection check follows an inside
 * conversation that got as far as TLS, and the round waits for it, unless a recovery is being
 * proven. */
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/daemon/injection.h"
#include "model/answers.h"
#include "model/service.h"
#include "probe/wire/plan.h"

struct daemon;

#define ROUNDS_TALKS_MAX	48 /* conversations at a time, less than the prober can hold */
#define ROUNDS_SERVER_TALKS_MAX 4  /* with one server; one look ("check") is in more of a hurry */
#define ROUNDS_RECENT_MAX	256

#define ROUND_INJECTION (UINT32_C(1) << VANTAGE_COUNT)

enum sight { SIGHT_INSIDE, SIGHT_PUBLISHED, SIGHT_COUNT };

struct round { /* of one service; zeroed is a valid start */
	bool is_open;
	uint32_t asked, waiting, under_way; /* 1 << enum vantage; ROUND_INJECTION */
	struct address addresses[VANTAGE_COUNT];
	struct answers answers; /* those of the last round, until those of this one come */
	bool answered;		/* whether @combined means something */
	struct answer combined;
	struct header_trial {
		enum proxy_header learned; /* without being told: it talks only behind this one */
		unsigned int tries;	   /* in vain, since it last talked */
		uint64_t tried_usec;	   /* meaningful only while tries > 0 */
	} trials[SIGHT_COUNT];
	struct injection injection;
};

struct destination { /* where connections go */
	uint32_t netns;
	uint16_t port;
	struct address address;
};

struct rounds {
	struct talk { /* free while its id is 0 */
		uint64_t id;
		uint64_t generation; /* of the service set that @service is of */
		size_t service;
		enum vantage vantage;
		enum proxy_header header;
		bool is_trial;
		enum probe_check check;
		struct destination place;
		char server[UNIT_NAME_SIZE];
	} talks[ROUNDS_TALKS_MAX];
	struct recent {
		struct destination place;
		uint64_t started_usec;
	} recent[ROUNDS_RECENT_MAX];
	uint64_t last_id;
	uint64_t next_usec; /* when somebody who waits may start; USEC_NEVER */
	bool is_starting;
};

/* Opens a round for service @i. Its answer becomes a fact, perhaps before this returns. */
void rounds_ask(struct daemon *daemon, size_t i);

/* Starts whatever may start by now. To be called at rounds.next_usec. */
void rounds_go_on(struct daemon *daemon);

/* Starts a prober that answers to the rounds. What another one before it was asked and has not
 * answered, it is asked again. Returns 0, or -errno and the old one goes on. */
int rounds_start_prober(struct daemon *daemon, const char *ca_file);

/* The round of a service that goes on in another set: what was learned, without what is under way.
 */
struct round rounds_move(const struct round *round);

#endif
