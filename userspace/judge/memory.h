/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What outlives a judge: open incidents, and what is held of each service that nobody could find
 * out again. Plain data, in CLOCK_REALTIME, so that it holds across the end of a process and of a
 * host's uptime; how it is stored is the affair of others. Pure. */
#ifndef MEMORY_H
#define MEMORY_H

#include "judge/falls.h"
#include "judge/judge.h"

struct memory_incident {
	char id[INCIDENT_ID_SIZE];
	uint64_t opened_usec;
	uint64_t down_usec;   /* 0: never down */
	uint64_t before_usec; /* how long it was down besides, before this boot */
	uint64_t recovered_usec;
	uint64_t event_usec; /* the newest loss */
	uint64_t close_usec; /* until then it must hold; 0: not all is back */
	enum finding finding;
	enum cause cause;
	uint32_t ended_pid;
	enum repair_state repair;
	enum rung rung;
	uint32_t tried, told_withheld;
	bool hushed; /* what is so has not been told aloud, or nothing of it ever was: */
	bool told;
};

struct memory_service {
	char name[SERVICE_NAME_SIZE];
	uint16_t port;
	char unit[UNIT_NAME_SIZE]; /* said, or learned by sight; "": not known */
	int incident;		   /* index; -1: none */
	bool speaks;		   /* for that incident */
	bool proven;		   /* back in it */
	bool named;		   /* by its record */
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	char detail[RECORD_DETAIL_SIZE];
	enum disk told_disk; /* the certificate's file, as it was told */
	uint64_t since_usec, lost_usec, back_usec;
	uint64_t total_usec; /* a duration: of all outages that are over */
	uint64_t incidents[CAUSE_COUNT];
	struct falls falls;
	bool stopped; /* its unit, by an operator */
	bool falling, end_known;
	struct task_end end;
};

struct memory {
	struct memory_incident incidents[JUDGE_INCIDENTS_MAX];
	size_t n_incidents;
	struct memory_service *services;
	size_t n_services;
};

/* @ret->services has room for all of judge_services(). */
void memory_keep(const struct judge *judge, struct moment now, struct memory *ret);

/* Before the first fact: what is still expected goes on where it was. A repair that was under way
 * is waited for, not repeated; one that was planned is planned anew. */
void memory_inherit(struct judge *judge, const struct memory *memory, struct moment now);

#endif
