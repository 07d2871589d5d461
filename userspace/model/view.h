/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that is known at one moment, as the status file and the metrics show it. The agent
 * fills it from the judge and the observer; all pointers are borrowed for the time of one call. */
#ifndef VIEW_H
#define VIEW_H

#include <string.h>
#include <sys/types.h>

#include "model/answers.h"
#include "model/conflict.h"
#include "model/disk.h"
#include "model/fact.h"
#include "model/finding.h"
#include "model/listener.h"
#include "model/record.h"
#include "model/service.h"
#include "model/source.h"

#define VIEW_LISTENERS_MAX 16 /* of one service */

struct service_view {
	const struct service *service;
	enum verdict verdict;
	uint64_t since_real_usec; /* CLOCK_REALTIME; 0: never judged */
	enum finding finding;
	enum cause cause;
	const char *detail;
	const char *reason; /* why the verdict is unknown; NULL: it is not, or nobody knows */
	char remedy[RECORD_DETAIL_SIZE]; /* what would help; empty: nothing is known */
	const struct listener *listeners[VIEW_LISTENERS_MAX];
	size_t n_listeners;
	bool probed;		       /* whether @answer means something */
	struct answer answer;	       /* of the last round, all vantages together */
	const struct answers *answers; /* one by one; NULL: none */
	enum disk disk;		       /* what lies there for the next reload */
	uint64_t probes[2];	       /* failed, passed */
	const char *incident;	       /* id, or NULL */
	uint64_t incident_opened_real_usec;
	const char *repair;	       /* "idle", "planned", "checking", "running", "proving" */
	uint64_t next_probe_real_usec; /* 0: none is planned */
	uint64_t silenced_until_sec;   /* of time(2); 0: it is not */
	const char *silenced_why;      /* its reason, may be "" */
	int repair_budget_left;	    /* repairs that repair-limit still allows; -1: repair is off, or
				       there is nothing to restart */
	uint64_t downtime_usec;	    /* of all outages, the open one included */
	const uint64_t *incidents;  /* opened for it, CAUSE_COUNT of them */
	uint64_t arrivals, accepts; /* of all listeners that it ever had; never less than before */
};

/* A source, and what is known of what it would say. */
struct source_view {
	const struct source *source;
	enum verdict verdict; /* up: it was read; unknown: it cannot be; down: and nobody listens
				 where its server would */
	const char *why;      /* the first error; "" when it was read */
};

struct view {
	struct moment now;
	pid_t pid;		 /* whose word it is; 0: nobody's who goes on to look */
	const char *mode;	 /* "events", "polling", "none" while blind */
	const char *hook_state;	 /* "tp_btf", "none" */
	const char *hook_bind;	 /* "fexit", "tracepoint", "none" */
	const char *hook_accept; /* the same words */
	const char *hook_signal; /* "tp_btf", "none": who sent the signal that ended a server */
	const char *degraded;	 /* why we see less than we should, a sentence; NULL: we see all */
	uint64_t events_lost;
	uint64_t snapshots;
	const struct service_view *services; /* the expected ones */
	size_t n_services;
	const struct listener *const *surplus;
	size_t n_surplus;
	const struct source_view *sources;
	size_t n_sources;
	const struct conflict *conflicts; /* between sources */
	size_t n_conflicts;
	const uint64_t (*repairs)[2];  /* by rung (3), then failed, done */
	const uint64_t *withheld;      /* WITHHELD_COUNT of them */
	const uint64_t *bind_failures; /* BIND_ERROR_COUNT of them */
	const char *notice;	       /* what an administrator should know; NULL: nothing */
};

static inline bool view_counts_accepts(const struct view *view)
{
	return view->hook_accept && strcmp(view->hook_accept, "none") != 0;
}

/* What the conversation found besides ->finding, *@ret_n of them; none when ->finding is not of the
 * conversation. */
const struct answer_finding *view_also(const struct service_view *service, uint32_t *ret_n);

#endif
