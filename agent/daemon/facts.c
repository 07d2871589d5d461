// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events of the parts become facts for the judge. */
#include "agent/daemon/daemon.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "judge/match.h"

#define RERENDER_AFTER_USEC  (200 * USEC_PER_MSEC) /* a reload changes several listeners at once */
#define RERENDER_LATEST_USEC (5 * USEC_PER_SEC)	   /* for who never stops */
#define RERENDER_PAUSE_USEC  (1 * USEC_PER_SEC)	   /* it runs a program each time */
#define ANSWERS_AFTER_USEC   (2 * USEC_PER_SEC)
#define ORPHAN_AFTER_USEC    (1 * USEC_PER_SEC)

/* What of a service decides whether the files are written at once. */
struct state {
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	enum repair_state repair;
	char incident[INCIDENT_ID_SIZE];
};

static struct state state_of(const struct daemon *daemon, size_t service)
{
	struct judge_view view;
	struct state state;

	judge_view(daemon->judge, service, &view);
	state = (struct state){ view.verdict, view.finding, view.cause, view.repair, "" };
	if (view.incident)
		memcpy(state.incident, view.incident, sizeof(state.incident));
	return state;
}

/* Whether the files tell something else now. Another conversation like the one before is news too,
 * but it can wait for those that follow: each write is a wake-up. */
static void note_news(struct daemon *daemon, const struct fact *fact, const struct state *before)
{
	struct state now = state_of(daemon, fact->service);
	bool same = now.verdict == before->verdict && now.finding == before->finding &&
		    now.cause == before->cause && now.repair == before->repair &&
		    strcmp(now.incident, before->incident) == 0;

	if (daemon->once || !same || (fact->kind != FACT_TICK && fact->kind != FACT_ANSWER))
		daemon->dirty = true;
	else if (fact->kind == FACT_ANSWER && daemon->answers_usec == USEC_NEVER)
		daemon->answers_usec = daemon_now(daemon).usec + ANSWERS_AFTER_USEC;
}

void facts_feed(struct daemon *daemon, const struct fact *fact)
{
	struct state before = state_of(daemon, fact->service);
	struct actions actions;

	judge_feed(daemon->judge, fact, daemon_now(daemon), &actions);
	note_news(daemon, fact,
		  &before); /* before what follows from it is carried out, and is a fact again */
	carry_out(daemon, &actions);
	daemon_arm(daemon);
}

/* Only a service that the system's own manager runs, and not the one that runs all the containers
 * of a user: what is learned here is what a repair would restart. */
static bool can_be_repaired(const struct listener *listener)
{
	const char *dot = strrchr(listener->unit, '.');

	return listener->manager == MANAGER_SYSTEM && dot && strcmp(dot, ".service") == 0 &&
	       !text_starts_with(listener->unit, "user@");
}

/* A unit that nobody said is learned from the cgroup of whoever is seen to serve the port. */
static void learn_unit(struct daemon *daemon, size_t i)
{
	const struct inventory *inventory = observer_inventory(daemon->observer);
	struct service *service = &daemon->intent.services.list[i];
	struct fact fact = { .kind = FACT_LEARNED, .service = i };

	for (size_t k = 0; service->server.unit_is_guess && k < inventory->n; k++) {
		const struct listener *listener = inventory->list[k];

		if (listener->port != service->want.port || listener->netns != daemon->netns ||
		    !can_be_repaired(listener))
			continue;
		memcpy(service->server.unit, listener->unit, sizeof(service->server.unit));
		service->server.unit_is_guess = false;
		memcpy(fact.learned.unit, listener->unit, sizeof(fact.learned.unit));
		facts_feed(daemon, &fact);
		if (daemon->systemd)
			(void)systemd_watch_unit(daemon->systemd, service->server.unit);
	}
}

/* Feeds what listens for service @i, if the judge does not know it yet. @change: the cause, or
 * NULL. */
