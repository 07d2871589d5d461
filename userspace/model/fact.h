/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that can happen, as one tagged struct: what the judge eats. Times are CLOCK_MONOTONIC.
 */
#ifndef FACT_H
#define FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/answer.h"
#include "model/container.h"
#include "model/disk.h"
#include "model/listener.h"
#include "model/record.h"

struct moment {
	uint64_t usec;	    /* CLOCK_MONOTONIC: what is measured and waited with */
	uint64_t real_usec; /* CLOCK_REALTIME: what must hold across a reboot */
};

enum coverage {		       /* of a service's addresses, by listeners */
		COVERAGE_NONE, /* nobody listens */
		COVERAGE_PARTIAL,
		COVERAGE_FOREIGN, /* listened on, but by a process of another unit or container */
		COVERAGE_FULL,
};

enum place { /* the network namespace where a service is expected */
	     PLACE_THERE,
	     PLACE_GONE,  /* there is none: its container, or whatever it was made for, has ended */
	     PLACE_MOVED, /* it was gone, and a new one took its place */
};

enum unit_state {
	UNIT_UNKNOWN,
	UNIT_ACTIVE,
	UNIT_CHANGING,
	UNIT_INACTIVE,
	UNIT_FAILED,
	UNIT_MASKED
};

#define UNIT_RESULT_SIZE 24

/* How the main process of a unit ended the last time, by systemd's word. */
struct unit_end {
	char result[UNIT_RESULT_SIZE]; /* of the unit: "success", "signal", "start-limit-hit"; "":
					  not told */
	uint8_t signal;		       /* 0: none */
	uint8_t exit_code;
	uint32_t restarts; /* by systemd itself (Restart=), since somebody started it */
};

struct unit_word {
	enum unit_state state;
	bool job;	     /* systemd works on it: what happens now is planned */
	bool stopped_by_job; /* it went inactive by a job, that is by the operator */
	bool is_deaf;	     /* systemd cannot be reached: all of this is of before */
	struct unit_end end;
};

enum fact_kind {
	FACT_COVERAGE, /* what listens for the service has changed, or is seen for the first time */
	FACT_ANSWER,   /* a probe ended */
	FACT_BIND_FAILED, /* the kernel refused somebody the service's port */
	FACT_CONTAINER,	  /* the runtime said something of the container where it is served */
	FACT_PLACE, /* the namespace where the service is expected is gone, or is another one now */
	FACT_SILENCE,  /* an operator wants no alert and no repair for a while, or no longer so */
	FACT_QUEUES,   /* somebody looked at the accept queues of the service's listeners */
	FACT_UNIT,     /* systemd said something of the service's unit */
	FACT_LEARNED,  /* whose the port is was seen, where nobody had said it: a unit */
	FACT_CHECKED,  /* whether a repair could succeed was looked at: ACTION_CHECK */
	FACT_REPAIRED, /* a reload or restart was carried out, or could not be */
	FACT_TICK,     /* time passed: judge_deadline() was reached, or the facts around changed */
};

#define FACT_DETAIL_SIZE 256
#define FACT_QUEUES_MAX	 16 /* of one service; more are not judged */

struct queue { /* the accept queue of one listener, at one moment */
	uint64_t cookie;
	uint64_t arrived;
	uint64_t accepted;
	uint64_t last_accept_usec; /* 0: not seen */
	uint32_t queued;
	uint32_t backlog;
	struct address address;
	bool counts_arrivals; /* @arrived means something, and of this listener alone */
	bool counts_accepts;
};

struct fact {
	enum fact_kind kind;
	uint64_t generation; /* of the set that @service is of; for who passes facts on */
	size_t service; /* index in the set that the judge was made for; checked, repaired: not read
			 */
	union {
		struct {
			enum coverage coverage;
			uint64_t at_usec; /* when it happened, by the kernel */
			bool held;	  /* another unit has the port, at one address at least */
			bool seen;	  /* false: it was so before we looked */
			uint32_t owner;	  /* full: kernel pid of who opened it; 0: not known */
			bool end_known;	  /* none, seen: whether @end says why */
			struct task_end end;
			char detail[FACT_DETAIL_SIZE]; /* partial, foreign: which and who; none: who
							  listens outside, or "" */
		} coverage;
		struct {
			struct answer answer;
			enum disk disk; /* what lies there for the next reload */
		} answered;
		struct {
			uint64_t at_usec; /* by the kernel */
			int error;	  /* errno, positive */
			bool other_holds; /* in use: by a listener neither of the asker and its unit
					     nor of the service's */
			uint32_t pid;	  /* the asker: kernel pid, command, unit or "" */
			char command[COMMAND_SIZE];
			char unit[UNIT_NAME_SIZE];
			char holder[FACT_DETAIL_SIZE]; /* "nc (pid 12, nc.service)"; "" when not
							  known */
			char detail[FACT_DETAIL_SIZE];
		} bind;
		struct {
			enum place place;
			char detail[FACT_DETAIL_SIZE]; /* which was it, which is it now */
		} place;
		struct container_word {
			enum container_state state;
			bool asked;	   /* it ended because somebody wanted that */
			bool comes_back;   /* its runtime starts it again by itself */
			bool may_be_meant; /* not asked, and perhaps: somebody had it killed */
			bool is_cut_off;   /* what it publishes leads nowhere */
			char detail[CONTAINER_DETAIL_SIZE];
			char remedy[CONTAINER_DETAIL_SIZE]; /* a command to have it back, or "" */
		} container;
		struct {
			struct queue list[FACT_QUEUES_MAX];
			size_t n;
		} queues;
		struct unit_word unit;
		struct {
			bool begins;
		} silence;
		struct {
			char unit[UNIT_NAME_SIZE];
		} learned;
		struct {
			char incident[INCIDENT_ID_SIZE]; /* which asked for it: services may be
							    others by now */
			bool ok; /* checked: nothing is known to speak against it */
			char detail[FACT_DETAIL_SIZE];
		} checked, repaired;
	};
};

#endif
