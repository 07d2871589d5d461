// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/core.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define ACTION_KINDS (ACTION_REPAIR + 1)

struct core {
	const struct core_callbacks *callbacks;
	void *userdata;
	sd_event *event;
	struct timers timers;
	struct judge *judge;
	struct recorder *recorder; /* NULL: nobody wants it */
	uint64_t generation;
	struct {
		core_carry *carry;
		void *userdata;
	} handlers[ACTION_KINDS];
	struct actions actions; /* of the fact that is being taken */
	bool is_taking;
	struct fact *facts; /* that wait: a ring of CORE_FACTS_MAX */
	size_t first, n;
	bool rests;	 /* no fact is taken */
	uint64_t n_lost; /* that the callback has not been told of */
};

/* What of a service decides whether the files are written at once. */
struct state {
	enum verdict verdict;
	enum finding finding;
	enum cause cause;
	enum repair_state repair;
	char incident[INCIDENT_ID_SIZE];
};

static struct state state_of(const struct core *core, size_t service)
{
	struct judge_view view;
	struct state state;

	judge_view(core->judge, service, &view);
	state = (struct state){ view.verdict, view.finding, view.cause, view.repair, "" };
	if (view.incident)
		memcpy(state.incident, view.incident, sizeof(state.incident));
	return state;
}

static bool is_same(const struct state *a, const struct state *b)
{
	return a->verdict == b->verdict && a->finding == b->finding && a->cause == b->cause &&
	       a->repair == b->repair && strcmp(a->incident, b->incident) == 0;
}

/* These name their incident instead, which goes on in the next set of services. */
static bool is_result(const struct fact *fact)
{
	return fact->kind == FACT_CHECKED || fact->kind == FACT_REPAIRED;
}

static void plan_tick(struct core *core)
{
	uint64_t next = USEC_NEVER;

	for (size_t i = 0; i < core_services(core)->n && !core->rests; i++) {
		uint64_t deadline = judge_deadline(core->judge, i);

		if (deadline < next)
			next = deadline;
	}
	timers_set(&core->timers, TIMER_JUDGE, next);
}

static void on_tick(void *userdata)
{
	struct core *core = userdata;
	uint64_t now = core_now(core).usec;

	for (size_t i = 0; i < core_services(core)->n; i++) {
		struct fact fact;

		if (judge_deadline(core->judge, i) > now + PROBE_SLACK_USEC)
			continue;
		fact = core_fact(core, FACT_TICK, i);
		(void)core_post(core, &fact);
	}
	plan_tick(core);
}

static void on_lost(void *userdata)
{
	struct core *core = userdata;
	uint64_t n = core->n_lost;

	core->n_lost = 0;
	if (core->callbacks->lost)
		core->callbacks->lost(n, core->userdata);
}

static void take(struct core *core, const struct fact *fact)
{
	bool of_service = !is_result(fact), news = true;
	struct moment now = core_now(core);
	struct state before, after;

	if (of_service &&
	    (fact->generation != core->generation || fact->service >= core_services(core)->n))
		return;
	if (of_service)
		before = state_of(core, fact->service);
	recorder_fact(core->recorder, core->judge, fact, now);
	judge_feed(core->judge, fact, now, &core->actions);
	for (size_t i = 0; i < core->actions.n; i++) {
		const struct action *action = &core->actions.list[i];

		if (core->handlers[action->kind].carry)
			core->handlers[action->kind].carry(action,
							   core->handlers[action->kind].userdata);
	}
	recorder_did(core->recorder, core->judge, fact, now, &core->actions);
	if (of_service) {
		after = state_of(core, fact->service);
		news = !is_same(&before, &after);
	}
	if (core->callbacks->taken)
		core->callbacks->taken(fact, news, core->userdata);
}

static int put(struct core *core, const struct fact *fact)
{
	size_t room = CORE_FACTS_MAX - (is_result(fact) ? 0 : CORE_FACTS_RESERVED);

	if (core->n >= room) {
		core->n_lost++;
		timers_set_earlier(&core->timers, TIMER_RECOVERY, core_now(core).usec);
		return -ENOBUFS;
	}
	core->facts[(core->first + core->n++) % CORE_FACTS_MAX] = *fact;
	return 0;
}

