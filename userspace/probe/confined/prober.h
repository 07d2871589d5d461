/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's end of the prober: a child process that holds the conversations, since it is there
 * that hostile bytes are parsed. It lives in a sandbox (see sandbox.h). When it dies it is started
 * again, at most once a second. */
#ifndef PROBER_H
#define PROBER_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "model/answer.h"
#include "probe/plan.h"

#define PROBER_PENDING_MAX 256

struct prober;

/* @answer->complete is false where the prober could not do its job. Must not free the prober. */
typedef void (*prober_answered)(uint64_t id, const struct answer *answer, void *userdata);

/* The child dies again and again: @why, a sentence. NULL: the one there is now has lived for long
 * enough to be trusted. Must not free the prober. */
typedef void (*prober_troubled)(const char *why, void *userdata);

struct prober_callbacks {
	prober_answered answered;
	prober_troubled troubled;
};

#define PROBER_SHORT_LIVES 3 /* so many in a row are trouble */

struct prober_patience {
	uint64_t restart_min_usec; /* from one start to the next, doubled for each short life ... */
	uint64_t restart_max_usec; /* ... up to this */
	uint64_t healthy_usec;	   /* lived that long: no short life */
	uint64_t overdue_usec;	   /* behind a plan's own timeout; then the child is hung */
};
extern const struct prober_patience prober_patience_default;

#define PROBER_SELF "/proc/self/exe"

/* @program: what a child executes, so that it inherits nothing of our memory, and each is laid out
 * in memory by chance: PROBER_SELF where main() calls prober_child_main(), or NULL: it stays a copy
 * of us. It outlives the prober. @ca_file (empty: OpenSSL's defaults) is loaded before the child
 * gives up its rights; plans should name the same one. Returns 0 or -errno. The caller frees *@ret
 * with prober_free(). */
int prober_start(struct prober **ret, sd_event *event, const char *program, const char *ca_file,
		 const struct prober_patience *patience, const struct prober_callbacks *callbacks,
		 void *userdata);

/* Starts a conversation over @fd, a non-blocking TCP socket that connects or is connected; takes
 * it, also on failure. @plan->id should not be that of a pending one. After 0 there will be exactly
 * one answer, never from within this call. Otherwise there is none: -EBUSY: PROBER_PENDING_MAX are
 * under way or the child is behind; -ENOTCONN: the child is just being restarted; or -errno. All of
 * that counts as "unknown". */
int prober_ask(struct prober *prober, const struct probe_plan *plan, int fd);

/* Ends the child. Pending probes are dropped without an answer. Takes NULL. */
void prober_free(struct prober *prober);

pid_t prober_pid(const struct prober *prober); /* 0: there is none just now */
DEFINE_FREEP(struct prober, prober_free)

#endif
