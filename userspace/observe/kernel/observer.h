/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches TCP listeners in every network namespace, by BPF: attach first, then snapshot, merged by
 * cookie, so that there is no blind window; each lost event is answered with a fresh snapshot.
 * Where BPF is refused: polls one namespace, and sees less. */
#ifndef OBSERVER_H
#define OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "observe/change.h"
#include "observe/inventory.h"

struct observer;

/* Loads and attaches; needs CAP_BPF, CAP_PERFMON and the kernel's BTF. The caller frees *@ret.
 * Returns 0, -EPERM (refused), -ENOENT (no BTF: CONFIG_DEBUG_INFO_BTF), -ENOMEM, or what libbpf
 * says. */
int observer_new(observer_handler *handler, void *userdata, struct observer **ret);

/* The same where BPF is refused: looks once a second, by sock_diag, into the namespace behind
 * @netns_path (empty: our own; borrowed, and read at each look, so it may be changed in place).
 * Knows no holders, no unit, no arrivals, and of a closing only that it happened (LISTENER_GONE).
 * Looks once to see whether it can: returns 0, -EPERM (a foreign namespace without CAP_SYS_ADMIN),
 * -ENOMEM or -errno. */
int observer_new_polling(observer_handler *handler, void *userdata, const char *netns_path,
			 struct observer **ret);
void observer_free(struct observer *observer);
DEFINE_FREEP(struct observer, observer_free)

bool observer_is_polling(const struct observer *observer);
const char *observer_mode(const struct observer *observer); /* "events" or "polling" */
/* By which hook is seen who sends signals: "tp_btf" or "none". */
const char *observer_signals(const struct observer *observer);

void observer_on_trouble(struct observer *observer, observer_trouble_handler *handler,
			 void *userdata);

/* At most @events of one port in one namespace are told in a second (0: all). Who opens and closes
 * a port as fast as he can keeps us busy no further: what comes beyond is not told one by one, and
 * a snapshot each second keeps the inventory at the truth. */
void observer_limit(struct observer *observer, unsigned int events);

/* Sets which ports are watched; call observer_snapshot() afterwards, for what already listens
 * there. */
void observer_watch(struct observer *observer, const uint16_t *ports, size_t n);

/* One pass of the iterators, or one look by sock_diag: brings the inventory to the truth, reports
 * differences, refreshes holders, backlog and queue. Returns 0 or -errno. */
int observer_snapshot(struct observer *observer);

/* Takes the events that wait. What they do not tell, because some were lost, a snapshot does: at
 * once, or soon from the loop when there is one. Returns 0 or -errno. */
int observer_consume(struct observer *observer);
int observer_fd(const struct observer *observer); /* for poll(); -1 while polling */

/* Wires it to the loop; losing it would mean to watch no longer, so a failure ends the loop. */
int observer_attach(struct observer *observer, sd_event *event);

const struct inventory *observer_inventory(const struct observer *observer);
uint64_t observer_events_lost(const struct observer *observer);
uint64_t observer_events_suppressed(const struct observer *observer); /* beyond observer_limit() */
/* We are in a pid namespace of our own, and somebody outside of it listens where services are
 * expected: of him there is no pid, no unit, and no way to look at him. */
bool observer_hides_processes(const struct observer *observer);
uint64_t observer_snapshots(const struct observer *observer);

/* How many listeners found no room in the inventory (INVENTORY_MAX), ever. */
uint64_t observer_left_out(const struct observer *observer);

/* Says where services are expected. What is seen of these namespaces has room of its own, whatever
 * others do: in the inventory, among the processes whose end is followed, and for counts of
 * arrivals, which are kept of them alone. Call it again when they are others; @n = 0: all matter
 * alike. */
void observer_expect(struct observer *observer, const uint32_t *netns, size_t n);

/* Reads the arrivals of every known listener into the inventory. */
void observer_count_arrivals(struct observer *observer);

#endif
