/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of an incident: opened, joined by what its unit takes along, repaired, closed on proof.
 * Private to judge/; pure. */
#ifndef INCIDENT_H
#define INCIDENT_H

#include "judge/state.h"

/* The watch already has its finding. Joins a young incident of the same target and cause: one crash
 * is one incident, however many ports it takes. */
void incident_open(struct judge *judge, size_t service, struct moment now, struct actions *actions);
void incident_change(struct judge *judge, size_t service, struct moment now,
		     struct actions *actions);

/* What an incident of before we were started says is so still: its repair goes on, by what is
 * allowed now. */
void incident_resume(struct judge *judge, size_t service, struct moment now,
		     struct actions *actions);

/* A service that was down lets clients in again, well or not. Before its finding is replaced. */
void incident_served(struct judge *judge, size_t service, struct moment now);

/* The conversation passed: the service is back, and with the last one the incident is over, if that
 * holds. The watch still has its finding; the caller clears that. */
void incident_recover(struct judge *judge, size_t service, struct moment now,
		      struct actions *actions);

/* Of a service that has one: all serve, and it has held. */
void incident_tick(struct judge *judge, size_t service, struct moment now, struct actions *actions);
uint64_t incident_deadline(const struct judge *judge, size_t service);

#endif
