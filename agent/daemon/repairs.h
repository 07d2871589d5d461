/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries out repairs: reloads and restarts of units, restart-commands. Before each, what was spent
 * is stored, since a Hearken that dies in between must not forget that it tried. */
#ifndef REPAIRS_H
#define REPAIRS_H

#include "agent/daemon/core.h"
#include "intent/config/config.h"

#define REPAIRS_MAX 8 /* at a time; one more is refused, and tried again after its pause */

struct repairs;

/* A repair has ended, well or not. */
typedef void repairs_ended(void *userdata);

typedef void repairs_done(int error, const char *detail, void *userdata);

struct repairs_callbacks {
	/* Has systemd reload or restart @unit; @done is called once after 0. -ENOTCONN: it cannot
	 * be reached. */
	int (*act)(const char *unit, enum rung rung, repairs_done *done, void *done_userdata,
		   void *userdata);
	/* Has its runtime restart the container @name; @done is called once after 0. */
	int (*restart)(const char *name, repairs_done *done, void *done_userdata, void *userdata);
	repairs_ended *ended;
};

/* Answers the judge's ACTION_REPAIR from now on. @config says where budgets are stored; it and
 * @callbacks must outlive it. Returns 0 or -ENOMEM. */
int repairs_new(struct core *core, const struct config *config,
		const struct repairs_callbacks *callbacks, void *userdata, struct repairs **ret);
void repairs_free(struct repairs *repairs); /* stops what is under way */
DEFINE_FREEP(struct repairs, repairs_free)

/* Gives the core what was spent before we were started; says itself when that cannot be read. */
void repairs_load_budgets(struct repairs *repairs);

#endif
