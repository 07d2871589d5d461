/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides what facts mean and what to do about them. No clock, no I/O, no allocation after
 * judge_new(): the caller says what happened and when, and carries the actions out.
 *
 * Patience depends on the cause: a crash, an OOM kill, an exit with an error or a failed bind
 * alerts at once; a listener that its living owner let go gets the grace of a reload, one whose
 * owner left with 0 or by SIGTERM that of a restart; whose container ended, that of a container's
 * restart; what systemd works on is planned until its job ends. An incident is closed only by a
 * listener *and* a conversation. */
#ifndef JUDGE_H
#define JUDGE_H

#include "base/cleanup.h"
#include "judge/budget.h"
#include "judge/queue.h"
#include "model/fact.h"
#include "model/record.h"
#include "model/service.h"

/* A conversation may be asked for so much early, or an eighth of its interval if that is less, so
 * that all are asked in one wake-up. */
#define PROBE_SLACK_USEC UINT64_C(1000000)

#define JUDGE_INCIDENTS_MAX 64
#define JUDGE_ACTIONS_MAX   16 /* a fact causes fewer; asserted */

struct policy {
	enum rung repair; /* the highest that is allowed; RUNG_NONE: repair is off */
	unsigned int repair_limit;
	uint64_t repair_window_usec;
	uint64_t probe_interval_usec;
	uint64_t probe_jitter_usec;	/* at most so much later, by chance; 0: never */
	uint64_t reload_grace_usec;	/* for closed-by-owner, and for addresses that differ */
	uint64_t restart_grace_usec;	/* for an owner that left by itself */
	uint64_t container_grace_usec;	/* for a container that is started anew */
	uint64_t container_settle_usec; /* in a container, until it is known whether all of it ended
					 */
	uint64_t job_grace_usec;	/* the longest a job of systemd excuses */
	uint64_t settle_usec; /* between an outage and its repair: others are still closing */
	uint64_t proof_usec;  /* how long a repair has to prove itself */
	uint64_t check_usec;  /* how long the look before it may take; also until the next, when it
				 said no */
	uint64_t bind_memory_usec;    /* how long a failed bind may explain what comes after it */
	uint64_t confirm_usec;	      /* a failed conversation is repeated once, after this */
	uint64_t queue_patience_usec; /* for how long nobody accepts while clients wait */
};

extern const struct policy policy_default;

struct refused {	  /* the newest bind that failed */
	uint64_t at_usec; /* 0: none */
	int error;
	bool other_holds;
	uint64_t asked_usec; /* when such a bind was last the reason for a conversation */
	char holder[FACT_DETAIL_SIZE];
	char detail[FACT_DETAIL_SIZE];
};

struct watch { /* of one service; zeroed is a valid start */
	enum coverage coverage;
	bool looked;	   /* coverage means something */
	bool seen_falling; /* the loss itself was seen, not only its result */
	bool end_known;	   /* and why, in @end */
	struct task_end end;
	struct refused refused;
	struct queue_tracks queues;
	bool stands; /* clients wait in one of them, and nobody accepts */
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	char detail[RECORD_DETAIL_SIZE];
	uint64_t since_usec;	   /* when the verdict last changed */
	uint64_t lost_usec;	   /* when the listener went, by the kernel */
	uint64_t back_usec;	   /* when it came back */
	uint64_t grace_until_usec; /* USEC_NEVER: none */
	uint64_t probe_at_usec;	   /* USEC_NEVER: not planned */
	bool probing;
	bool ask_again;	  /* the sockets changed while it was asked: that answer is about others */
	bool passed_over; /* so was the answer before; this one counts, or who never stops would
			     blind us */
	bool suspected;	  /* one conversation failed; the next decides */
	enum place place; /* until somebody listens again */
	char place_detail[FACT_DETAIL_SIZE];
	char outside[FACT_DETAIL_SIZE]; /* nobody listens: who does on the host, or "" */
	enum unit_state unit_state;
	bool unit_job;
	bool unit_stopped_by_job;
	int incident;		/* index, -1: none */
	uint64_t downtime_usec; /* of all closed outages */
	uint64_t probes[2];	/* failed, passed */
	enum disk disk;		/* the certificate's file, by the last conversation */
	enum disk told_disk;	/* by the last record */
};

enum repair_state { REPAIR_IDLE, REPAIR_PLANNED, REPAIR_CHECKING, REPAIR_RUNNING, REPAIR_PROVING };

