// SPDX-License-Identifier: LGPL-2.1-or-later
/* A close event comes from the ring of the kernel in observer.c, is told by on_change(), compared
 * by compare(), and is a fact that the judge has taken before on_change() returns. What costs a
 * system call and can wait, waits until then. */
#include "agent/daemon/senses.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "agent/daemon/comparison.h"
#include "base/log.h"
#include "base/text.h"

#define HEARTBEAT_USEC	   (30 * USEC_PER_SEC) /* files are rewritten, queues are read */
#define ORPHAN_AFTER_USEC  (1 * USEC_PER_SEC)
#define DESCRIPTORS_NEEDED 64
#define EVENTS_PER_SECOND  256 /* of one port in one namespace: 128 workers closing and opening */

struct senses {
	struct core *core;
	const struct place_table *places;
	struct degraded *degraded;
	const struct senses_callbacks *callbacks;
	void *userdata;
	struct observer *observer; /* NULL: blind, and said so */
	bool has_started;
};

/* Tells the judge what listens for service @i, if it does not know it yet. @change: the cause, or
 * NULL. */
static void compare(struct senses *senses, size_t i, const struct listener_change *change,
		    bool seen)
{
	const struct service *service = &core_services(senses->core)->list[i];
	bool opened = change && change->kind == LISTENER_OPENED;
	struct fact fact = core_fact(senses->core, FACT_COVERAGE, i);
	struct judge_view known;

	judge_view(core_judge(senses->core), i, &known);
	if (!comparison_make(service, senses->places, senses_inventory(senses), &known, opened,
			     &fact))
		return;
	if (opened)
		senses->callbacks->opened(i, senses->userdata);
	fact.coverage.seen = seen;
	fact.coverage.at_usec = core_now(senses->core).usec;
	if (change) {
		fact.coverage.at_usec = change->at_ns / NSEC_PER_USEC;
		fact.coverage.end_known = change->kind == LISTENER_CLOSED;
		fact.coverage.end = change->end;
	}
	(void)core_post(senses->core, &fact);
}

static void learn_unit(struct senses *senses, size_t i)
{
	const struct service *service = &core_services(senses->core)->list[i];
	struct fact fact = core_fact(senses->core, FACT_LEARNED, i);
	const char *unit;

	if (!service->expected)
		return;
	unit = comparison_learn_unit(service, senses->places, senses_inventory(senses));
	if (!unit)
		return;
	(void)text_copy(fact.learned.unit, sizeof(fact.learned.unit), unit);
	(void)core_post(senses->core, &fact);
	senses->callbacks->learned(i, fact.learned.unit, senses->userdata);
}

void senses_compare(struct senses *senses, size_t place, bool seen)
{
	const struct service_set *services = core_services(senses->core);

	for (size_t i = 0; senses->observer && i < services->n; i++) {
		if (services->list[i].place != place)
			continue;
		learn_unit(senses, i);
		compare(senses, i, NULL, seen);
	}
}

static void take_change(struct senses *senses, const struct listener_change *change)
{
	const struct service_set *services = core_services(senses->core);
	const struct listener *listener = change->listener;

	for (size_t i = 0; i < services->n; i++) {
		if (service_port_inside(&services->list[i]) != listener->port ||
		    !place_has(senses->places, &services->list[i], listener->netns))
			continue;
		learn_unit(senses, i);
		compare(senses, i, change, true);
	}
	/* The configuration may say other things now. */
	if (!change->end.exiting)
		senses->callbacks->altered(senses->userdata);
	senses->callbacks->news(senses->userdata);
}

static void take(struct senses *senses, const struct listener_change *change)
{
	bool is_here = place_is_any(senses->places, change->listener->netns);

	switch (change->kind) {
	case LISTENER_CROWDED:
		if (senses->callbacks->crowded)
			senses->callbacks->crowded(senses->userdata);
		return;
	case LISTENER_ORPHANED:
		/* Elsewhere, whose end explains what is nobody's business but the slow look's. Who
		 * never stops must not put it off for ever. */
		if (is_here)
			timers_set_earlier(core_timers(senses->core), TIMER_SNAPSHOT,
					   core_now(senses->core).usec + ORPHAN_AFTER_USEC);
		return;
	case LISTENER_FLOODED:
		senses->callbacks->changed(change, senses->userdata);
		if (is_here)
			degraded_flooded(senses->degraded, change->listener->port,
					 EVENTS_PER_SECOND / 2);
		return;
	case LISTENER_OPENED:
	case LISTENER_CLOSED:
	case LISTENER_GONE:
		senses->callbacks->changed(change, senses->userdata);
		if (is_here)
			take_change(senses, change);
		return;
	}
}