int core_post(struct core *core, const struct fact *fact)
{
	if (core->rests)
		return 0;
	if (!core->judge)
		return 0; /* it is told of the first set when there is one */
	if (core->is_taking)
		return put(core, fact);
	core->is_taking = true;
	take(core, fact);
	while (core->n > 0) {
		take(core, &core->facts[core->first]);
		core->first = (core->first + 1) % CORE_FACTS_MAX;
		core->n--;
	}
	core->first = 0; /* pages that were never written to take no memory */
	core->is_taking = false;
	plan_tick(core);
	return 0;
}

void core_rest(struct core *core, bool rests)
{
	core->rests = rests;
	plan_tick(core);
}

struct fact core_fact(const struct core *core, enum fact_kind kind, size_t service)
{
	return (struct fact){ .kind = kind, .service = service, .generation = core->generation };
}

void core_handle(struct core *core, enum action_kind kind, core_carry *carry, void *userdata)
{
	core->handlers[kind].carry = carry;
	core->handlers[kind].userdata = userdata;
}

int core_adopt(struct core *core, const struct policy *policy, const struct service_set *services)
{
	uint64_t seed;
	int r;

	assert(!core->is_taking);
	if (core->judge)
		r = judge_take_services(core->judge, policy, services);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		r = -errno;
	else
		r = judge_new(policy, services, seed, &core->judge);
	if (r < 0)
		return r;
	core->generation++;
	recorder_set(core->recorder, core->judge, core_now(core));
	plan_tick(core);
	return 0;
}

void core_record(struct core *core, struct recorder *recorder)
{
	core->recorder = recorder;
}

int core_new(const struct core_callbacks *callbacks, void *userdata, struct core **ret)
{
	cleanup(core_freep) struct core *core = calloc(1, sizeof(*core));
	int r;

	if (!core)
		return -ENOMEM;
	core->callbacks = callbacks;
	core->userdata = userdata;
	core->facts = calloc(CORE_FACTS_MAX, sizeof(*core->facts));
	if (!core->facts)
		return -ENOMEM;
	r = sd_event_new(&core->event);
	if (r >= 0)
		r = timers_open(&core->timers, core->event);
	if (r < 0)
		return r;
	/* All conversations are asked for in one wake-up. */
	timers_handle(&core->timers, TIMER_JUDGE, PROBE_SLACK_USEC, on_tick, core);
	timers_handle(&core->timers, TIMER_RECOVERY, 0, on_lost, core);
	*ret = TAKE_PTR(core);
	return 0;
}

void core_free(struct core *core)
{
	if (!core)
		return;
	judge_free(core->judge);
	timers_close(&core->timers);
	sd_event_unref(core->event);
	free(core->facts);
	free(core);
}

sd_event *core_event(const struct core *core)
{
	return core->event;
}

struct moment core_now(const struct core *core)
{
	struct moment now;

	(void)sd_event_now(core->event, CLOCK_MONOTONIC, &now.usec);
	(void)sd_event_now(core->event, CLOCK_REALTIME, &now.real_usec);
	return now;
}

struct timers *core_timers(struct core *core)
{
	return &core->timers;
}

uint64_t core_generation(const struct core *core)
{
	return core->generation;
}

const struct judge *core_judge(const struct core *core)
{
	return core->judge;
}

const struct service_set *core_services(const struct core *core)
{
	static const struct service_set none;

	return core->judge ? judge_services(core->judge) : &none;
}

void core_take_budgets(struct core *core, const struct budgets *budgets)
{
	judge_take_budgets(core->judge, budgets);
	recorder_begin_anew(core->recorder);
}

void core_take_memory(struct core *core, const struct memory *memory)
{
	memory_inherit(core->judge, memory, core_now(core));
	recorder_begin_anew(core->recorder);
	plan_tick(core);
}