struct incident {
	char id[INCIDENT_ID_SIZE];
	bool is_open;
	size_t first_service;	 /* who speaks for it, and is repaired for it */
	unsigned int members;	 /* services that are not back yet */
	uint64_t opened_usec;	 /* when the first was lost */
	uint64_t down_usec;	 /* since when clients were kept out of one; 0: never */
	uint64_t recovered_usec; /* when the last came back */
	enum cause cause;
	uint32_t ended_pid; /* kernel pid of the process whose end it was; 0: not known */
	enum repair_state repair;
	enum rung rung;
	uint64_t repair_at_usec; /* planned: when; checking, proving: until; USEC_NEVER */
	uint32_t tried;		 /* 1 << enum rung */
	uint32_t told_withheld;	 /* 1 << enum withheld, said once each */
};

/* check: look whether the server could start with what is on disk now, and answer with
 * FACT_CHECKED. repair: before it is carried out the budgets must be stored, since it has been
 * spent. */
enum action_kind { ACTION_SAY, ACTION_PROBE, ACTION_CHECK, ACTION_REPAIR };

struct action {
	enum action_kind kind;
	size_t service;
	enum rung rung;
	struct record record; /* say; check, repair: only its incident */
};

struct actions {
	struct action list[JUDGE_ACTIONS_MAX];
	size_t n;
};

struct judge_counts { /* since the judge was made */
	uint64_t incidents;
	uint64_t by_cause[CAUSE_COUNT];
	uint64_t repairs[3][2]; /* by rung, then failed, done */
	uint64_t withheld[WITHHELD_COUNT];
};

struct judge {
	struct policy policy;
	struct service_set services; /* a copy */
	struct watch *watches;	     /* one a service */
	struct incident incidents[JUDGE_INCIDENTS_MAX];
	struct budgets budgets;
	struct judge_counts counts;
	uint64_t seed; /* ids are made of it, and of their number */
};

/* @seed: random, so that ids are unique. @services is copied. Returns 0 or -ENOMEM. */
int judge_new(const struct policy *policy, const struct service_set *services, uint64_t seed,
	      struct judge **ret);
void judge_free(struct judge *judge);
DEFINE_FREEP(struct judge, judge_free)

/* Other words of what is expected, or of how patient to be: from now on the facts are of @services
 * (copied). What is known of those that are still there (same name and port) goes on. Returns 0 or
 * -ENOMEM, and then all is as it was. */
int judge_take_services(struct judge *judge, const struct policy *policy,
			const struct service_set *services);

const struct service_set *judge_services(const struct judge *judge);

/* What was spent on repairs before this judge was made, and what is to be stored of it. */
void judge_take_budgets(struct judge *judge, const struct budgets *budgets);
const struct budgets *judge_budgets(const struct judge *judge);

const struct judge_counts *judge_counts(const struct judge *judge);

/* What is held of one service. */
struct judge_view {
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	const char *detail;
	uint64_t since_usec; /* when the verdict last changed; 0: never */
	bool looked;	     /* @coverage means something */
	enum coverage coverage;
	enum place place;
	bool waits;	      /* clients waited at the last look: the next one is wanted too */
	bool settled;	      /* no grace runs, no answer is awaited: nothing is about to change */
	uint64_t probes[2];   /* failed, passed */
	const char *incident; /* its id, or NULL */
	uint64_t incident_opened_usec;
	enum repair_state repair; /* of that incident */
};

/* The texts are borrowed until the next fact. */
void judge_view(const struct judge *judge, size_t service, struct judge_view *ret);

/* What an administrator can do about the service; "" where nothing is known, or nothing is wrong.
 */
void judge_remedy(const struct judge *judge, size_t service, char *to, size_t size);

/* Takes one fact, and puts what follows from it into @actions (which is emptied first). */
void judge_feed(struct judge *judge, const struct fact *fact, struct moment now,
		struct actions *actions);

/* When the service wants its next FACT_TICK; USEC_NEVER: only if something happens. */
uint64_t judge_deadline(const struct judge *judge, size_t service);

/* How long clients were kept out in all, an outage that goes on included. Never becomes less. */
uint64_t judge_downtime(const struct judge *judge, size_t service, uint64_t now_usec);

/* What a repair of this service would be done to: its restart-command, else its unit, else "". A
 * unit that is only a guess is none: it might start another server than the one that is lost. */
const char *judge_target(const struct service *service);

#endif