static void on_change(const struct listener_change *change, void *userdata)
{
	struct senses *senses = userdata;

	if (senses->has_started) /* the first snapshot is compared as a whole */
		take(senses, change);
	/* A system call: after the alert, which is waited for. */
	if ((change->kind == LISTENER_CLOSED || change->kind == LISTENER_GONE) &&
	    senses->callbacks->gone)
		senses->callbacks->gone(change->listener->cookie, senses->userdata);
}

static void on_losing(struct senses *senses, const struct observer_state *state)
{
	char text[DEGRADED_SIZE];

	if (state->begins)
		degraded_begin(senses->degraded, DEGRADED_EVENTS,
			       "kernel events came faster than they could be read and some were "
			       "lost: a fresh snapshot tells what listens, but not always why a "
			       "listener went");
	(void)text_format(
		text, sizeof(text),
		"no event was lost for some seconds, and a fresh snapshot was taken; %llu "
		"were lost before",
		(unsigned long long)state->count);
	if (!state->begins)
		degraded_end(senses->degraded, DEGRADED_EVENTS, text);
}

static void on_full(struct senses *senses, const struct observer_state *state)
{
	if (state->begins)
		degraded_begin(senses->degraded, DEGRADED_FULL,
			       "more listeners on watched ports than can be kept (65536): some are "
			       "not known");
	else
		degraded_end(senses->degraded, DEGRADED_FULL,
			     "all listeners on watched ports are known again");
}

static void on_unfollowed(struct senses *senses, const struct observer_state *state)
{
	if (state->begins)
		degraded_begin(senses->degraded, DEGRADED_OPENERS,
			       "more processes have opened a watched port than can be followed "
			       "(8192): of some it may not be known why a listener went");
	else
		degraded_end(
			senses->degraded, DEGRADED_OPENERS,
			"the end of every process that opened a watched port is followed again");
}

static void on_trouble(const struct observer_state *state, void *userdata)
{
	switch (state->trouble) {
	case OBSERVER_LOSING:
		on_losing(userdata, state);
		break;
	case OBSERVER_FULL:
		on_full(userdata, state);
		break;
	case OBSERVER_UNFOLLOWED:
		on_unfollowed(userdata, state);
		break;
	}
}

/* Makes an observer and wires it; leaves none behind on failure. */
static int try_observer(struct senses *senses, bool polling)
{
	/* It can look into one namespace; its path is read at each look. */
	int r = polling ? observer_new_polling(on_change, senses, senses->places->list[0].path,
					       &senses->observer)
			: observer_new(on_change, senses, &senses->observer);

	if (r >= 0)
		r = observer_attach(senses->observer, core_event(senses->core));
	if (r >= 0) {
		if (!polling && strcmp(observer_signals(senses->observer), "none") == 0)
			degraded_begin(senses->degraded, DEGRADED_SIGNALS,
				       "who sends signals cannot be seen (no tp_btf of "
				       "signal_generate): a server that somebody ends by hand is "
				       "taken for one that ended by itself");
		observer_on_trouble(senses->observer, on_trouble, senses);
		observer_limit(senses->observer, EVENTS_PER_SECOND);
		return 0;
	}
	observer_free(senses->observer);
	senses->observer = NULL;
	return r;
}

/* libbpf takes what it could not open for what the kernel lacks. */
static bool lacks_descriptors(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_NEEDED;
}

static const char *why_not(int r)
{
	if (r == -EINVAL && lacks_descriptors())
		return "too few files may be open at a time (ulimit -n) to load BPF programs";
	switch (r) {
	case -ENOENT:
		return "this kernel has no BTF (/sys/kernel/btf/vmlinux), which "
		       "CONFIG_DEBUG_INFO_BTF gives";
	case -EINVAL:
		return "this kernel's BPF lacks what is needed (Linux 5.14 or later has it)";
	case -EPERM:
	case -EACCES:
		return "this kernel, or the container around us, refuses BPF";
	}
	return "the BPF programs cannot be loaded";
}

