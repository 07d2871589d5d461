/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The middle of the daemon: the judge, the facts that wait for it, the clock and the timers. It
 * knows none of the parts around it.
 *
 * The parts are cut by what they own, not by what they do in turn:
 *
 *   expectations  configuration, sources, and the set of services that follows from them
 *   places        the network namespaces where these services are expected
 *   senses        the observer and what is compared with it; beside it binds, queues, units,
 *                 degraded: one hook, one owner each
 *   rounds        conversations with servers, and the prober that holds them
 *   repairs       what is being reloaded or restarted, and the budget on disk
 *   outlet        journal, damper, status and metrics files
 *
 * Each has a struct of its own, includes the core and the rooms below agent/, and never another
 * part: what it needs of one it is given when it is made, as a const pointer to read (the
 * configuration, the table of places, the inventory of listeners) or as a callback. wiring.c alone
 * knows all of them. So each can be left out ("check" has neither repairs nor outlet) and tested
 * alone. The tables are nouns, as those of userspace/model: place_table.h is what places fills in
 * and the others read.
 *
 * Facts go one way: a part posts, the judge takes them one by one in the order of their coming, and
 * what it decides goes to the handler of that action. What is posted while a fact is being taken
 * waits its turn; else it is taken before core_post() returns, so that an alert is said in the very
 * call that brought the kernel's event. */
#ifndef CORE_H
#define CORE_H

#include <systemd/sd-event.h>

#include "agent/daemon/recorder.h"
#include "agent/daemon/timers.h"
#include "judge/judge.h"
#include "judge/memory.h"

/* Facts that wait, at most. Only what follows from a fact waits at all: answers of servers that
 * nobody can connect to, and repairs that cannot be begun. */
#define CORE_FACTS_MAX 256

/* Of these the last are for results of repairs (FACT_CHECKED, FACT_REPAIRED), of which there is one
 * for each incident at most: a fresh comparison would not bring them back. */
#define CORE_FACTS_RESERVED JUDGE_INCIDENTS_MAX

struct core;

typedef void core_carry(const struct action *action, void *userdata);

struct core_callbacks { /* may be NULL */
	/* A fact was taken and what follows from it carried out. @news: what is known of its
	 * service is not what it was. */
	void (*taken)(const struct fact *fact, bool news, void *userdata);
	/* Facts found no room, @n of them since the last call. From a timer, when none waits any
	 * more: all that can be seen is to be compared anew. */
	void (*lost)(uint64_t n, void *userdata);
};

/* Makes loop and timers. @callbacks must outlive it. Returns 0 or -errno. */
int core_new(const struct core_callbacks *callbacks, void *userdata, struct core **ret);
void core_free(struct core *core);
DEFINE_FREEP(struct core, core_free)

sd_event *core_event(const struct core *core);

/* The time of this turn of the loop; before the first turn, the time itself. */
struct moment core_now(const struct core *core);
struct timers *core_timers(struct core *core);

/* Puts @services in the place of those before: facts are about these from now on, and older ones
 * that still wait are dropped. Not while a fact is taken. Returns 0 or -errno, and all is as it
 * was. */
int core_adopt(struct core *core, const struct policy *policy, const struct service_set *services);

/* Counts the sets of services. What takes longer than one call remembers it, and speaks of nobody
 * when it is another. 0: there is none yet. */
uint64_t core_generation(const struct core *core);
const struct judge *core_judge(const struct core *core);	  /* NULL before the first set */
const struct service_set *core_services(const struct core *core); /* empty before it */

/* What was spent on repairs before we were started, and what was known then. */
void core_take_budgets(struct core *core, const struct budgets *budgets);
void core_take_memory(struct core *core, const struct memory *memory);

/* Writes down from now on what the judge is told and does; it must outlive the core. */
void core_record(struct core *core, struct recorder *recorder);

/* Where actions of @kind go; without a handler they are not carried out. */
void core_handle(struct core *core, enum action_kind kind, core_carry *carry, void *userdata);

/* The host is shut down: whatever falls now is nobody's outage, so no fact is taken any more, and
 * what is held stays as it is for the next start. Where that was called off, the caller compares
 * all anew. */
void core_rest(struct core *core, bool rests);

/* A fact of @service, as the set is now. */
struct fact core_fact(const struct core *core, enum fact_kind kind, size_t service);

/* Tells the judge; see above when. Returns 0, or -ENOBUFS when CORE_FACTS_MAX wait: what can be
 * seen again may be forgotten then, since all is compared anew, the rest is posted again. */
int core_post(struct core *core, const struct fact *fact);

#endif
