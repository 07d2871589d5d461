/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd over the system bus: restarts and reloads units, following the job to its end, and tells
 * what becomes of the units it was asked to watch.
 *
 * All in the caller's event loop, without blocking; only systemd_open() and systemd_watch_unit()
 * wait, for at most SYSTEMD_FIRST_ANSWER_USEC, so that a daemon knows where it stands when it
 * starts. Nothing here may be freed from inside one of the callbacks. */
#ifndef SYSTEMD_H
#define SYSTEMD_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "model/fact.h"
#include "model/record.h"

#define SYSTEMD_UNITS_MAX	  64
#define SYSTEMD_ACTIONS_MAX	  16 /* at a time */
#define SYSTEMD_FIRST_ANSWER_USEC (1 * USEC_PER_SEC)
#define SYSTEMD_ACTION_USEC	  (90 * USEC_PER_SEC) /* until systemd has taken it */

struct systemd;

struct systemd_callbacks {
	/* Something of a watched unit changed, or is known for the first time. That it was stopped
	 * by a job holds until it is up again; what happened before the watch began is not known,
	 * and false. */
	void (*on_unit)(const char *unit, const struct unit_word *word, void *userdata);
	/* systemd has begun to end all units, since the host is shut down; or that was called off:
	 * then what became of the units is told. */
	void (*on_shutdown)(bool begins, void *userdata);
	/* The bus is gone. Units were told as deaf by then; actions under way may go on without us,
	 * and more fail with -ENOTCONN, until systemd_reopen(). */
	void (*on_lost)(void *userdata);
};

/* @error: 0, or why it did not succeed, with @detail for people ("the job ended: failed"). */
typedef void systemd_done(int error, const char *detail, void *userdata);

/* Connects and subscribes. @callbacks must outlive it. The caller frees *@ret with systemd_free().
 * Returns 0, -ENOENT or -ECONNREFUSED where there is no bus, -ETIMEDOUT when it does not answer, or
 * another -errno of sd-bus. */
int systemd_open(struct systemd **ret, sd_event *event, const struct systemd_callbacks *callbacks,
		 void *userdata);

/* After on_lost, and from outside of it: connects anew, follows all units again, and finds out what
 * became of the actions that were under way. A unit that was up and has ended well in between was
 * stopped, as far as anybody can tell. Returns as systemd_open(); on failure it may be tried again.
 */
int systemd_reopen(struct systemd *systemd);

/* Actions under way are forgotten, not told. NULL is fine. */
void systemd_free(struct systemd *systemd);
DEFINE_FREEP(struct systemd, systemd_free)

/* Begins to follow @unit, and tells its state through on_unit before it returns: UNIT_UNKNOWN when
 * there is no such unit, or no answer yet (the answer is then told when it comes). Twice is once.
 * Returns 0, -ENOSPC beyond SYSTEMD_UNITS_MAX, -ENAMETOOLONG, or -errno of sd-bus. */
int systemd_watch_unit(struct systemd *systemd, const char *unit);

/* Asks for @rung, RUNG_RELOAD or RUNG_RESTART, of @unit; @done is called exactly once, never before
 * this returns, unless this fails. Returns 0, -EBUSY beyond SYSTEMD_ACTIONS_MAX, or -errno of
 * sd-bus. */
int systemd_act(struct systemd *systemd, const char *unit, enum rung rung, systemd_done *done,
		void *userdata);

#endif