static void compare(struct daemon *daemon, size_t i, const struct listener_change *change,
		    bool seen)
{
	const struct inventory *inventory = observer_inventory(daemon->observer);
	const struct service *service = &daemon->intent.services.list[i];
	struct judge_view view;
	struct fact fact = { .kind = FACT_COVERAGE, .service = i };

	if (!service->expected || (!daemon->netns && daemon->place_failed))
		return;
	learn_unit(daemon, i);
	fact.coverage.coverage = match_service(service, daemon->netns, inventory->list,
					       inventory->n, fact.coverage.detail);
	judge_view(daemon->judge, i, &view);
	if (view.looked && view.coverage == fact.coverage.coverage && view.place == PLACE_THERE &&
	    !(change && change->kind == LISTENER_OPENED))
		return;
	if (fact.coverage.coverage == COVERAGE_NONE && daemon->netns != daemon->host_netns)
		match_outside(service, daemon->host_netns, inventory->list, inventory->n,
			      fact.coverage.detail);
	if (change && change->kind == LISTENER_OPENED)
		daemon->rounds[i].injection.due_usec = 0; /* another server, perhaps */
	fact.coverage.seen = seen;
	fact.coverage.at_usec = daemon_now(daemon).usec;
	if (change) {
		fact.coverage.at_usec = change->at_ns / NSEC_PER_USEC;
		fact.coverage.end_known = change->kind == LISTENER_CLOSED;
		fact.coverage.end = change->end;
	}
	facts_feed(daemon, &fact);
}

void facts_compare_all(struct daemon *daemon, bool seen)
{
	for (size_t i = 0; daemon->observer && i < daemon->intent.services.n; i++)
		compare(daemon, i, NULL, seen);
}

static void put_off_rerender(struct daemon *daemon, uint64_t now)
{
	if (daemon->rerender_usec == USEC_NEVER)
		daemon->rerender_latest_usec = now + RERENDER_LATEST_USEC;
	daemon->rerender_usec = now + RERENDER_AFTER_USEC;
	if (daemon->rerender_usec < daemon->rerendered_usec + RERENDER_PAUSE_USEC)
		daemon->rerender_usec = daemon->rerendered_usec + RERENDER_PAUSE_USEC;
	if (daemon->rerender_usec > daemon->rerender_latest_usec)
		daemon->rerender_usec = daemon->rerender_latest_usec;
}

static void take_change(struct daemon *daemon, const struct listener_change *change)
{
	uint64_t now = daemon_now(daemon).usec;

	if (!daemon->started)
		return;
	if (change->kind == LISTENER_CROWDED) {
		queues_look_soon(daemon);
		return;
	}
	if (change->kind == LISTENER_ORPHANED) {
		/* Elsewhere, whose end explains what is nobody's business but the slow look's. */
		if (change->listener->netns != daemon->netns)
			return;
		if (daemon->snapshot_usec ==
		    USEC_NEVER) /* who never stops must not put it off for ever */
			daemon->snapshot_usec = now + ORPHAN_AFTER_USEC;
		daemon_arm(daemon);
		return;
	}
	place_on_change(daemon, change);
	if (change->listener->netns != daemon->netns)
		return;
	if (change->kind == LISTENER_FLOODED) {
		degraded_flooded(daemon, change->listener->port);
		return;
	}
	for (size_t i = 0; i < daemon->intent.services.n; i++)
		if (daemon->intent.services.list[i].want.port == change->listener->port)
			compare(daemon, i, change, true);
	/* Somebody living opened or closed something: the configuration may say other things now.
	 */
	if (!change->end.exiting)
		put_off_rerender(daemon, now);
	daemon->dirty = true;
	daemon_arm(daemon);
}

void facts_on_change(const struct listener_change *change, void *userdata)
{
	struct daemon *daemon = userdata;

	take_change(daemon, change);
	/* A system call: after the alert, which is waited for. */
	if (change->kind == LISTENER_CLOSED || change->kind == LISTENER_GONE)
		accept_watch_forget(daemon->accepts, change->listener->cookie);
}

void facts_on_unit(const char *unit, enum unit_state state, bool job, bool stopped_by_job,
		   void *userdata)
{
	struct daemon *daemon = userdata;

	/* It was started or reloaded, perhaps with a configuration that opens the same ports
	 * otherwise. */
	if (daemon->started && state == UNIT_ACTIVE && !job) {
		daemon->rerender_usec = daemon_now(daemon).usec + RERENDER_AFTER_USEC;
		daemon_arm(daemon);
	}
	for (size_t i = 0; daemon->judge && i < daemon->intent.services.n; i++) {
		struct fact fact = { .kind = FACT_UNIT, .service = i };

		if (strcmp(daemon->intent.services.list[i].server.unit, unit) != 0)
			continue;
		fact.unit.state = state;
		fact.unit.job = job;
		fact.unit.stopped_by_job = stopped_by_job;
		facts_feed(daemon, &fact);
	}
}
