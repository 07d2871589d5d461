/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Something worth telling: what the judge says, and the journal, the hook and the metrics pass on.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/finding.h"
#include "model/service.h"

#define INCIDENT_ID_SIZE   33 /* 32 hexadecimal digits */
#define RECORD_DETAIL_SIZE 512
#define RECORD_PORTS_SIZE  256 /* 42 ports; the others are not named */
#define RECORD_NAMES_SIZE  1024

enum record_kind {
	RECORD_INCIDENT_OPENED,
	RECORD_INCIDENT_CHANGED,
	RECORD_INCIDENT_CLOSED,
	RECORD_REPAIR_STARTED,
	RECORD_REPAIR_FINISHED,
	RECORD_REPAIR_WITHHELD,
	RECORD_OBSERVER_DEGRADED,
	RECORD_OBSERVER_RESTORED,
	RECORD_SILENCED,
	RECORD_EXPECTATION_CHANGED,
	RECORD_KIND_COUNT,
};

enum rung { RUNG_NONE, RUNG_RELOAD, RUNG_RESTART };

enum withheld { /* why a repair is not tried */
		WITHHELD_NO,
		WITHHELD_FUTILE, /* it cannot help */
		WITHHELD_OFF,
		WITHHELD_NO_MEANS, /* neither unit nor restart-command is known, or not this rung */
		WITHHELD_STOPPED_BY_OPERATOR,
		WITHHELD_BEGINNING_NOT_SEEN, /* perhaps somebody wants it so */
		WITHHELD_CONFIGURATION, /* with what is on disk the server would not start, or not
					   open the port */
		WITHHELD_PORT_HELD,	/* a restart against a taken port loses all ports */
		WITHHELD_BACKOFF,
		WITHHELD_BUDGET,
		WITHHELD_SILENCED,
		WITHHELD_COUNT,
};

struct record {
	enum record_kind kind;
	char incident[INCIDENT_ID_SIZE]; /* empty for what belongs to none */
	char service[SERVICE_NAME_SIZE];
	uint16_t port;
	enum protocol protocol;
	/* Opened, closed: all that it is about, blank-separated, in the same order. */
	char ports[RECORD_PORTS_SIZE];
	char names[RECORD_NAMES_SIZE];
	char unit[UNIT_NAME_SIZE];
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	char detail[RECORD_DETAIL_SIZE]; /* the evidence: who, which signal, the server's words */
	char remedy[RECORD_DETAIL_SIZE]; /* what would help */
	bool joined;			 /* changed: another port, lost in the same event */
	bool wanted;		/* somebody has it so: told to others, and nobody's fault */
	uint64_t downtime_usec; /* closed */
	enum rung rung;		/* repairs */
	enum withheld withheld;
	uint64_t next_usec; /* withheld: CLOCK_REALTIME of the next try; 0: none is planned */
	int repair_error;   /* finished: 0, or it failed */
	bool silenced;	    /* an operator wants no alert of it: kept, and nobody is paged */
};

void record_add_service(struct record *record, const char *name,
			uint16_t port); /* to ->ports, ->names */

const char *record_kind_name(enum record_kind kind); /* "incident-opened" */
const char *rung_name(enum rung rung);		     /* "reload" */
const char *withheld_name(enum withheld withheld);   /* "futile" */
const char *withheld_text(const char *name);	     /* "it cannot help"; "" where there is none */

/* One sentence or two for a person: object, consequence, cause, what helps. Printable, one line. */
void record_message(const struct record *record, char *to, size_t size);

#endif
