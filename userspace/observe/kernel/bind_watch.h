/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sees bind() fail on watched ports, in every network namespace, by the best hook that this kernel
 * lets us have. A watch without a hook is a valid one: it says "none" and sees nothing. */
#ifndef BIND_WATCH_H
#define BIND_WATCH_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "model/listener.h"

typedef void bind_watch_handler(const struct failed_bind *failed, void *userdata);

struct bind_watch;

/* Tries the rungs, "fexit" and then "tracepoint", by loading and attaching. The caller frees *@ret.
 * Returns 0 or -errno, that of the last rung; *@ret is then untouched. */
int bind_watch_new(bind_watch_handler *handler, void *userdata, struct bind_watch **ret);
void bind_watch_free(struct bind_watch *watch);
DEFINE_FREEP(struct bind_watch, bind_watch_free)

/* "fexit", "tracepoint"; "none" for NULL. */
const char *bind_watch_rung(const struct bind_watch *watch);

void bind_watch_ports(struct bind_watch *watch, const uint16_t *ports, size_t n);

/* Takes the events that wait; a handler of the loop, and of tests. Returns 0 or -errno. */
int bind_watch_consume(struct bind_watch *watch);
int bind_watch_fd(const struct bind_watch *watch); /* for poll() */
int bind_watch_attach(struct bind_watch *watch, sd_event *event);

/* Failed binds that were not told, for want of room or because there were too many in a second
 * (BINDS_PER_SECOND in bind.bpf.c); 0 for NULL. There is nothing to ask anew: a cause is lost, no
 * listener. */
uint64_t bind_watch_lost(const struct bind_watch *watch);

#endif