int senses_open(struct senses *senses, bool content)
{
	char text[DEGRADED_SIZE];
	int r = try_observer(senses, false);
	bool is_ours = (r == -EPERM || r == -EACCES) && geteuid() != 0;

	senses_follow_places(senses);
	if (r >= 0)
		return 0;
	/* One look needs no privilege in our own namespace. To keep watch without is a mistake. */
	if (!is_ours || content)
		(void)try_observer(senses, true);
	if (is_ours && !senses->observer) {
		(void)log_error(0, "Hearken needs root, or CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN, "
				   "to see listeners: run it with sudo, or as the service");
		return -EPERM;
	}
	(void)text_format(
		text, sizeof(text), "%s (%s), so %s", why_not(r), strerror(-r),
		senses->observer
			? "listeners are polled once a second: no causes, no exit codes, no "
			  "other namespaces"
			: "no listener is seen and every verdict is unknown");
	degraded_begin(senses->degraded, DEGRADED_OBSERVER, text);
	senses_follow_places(senses);
	return 0;
}

void senses_watch(struct senses *senses, const uint16_t *ports, size_t n)
{
	if (senses->observer)
		observer_watch(senses->observer, ports, n);
}

void senses_follow_places(struct senses *senses)
{
	const struct place_table *places = senses->places;
	uint32_t netns[PLACES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < places->n; i++)
		if (places->list[i].netns)
			netns[n++] = places->list[i].netns;
	if (senses->observer)
		observer_expect(senses->observer, netns, n);
}

int senses_look(struct senses *senses)
{
	int r = senses->observer ? observer_snapshot(senses->observer) : 0;

	if (r < 0) {
		(void)log_error(
			r, "Cannot take a snapshot of the listeners; it is tried again in 30 s");
		degraded_begin(
			senses->degraded, DEGRADED_SNAPSHOT,
			"the listeners cannot be looked up: what is known of them may be old");
		return r;
	}
	degraded_end(senses->degraded, DEGRADED_SNAPSHOT, "the listeners were looked up again");
	if (senses->observer && observer_hides_processes(senses->observer))
		degraded_begin(senses->degraded, DEGRADED_PIDS,
			       "Hearken is in a pid namespace of its own, and servers are outside: "
			       "what becomes of their ports is seen, but not their pids, units and "
			       "files (in a container, \"pid: host\" shows them)");
	return 0;
}

static void on_snapshot_due(void *userdata)
{
	(void)senses_look(userdata);
}

static void plan_beat(struct senses *senses)
{
	timers_set(core_timers(senses->core), TIMER_HEARTBEAT,
		   core_now(senses->core).usec + HEARTBEAT_USEC);
}

static void on_heartbeat(void *userdata)
{
	struct senses *senses = userdata;
	bool looked = senses_look(senses) >= 0;

	senses->callbacks->beat(looked, senses->userdata);
	plan_beat(senses);
}

void senses_start(struct senses *senses)
{
	senses->has_started = true;
	plan_beat(senses);
}

struct observer *senses_observer(const struct senses *senses)
{
	return senses->observer;
}

const struct inventory *senses_inventory(const struct senses *senses)
{
	return senses->observer ? observer_inventory(senses->observer) : NULL;
}

int senses_new(struct core *core, const struct place_table *places, struct degraded *degraded,
	       const struct senses_callbacks *callbacks, void *userdata, struct senses **ret)
{
	struct senses *senses = calloc(1, sizeof(*senses));

	if (!senses)
		return -ENOMEM;
	senses->core = core;
	senses->places = places;
	senses->degraded = degraded;
	senses->callbacks = callbacks;
	senses->userdata = userdata;
	timers_handle(core_timers(core), TIMER_SNAPSHOT, 0, on_snapshot_due, senses);
	timers_handle(core_timers(core), TIMER_HEARTBEAT, 0, on_heartbeat, senses);
	*ret = senses;
	return 0;
}

void senses_free(struct senses *senses)
{
	if (!senses)
		return;
	observer_free(senses->observer);
	free(senses);
}
