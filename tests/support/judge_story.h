/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stories for the judge: tables of facts with their times; each row says what must follow from it. No clock
 * is read. One story at a time: story_end() is each test's teardown. */
#ifndef JUDGE_STORY_H
#define JUDGE_STORY_H

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "judge/judge.h"

#define SEC   USEC_PER_SEC
#define START (1000 * SEC)

enum happening {
	IS_GONE, /* seen at start */
	IS_THERE,
	CRASHES, /* signal 9 */
	OOM,
	EXITS_0,
	EXITS_1,
	EXITS_89,
	TERMINATED,
	DOVEADM_STOPS,	 /* closes first; doveadm stop by a person */
	DOVEADM_INSIDE,	 /* the same, in its container */
	PERSON_KILLS,	 /* kill -KILL from a session */
	PERSON_ENDS,	 /* kill from a session, and it leaves with 0 */
	CRON_ENDS,	 /* kill by a script of cron's; closes first */
	EARLYOOM_ENDS,	 /* signal 15 by a service */
	SYSTEMCTL_KILLS, /* signal 15 by systemd, and no job */
	LETS_GO,	 /* closed, the owner lives */
	LOST_EVENT,
	V6_LOST,
	FOREIGN,
	OPENS_BESIDE,	 /* all that is asked for, where another has the rest */
	V4_TAKEN,	 /* by another; the server has the rest */
	PORT_TAKEN,	 /* bind failed: somebody else listens there */
	TAKEN_BY_ITSELF, /* the server's own other socket does */
	NO_ADDRESS,	 /* bind failed: the host does not have it */
	WAITS,		 /* a look: clients wait, none was accepted */
	FLOWS,		 /* a look: clients wait, others were accepted */
	EMPTY,		 /* a look: nobody waits */
	OPENS,
	PASSES,	     /* the conversation */
	SILENT,	     /* it fails: no greeting */
	UNREACHABLE, /* the connection does */
	FAILS,
	MISTAKES_TLS, /* it talks the other way than its clients */
	WARNS,
	TURNS_AWAY,
	NO_ANSWER,
	STALE, /* a newer certificate lies on disk */
	STALE_OLDER,
	STALE_UNUSABLE,
	ENDED, /* the certificate, and a newer one lies on disk */
	ENDED_ON_DISK,
	JOB_BEGINS,
	JOB_ENDS,
	STOPPED,     /* by a job of the operator */
	ENDS_IN_JOB, /* not inactive yet */
	UNIT_FAILS,
	UNIT_DIED,   /* of signal 9, by systemd's word */
	UNIT_LOOPS,  /* given up: it never came up */
	UNIT_MASKS,  /* inactive, and nobody can start it */
	UNIT_LEAVES, /* inactive, and no job made it so */
	UNIT_STARTS, /* by itself: Restart= */
	UNIT_RESTS,  /* inactive, and its last end was a good one */
	BUS_IS_LOST, /* systemd is not heard any more; it was up */
	PLACE_ENDS,  /* its network namespace, with its container */
	PLACE_ANEW,
	ENDS_WITH_INIT,	      /* signal 9, since its container's first process exits */
	CONTAINER_TOLD,	      /* somebody has its runtime end the container */
	CONTAINER_STOPS,      /* and it has */
	CONTAINER_EXITS,      /* by itself */
	CONTAINER_EXITS_ONCE, /* and its runtime starts it again */
	CONTAINER_IS_SHOT,    /* by "docker kill", and lies there */
	CONTAINER_RUNS,
	CONTAINER_PAUSES,
	CONTAINER_CUT_OFF, /* it runs, and nothing that it publishes leads there */
	SILENCE_BEGINS,
	SILENCE_ENDS,
	FITS,	  /* nothing speaks against a repair */
	FITS_NOT, /* the server would not start */
	REPAIR_DONE,
	REPAIR_FAILED,
	TICK,
};

/* What must follow, in this order: letters for actions. o opened, c changed, x closed, p probe,
 * k look whether a repair could succeed, s repair started, f finished, w withheld, R restart, L reload. A capital
 * O, C, X, S, F, W is said in a silence. */
struct row {
	const char *why;
	enum happening happens;
	size_t service;
	uint64_t at;
	const char *actions;
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
};

/* Of the story that was begun. */
extern struct service_set services;
extern struct policy policy;
extern struct judge *judge;
extern struct record last; /* the newest record of any kind */

struct fact fact_of(enum happening happens, size_t service, uint64_t at);

/* @to: JUDGE_ACTIONS_MAX + 1 bytes. Keeps the newest record in @last. */
void letters_of(const struct actions *actions, char *to);

/* One more expected service; the judge is told by renew(). */
void add(const char *name, uint16_t port, enum rendered rendered);

/* A judge of three services, where a repair goes up to @repair; the first is @rendered. */
void begin(enum rung repair, enum rendered rendered);

/* The set, or the policy, was changed: the judge is told. */
void renew(void);

struct judge_view view_of(size_t service);

/* Of the outages that are over. */
uint64_t closed_downtime(size_t service);

/* Fails the test at the first row that goes otherwise. */
void play(const struct row *rows, size_t n);

#define PLAY(rows) play(rows, ARRAY_SIZE(rows))
#define UP	   VERDICT_UP, FINDING_NONE, CAUSE_NONE
#define ASKED	   VERDICT_UNKNOWN, FINDING_NONE, CAUSE_NONE
#define MISSING(c) VERDICT_DOWN, FINDING_MISSING, CAUSE_##c

int story_end(void **state);

#endif
