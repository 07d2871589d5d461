/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a unit, by what systemd tells of it in turn: its properties, and the ends of its
 * jobs. Pure.
 *
 * Who stopped a unit? systemd does not say. But of a stop job these hold: the unit was up when the
 * job began, it was going or gone when the job ended, and the job ended well. (After a restart or a
 * reload that ended well it is up; one that ended badly says so.) Asking the job for its type would
 * race with its end; the properties of the unit do not, they are sent before JobRemoved. That a job
 * began is told by the property alone: JobNew also announces no-op jobs, which a reload may bring
 * along. */
#ifndef UNIT_LIFE_H
#define UNIT_LIFE_H

#include "act/unit_properties.h"
#include "model/fact.h"

struct unit_life { /* zeroed is a valid start: nothing is known */
	struct unit_word word;
	bool is_masked;	 /* nobody can start it */
	bool is_leaving; /* changing, towards inactive */
	bool was_up;	 /* when the present job began */
	uint32_t job;	 /* the id of this one, or of the last */
};

/* Returns whether the word is another one now. */
bool unit_life_take(struct unit_life *life, const struct unit_properties *properties);

/* Those of its type alone, which come first: what they mean is told by what follows. */
void unit_life_take_end(struct unit_life *life, const struct unit_properties *properties);
void unit_life_job_ended(struct unit_life *life, const char *result);

/* It does not run. */
bool unit_life_is_gone(const struct unit_life *life);

/* 0, or the -errno that comes nearest to how a job ended: "done", "failed", "canceled". */
int unit_life_job_error(const char *result);

/* systemd cannot be heard any more: the end of what it was doing will not be told. */
void unit_life_deafen(struct unit_life *life);

/* It can, and @properties are of now. Who ended the unit meanwhile is not known; as long as it
 * ended well, somebody may want it so. */
void unit_life_resume(struct unit_life *life, const struct unit_properties *properties);

#endif
