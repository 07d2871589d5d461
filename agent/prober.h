/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's end of the prober: a child process that holds the conversations, since it is there
 * that hostile bytes are parsed. It lives in a sandbox (see sandbox.h). When it dies it is started
 * again, at most once a second. */
#ifndef PROBER_H
#define PROBER_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "answer.h"
#include "cleanup.h"
#include "plan.h"

#define PROBER_PENDING_MAX 256

struct prober;

/* @answer->complete is false where the prober could not do its job. Must not free the prober. */
typedef void (*prober_answered)(uint64_t id, const struct answer *answer, void *userdata);

/* Forks; to be called early, while there is little in memory to be inherited. @ca_file (empty:
 * OpenSSL's defaults) is loaded before the child gives up its rights; plans should name the same
 * one. Returns 0 or -errno. The caller frees *@ret with prober_free(). */
int prober_start(struct prober **ret, sd_event *event, const char *ca_file,
		 prober_answered answered, void *userdata);

/* Starts a conversation over @fd, a non-blocking TCP socket that connects or is connected; takes
 * it, also on failure. @plan->id should not be that of a pending one. After 0 there will be exactly
 * one answer, never from within this call. Otherwise there is none: -EBUSY: PROBER_PENDING_MAX are
 * under way or the child is behind; -ENOTCONN: the child is just being restarted; or -errno. All of
 * that counts as "unknown". */
int prober_ask(struct prober *prober, const struct probe_plan *plan, int fd);

/* Ends the child. Pending probes are dropped without an answer. Takes NULL. */
void prober_free(struct prober *prober);
DEFINE_FREEP(struct prober, prober_free)

#endif
