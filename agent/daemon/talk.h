/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of rounds: one conversation with one address, and what keeps Hearken quiet: one at a time
 * with an address and port, so many at a time with a server however many ports it has, and a pause
 * between two of them. Pure, but for memory. */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/answers.h"
#include "model/service.h"
#include "probe/plan.h"

#define TALKS_MAX	 48 /* at a time, less than the prober can hold */
#define TALKS_RECENT_MAX 256

enum sight { SIGHT_INSIDE, SIGHT_PUBLISHED, SIGHT_COUNT };

enum sight sight_of(enum vantage vantage);

struct destination { /* where connections go */
	uint32_t netns;
	uint16_t port;
	struct address address;
};

struct talk { /* free while its id is 0 */
	uint64_t id;
	uint64_t generation; /* of the service set that @service is of */
	size_t service;
	enum vantage vantage;
	enum proxy_header header;
	bool is_trial; /* of that header */
	enum probe_check check;
	size_t name;	 /* of the server's, which it is asked by */
	bool is_further; /* than the first one */
	struct destination to;
	char server[UNIT_NAME_SIZE]; /* all ports of a unit are one */
};

struct talks {		   /* zeroed, but for @server_max, there are none */
	size_t server_max; /* with one server */
	struct talk list[TALKS_MAX];
	struct recent {
		struct destination to;
		uint64_t started_usec;
	} recent[TALKS_RECENT_MAX];
	uint64_t last_id;
};

/* A free place for @talk, or NULL: there are enough with this server, or somebody talks there
 * already, or has a moment ago; *@next_usec then is made earlier, when it may be tried. @follows:
 * it follows a conversation that has just ended there, and is in no need of a pause. */
struct talk *talks_find(struct talks *talks, const struct talk *talk, uint64_t now, bool follows,
			uint64_t *next_usec);

/* Gives @talk its id, and remembers that it was started. */
void talks_start(struct talks *talks, struct talk *talk, uint64_t now);

#endif
