/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the judge holds of one service, and the questions that it asks of that. Private to judge/;
 * pure.
 *
 * Four groups that change for different reasons: what was seen, by the kernel, by systemd and in
 * conversations; what is asked and when; the opinion that follows; and the outage, by the times of
 * the kernel, that the opinion is about. */
#ifndef WATCH_H
#define WATCH_H

#include "judge/falls.h"
#include "judge/policy.h"
#include "judge/queue.h"
#include "model/fact.h"
#include "model/record.h"

struct refused {	  /* the newest bind that failed */
	uint64_t at_usec; /* 0: none */
	int error;
	bool other_holds;
	uint64_t asked_usec; /* when such a bind was last the reason for a conversation */
	char holder[FACT_DETAIL_SIZE];
	char detail[FACT_DETAIL_SIZE];
};

struct seen {
	bool looked;	/* coverage means something */
	bool inherited; /* an incident of before we were started; what was seen of it follows */
	enum coverage coverage;
	uint32_t owner; /* kernel pid of who opened it, when it was served last; 0: not known */
	bool falling;	/* the loss itself was seen, not only its result */
	bool end_known; /* and why, in @end */
	struct task_end end;
	struct refused refused;
	struct queue_tracks queues;
	bool held;	  /* another has the port, or a part of it */
	bool freed;	  /* another held it, and no longer does */
	bool stands;	  /* clients wait in one of them, and nobody accepts */
	enum place place; /* until somebody listens again */
	char place_detail[FACT_DETAIL_SIZE];
	struct container_word container; /* as its runtime said last */
	uint64_t container_usec;	 /* when */
	uint64_t exited_usec;		 /* when it last ended unasked; 0: never */
	bool exits_again;		 /* and had done so not long before */
	char outside[FACT_DETAIL_SIZE];	 /* nobody listens: who does on the host, or "" */
	struct unit_word unit;
	bool was_stopped; /* by an operator, before we were started; until it is seen to be up */
	enum disk disk;	  /* the certificate's file, by the last conversation */
	bool silenced;	  /* by an operator, for a while */
};

struct asking {
	uint64_t at_usec; /* USEC_NEVER: not planned */
	bool under_way;
	bool again;	  /* the sockets changed while it was asked: that answer is about others */
	bool passed_over; /* so was the answer before; this one counts, or who never stops would
			     blind us */
	bool suspected;	  /* one conversation failed; the next decides */
	uint64_t probes[2]; /* failed, passed */
};

struct opinion {
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	char detail[RECORD_DETAIL_SIZE];
	uint64_t since_usec;	   /* when the verdict last changed */
	uint64_t older_usec;	   /* so much earlier: before this boot */
	uint64_t grace_until_usec; /* USEC_NEVER: none */
	enum disk told_disk;	   /* by the last record */
};

struct outage {
	int incident;	/* index, -1: none */
	bool inherited; /* that incident, and nothing was found of it since */
	bool proven;	/* it serves again; its incident waits for others, or for some seconds */
	int named;	/* by the record of that incident, with others; -1: none */
	struct falls falls;
	uint64_t lost_usec;		 /* when the listener went, by the kernel */
	uint64_t back_usec;		 /* when it came back */
	uint64_t total_usec;		 /* of all that are over */
	uint64_t incidents[CAUSE_COUNT]; /* that it was in, by their first cause */
};

struct watch {
	struct seen seen;
	struct asking asking;
	struct opinion opinion;
	struct outage outage;
};

void watch_begin(struct watch *watch);

void watch_become(struct watch *watch, enum verdict verdict, uint64_t now_usec);

/* Nothing is wrong that is known. */
void watch_clear(struct watch *watch, enum verdict verdict, uint64_t now_usec);

/* A conversation at @at_usec; one that is under way is about what was before. */
void watch_ask(struct watch *watch, uint64_t at_usec);

/* It is in an incident, and not back. */
bool watch_is_in_trouble(const struct watch *watch);

/* Whether clients are kept out, by what an incident says. */
bool watch_is_down(const struct watch *watch);

/* What is wrong is with who listens, not with what is said. */
bool watch_is_of_listener(const struct watch *watch);

/* Its unit ended, or never began. */
bool watch_unit_is_gone(const struct watch *watch);

/* systemd is at it: a job, or a start that it has planned by itself (Restart=). While it cannot be
 * heard, it may be. */
bool watch_unit_is_busy(const struct watch *watch);

/* The operator wants it so. */
bool watch_is_stopped(const struct watch *watch);

/* What is found is somebody's wish: stopped or paused, by the word of who did it for him. */
bool watch_is_wanted(const struct watch *watch);

/* It listens, and accepts: whether it works is for the conversation to say. */
bool watch_is_back(const struct watch *watch);

/* Whether its container has ended, by its runtime's word. */
bool watch_container_ended(const struct watch *watch);

/* Whether the failed bind that is remembered explains what is wrong now. */
bool watch_was_refused(const struct policy *policy, const struct watch *watch, uint64_t now_usec);

/* Who was refused is one thing; that another holds the port is what is wrong for clients. */
bool watch_is_taken(const struct policy *policy, const struct watch *watch, uint64_t now_usec);

/* From when on clients were let in again, if they are: the listener's return is that moment, and
 * the conversation only proves it. */
uint64_t watch_served_from(const struct watch *watch, uint64_t now_usec);

#endif
