/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outage that has not happened yet: what the configuration on disk would open at the next
 * reload or start, against what listens now and what is expected. Pure. */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include "judge/match.h"
#include "model/listener.h"
#include "model/service.h"

enum preflight_outcome {
	PREFLIGHT_KEEPS,	 /* listens, and will */
	PREFLIGHT_COMES,	 /* does not, and will */
	PREFLIGHT_UNTOLD,	 /* no source can tell whether it will */
	PREFLIGHT_LOSES,	 /* listens, is expected, and will not */
	PREFLIGHT_STAYS_MISSING, /* does not, is expected, and will not */
	PREFLIGHT_COLLIDES,	 /* would be opened, but somebody else holds the port */
	PREFLIGHT_DROPS,	 /* its server has it open and will not; nobody else asks for it */
	PREFLIGHT_NARROWS,	 /* listens, and will at fewer addresses */
	PREFLIGHT_LOSES_CLIENTS, /* the same, and outsiders, or those whom somebody wants, are
				    locked out */
	PREFLIGHT_COUNT,
};

struct preflight {
	enum preflight_outcome outcome;
	char text[FACT_DETAIL_SIZE]; /* a clause for people, without the service's name */
};

struct preflight_question {
	const struct service *service; /* with what the configuration on disk says; expected */
	/* Where the configuration on disk opens it; none: at whatever address, or nobody can tell.
	 */
	const struct address *opens;
	size_t n_opens;
	/* How the names of its server's processes begin, NULL at the end; NULL: nobody knows. */
	const char *const *processes;
	const char *restart_for; /* settings of addresses that a reload does not take up; or NULL */
	/* As for match_service(). */
	uint32_t netns;
	struct listener *const *listeners;
	size_t n;
};

void preflight_service(const struct preflight_question *question, struct preflight *ret);

/* Whether @listener is of the server that usually is @unit: by its unit, or by the names of its
 * processes. */
bool preflight_is_of(const char *unit, const char *const *processes,
		     const struct listener *listener);

const char *preflight_text(enum preflight_outcome outcome);
const char *preflight_name(enum preflight_outcome outcome); /* "loses", "stays-missing" */
enum severity preflight_severity(enum preflight_outcome outcome);

#endif
