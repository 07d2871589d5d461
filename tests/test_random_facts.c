// SPDX-License-Identifier: LGPL-2.1-or-later
/* What holds for the judge whatever happens, tried on worlds of random facts:
 *
 *	an incident is opened once and closed at most once, and nothing is told of it before or after;
 *	downtime never falls;
 *	what is not known is not called up;
 *	no repair against the operator, a job, or beyond the budget;
 *	a judge that inherits from another, at any moment, keeps to all of this;
 *	a repair goes from state to state as tests/data/ladder.ways says, which the model is checked for, too;
 *	what was recorded is decided again byte for byte, from any moment on.
 *
 * HEARKEN_FACTS (20000) facts in all, from HEARKEN_SEED (1); both are printed, and with each failure
 * the seed of its world. */
#include <stdlib.h>

#include "judge/memory.h"
#include "tests/support/judge_story.h"
#include "tests/support/tape.h"

#define SERVICES       5
#define FACTS_OF_WORLD 250
#define INCIDENTS_MAX  4096 /* of one world */
#define RESULTS_MAX    64

struct told { /* of one incident */
	char id[INCIDENT_ID_SIZE];
	bool is_closed;
};

struct result { /* that the judge waits for */
	struct fact fact;
	uint64_t due_usec;
};

static struct world {
	uint64_t seed, random;
	struct moment now;
	struct tape tape;
	struct told told[INCIDENTS_MAX];
	size_t n_told;
	struct result results[RESULTS_MAX];
	size_t n_results;
	uint64_t looked_usec; /* when downtimes were looked at last */
	uint64_t downtime[SERVICES];
	bool has_answered[SERVICES]; /* well, and completely, since this judge knows */
	struct unit_word unit[SERVICES];
	uint64_t repairs[SERVICES][BUDGET_TIMES_MAX]; /* by unit */
	size_t n_repairs[SERVICES];
} world;

/* Ways between the states of a repair. */
static bool known[REPAIR_PROVING + 1][REPAIR_PROVING + 1], seen[REPAIR_PROVING + 1][REPAIR_PROVING + 1];

static uint64_t random_number(void)
{
	world.random ^= world.random << 13;
	world.random ^= world.random >> 7;
	world.random ^= world.random << 17;
	return world.random;
}

static uint64_t any(uint64_t n)
{
	return random_number() % n;
}

/* With HEARKEN_KEEP, what led there is written to that file, for "hearken replay". */
static void keep_tape(void)
{
	const char *path = getenv("HEARKEN_KEEP");
	FILE *file = path ? fopen(path, "we") : NULL;

	if (!file)
		return;
	(void)fputs(world.tape.text, file);
	(void)fclose(file);
}

#define claim(condition, ...)                                                                  \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			keep_tape();                                                           \
			print_error("HEARKEN_SEED=%" PRIu64 " HEARKEN_FACTS=1: ", world.seed); \
			fail_msg(__VA_ARGS__);                                                 \
		}                                                                              \
	} while (0)

/* -- the world */

static void make_services(void)
{
	static const char *const units[] = { "dovecot.service", "postfix@-.service", "" };

	service_set_clear(&services);
	for (size_t i = 0; i < SERVICES; i++) {
		char name[16];
		struct service *service;

		(void)snprintf(name, sizeof(name), "s%zu", i);
		add(name, (uint16_t)(100 + i), (enum rendered)any(3));
		service = &services.list[services.n - 1];
		(void)text_copy(service->server.unit, UNIT_NAME_SIZE, units[any(3)]);
		service->server.unit_is_guess = any(8) == 0;
		if (any(8) == 0)
			(void)text_copy(service->server.restart_command, SERVICE_COMMAND_SIZE, "/bin/again secret");
		service->expected = any(10) != 0;
	}
	policy = policy_default;
	policy.repair = (enum rung)any(3);
	policy.repair_limit = (unsigned int)any(5);
	policy.hold_usec = any(2) * policy_default.hold_usec;
	policy.container_settle_usec = any(2) * 500 * USEC_PER_MSEC;
}

static void begin_world(uint64_t seed)
{
	tape_clear(&world.tape);
	memset(&world, 0, sizeof(world));
	world.seed = seed;
	world.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	for (int i = 0; i < 8; i++)
		(void)random_number();
	world.now = (struct moment){ START, 1000000 * SEC };
	make_services();
	judge_free(judge);
	judge = NULL;
	assert_int_equal(judge_new(&policy, &services, seed, &judge), 0);
	tape_state(&world.tape, judge, world.now);
}

/* -- what must hold */

static struct told *find_told(const char *id)
{
	for (size_t i = 0; i < world.n_told; i++)
		if (strcmp(world.told[i].id, id) == 0)
			return &world.told[i];
	return NULL;
}

static void hear(const struct record *record)
{
	struct told *told = find_told(record->incident);

	switch (record->kind) {
	case RECORD_INCIDENT_OPENED:
		claim(!told, "incident %s is opened twice", record->incident);
		assert_true(world.n_told < INCIDENTS_MAX);
		(void)text_copy(world.told[world.n_told++].id, INCIDENT_ID_SIZE, record->incident);
		break;
	case RECORD_INCIDENT_CLOSED:
		claim(told && !told->is_closed, "incident %s is closed, and is not open", record->incident);
		told->is_closed = true;
		break;
	case RECORD_REPAIR_FINISHED: /* a start may be proven before its command returns */
		claim(told, "a repair of incident %s, which nobody opened", record->incident);
		if (told->is_closed)
			seen[REPAIR_RUNNING][REPAIR_IDLE] = true;
		break;
	default:
		claim(told && !told->is_closed, "%s of incident %s, which is not open", record_kind_name(record->kind),
		      record->incident);
	}
}

static void see_repair(size_t service)
{
	const struct service *of = &judge_services(judge)->list[service];
	const struct unit_word *unit = &world.unit[service];
	size_t target = SERVICES;

	claim(!unit->job && !unit->is_deaf && !unit->stopped_by_job && unit->state != UNIT_MASKED,
	      "%s is repaired against its operator", of->name);
	for (size_t i = SERVICES; i-- > 0;)
		if (strcmp(service_target(&judge_services(judge)->list[i]), service_target(of)) == 0)
			target = i;
	if (world.n_repairs[target] >= policy.repair_limit) {
		uint64_t first =
			world.repairs[target][(world.n_repairs[target] - policy.repair_limit) % BUDGET_TIMES_MAX];

		claim(policy.repair_limit && world.now.real_usec - first >= policy.repair_window_usec,
		      "%s is repaired beyond its budget", of->name);
	}
	world.repairs[target][world.n_repairs[target]++ % BUDGET_TIMES_MAX] = world.now.real_usec;
}

static void answer_later(const struct action *action)
{
	struct result *result = &world.results[world.n_results];

	if (world.n_results == RESULTS_MAX || any(20) == 0)
		return; /* lost */
	world.n_results++;
	memset(result, 0, sizeof(*result));
	result->due_usec = world.now.usec + any(3) * any(action->kind == ACTION_REPAIR ? 20 * SEC : 5 * SEC);
	result->fact.kind = action->kind == ACTION_PROBE   ? FACT_ANSWER
			    : action->kind == ACTION_CHECK ? FACT_CHECKED
							   : FACT_REPAIRED;
	result->fact.service = action->service;
	if (action->kind == ACTION_PROBE) {
		result->fact = fact_of(any(4) ? PASSES : (enum happening)(PASSES + any(ENDED_ON_DISK - PASSES + 1)),
				       action->service, world.now.usec);
		return;
	}
	result->fact.checked.ok = any(4) != 0;
	(void)text_copy(result->fact.checked.incident, INCIDENT_ID_SIZE, action->record.incident);
	(void)text_copy(result->fact.checked.detail, FACT_DETAIL_SIZE, result->fact.checked.ok ? "" : "no\xffsense");
}

static void look_at_services(void)
{
	world.looked_usec = world.now.usec;
	for (size_t i = 0; i < SERVICES; i++) {
		struct judge_view view = view_of(i);
		uint64_t downtime = judge_downtime(judge, i, world.now.usec);

		claim(downtime >= world.downtime[i], "the downtime of s%zu falls from %" PRIu64 " to %" PRIu64, i,
		      world.downtime[i], downtime);
		world.downtime[i] = downtime;
		claim(view.verdict != VERDICT_UP || world.has_answered[i], "s%zu is called up, and nobody knows", i);
		if (view.incident)
			claim(find_told(view.incident) && !find_told(view.incident)->is_closed,
			      "s%zu is in incident %s, which is not open", i, view.incident);
	}
}

static void go(enum repair_state from, enum repair_state to)
{
	/* What begins anew was over for a moment. */
	bool anew = !known[from][to] && known[from][REPAIR_IDLE] && known[REPAIR_IDLE][to];

	if (from == to)
		return;
	claim(known[from][to] || anew, "a repair goes from state %d to %d, which tests/data/ladder.ways does not have",
	      (int)from, (int)to);
	seen[from][anew ? REPAIR_IDLE : to] = true;
	if (anew)
		seen[REPAIR_IDLE][to] = true;
}

static void look_at_repairs(const struct judge_view *before)
{
	for (size_t i = 0; i < SERVICES; i++) {
		struct judge_view after = view_of(i);

		/* Ids are borrowed, of the place that an incident has: a closed one's says nothing more. */
		if (before[i].incident && after.incident == before[i].incident)
			go(before[i].repair, after.repair);
	}
}

static void feed(const struct fact *fact)
{
	struct judge_view before[SERVICES];
	struct actions actions;

	if (fact->kind == FACT_ANSWER && fact->answered.answer.complete)
		world.has_answered[fact->service] = true;
	if (fact->kind == FACT_UNIT)
		world.unit[fact->service] = fact->unit;
	for (size_t i = 0; i < SERVICES; i++)
		before[i] = view_of(i);
	tape_feed(&world.tape, judge, fact, world.now, &actions);
	look_at_repairs(before);
	for (size_t i = 0; i < actions.n; i++) {
		const struct action *action = &actions.list[i];

		if (action->kind == ACTION_SAY)
			hear(&action->record);
		else
			answer_later(action);
		if (action->kind == ACTION_REPAIR)
			see_repair(action->service);
	}
}

/* -- what happens */

/* The next moment at which anything is due, or @until. */
static uint64_t next_moment(uint64_t until)
{
	uint64_t next = until;

	for (size_t i = 0; i < SERVICES; i++) {
		uint64_t deadline = judge_deadline(judge, i);

		if (deadline < next)
			next = deadline;
	}
	for (size_t i = 0; i < world.n_results; i++)
		if (world.results[i].due_usec < next)
			next = world.results[i].due_usec;
	return next > world.now.usec ? next : world.now.usec;
}

static size_t run_until(uint64_t until)
{
	size_t n = 0;

	while (world.now.usec < until && n < FACTS_OF_WORLD) {
		uint64_t next = next_moment(until);

		world.now.real_usec += next - world.now.usec;
		world.now.usec = next;
		for (size_t i = 0; i < world.n_results; i++) {
			struct result result = world.results[i];

			if (result.due_usec > next)
				continue;
			world.results[i--] = world.results[--world.n_results];
			feed(&result.fact);
			n++;
		}
		for (size_t i = 0; i < SERVICES; i++) {
			struct fact tick = { .kind = FACT_TICK, .service = i };

			if (judge_deadline(judge, i) <= next) {
				feed(&tick);
				n++;
			}
		}
		look_at_services();
		if (next_moment(until) == next) { /* a handler may be due at once, not for ever */
			world.now.usec++;
			world.now.real_usec++;
		}
	}
	return n;
}

/* What systemd answers to who is new: not that a job of before made it so. */
static void tell_units(void)
{
	for (size_t i = 0; i < SERVICES; i++) {
		struct fact fact = { .kind = FACT_UNIT, .service = i, .unit = world.unit[i] };
		bool stopped = fact.unit.stopped_by_job;

		if (world.unit[i].state == UNIT_UNKNOWN)
			continue;
		fact.unit.stopped_by_job = false;
		feed(&fact);
		world.unit[i].stopped_by_job = stopped;
	}
}

/* Hearken ends and begins, maybe after a boot of the host. */
static void inherit(void)
{
	struct memory memory = { .services = calloc(SERVICES, sizeof(*memory.services)) };
	struct budgets budgets = *judge_budgets(judge);
	uint64_t seed = random_number();

	assert_non_null(memory.services);
	memory_keep(judge, world.now, &memory);
	if (any(4) == 0)
		world.now.usec = any(60 * SEC) + 1;
	world.now.real_usec += any(30 * SEC);
	judge_free(judge);
	judge = NULL;
	assert_int_equal(judge_new(&policy, &services, seed, &judge), 0);
	judge_take_budgets(judge, &budgets);
	memory_inherit(judge, &memory, world.now);
	free(memory.services);
	world.n_results = 0;
	memset(world.has_answered, 0, sizeof(world.has_answered));
	tape_clear(&world.tape);
	tape_state(&world.tape, judge, world.now);
	look_at_services();
	tell_units();
}

static void change_set(void)
{
	struct service *service = &services.list[any(SERVICES)];

	service->provenance.rendered = (enum rendered)any(3);
	renew();
	tape_set(&world.tape, judge, world.now);
}

static size_t happen(void)
{
	static const uint64_t steps[] = { 1, USEC_PER_MSEC, 100 * USEC_PER_MSEC, SEC, 7 * SEC, 40 * SEC, 400 * SEC };
	size_t n = run_until(world.now.usec + any(steps[any(ARRAY_SIZE(steps))]) + 1);
	enum happening what = (enum happening)any(TICK + 1);
	struct fact fact;

	switch (any(100)) {
	case 0:
		inherit();
		break;
	case 1:
		change_set();
		break;
	case 2: /* the file is full */
		tape_clear(&world.tape);
		tape_state(&world.tape, judge, world.now);
		break;
	default:
		if (what == FITS || what == FITS_NOT || what == REPAIR_DONE || what == REPAIR_FAILED)
			what = IS_THERE;
		/* The kernel's time of it is earlier, if not than what was told of the time before. */
		fact = fact_of(what, any(SERVICES), world.now.usec - any(world.now.usec - world.looked_usec + 1));
		for (size_t i = any(3) ? fact.service : SERVICES - 1; i < SERVICES; i++, n++) {
			fact.service = i; /* often all that its server has */
			feed(&fact);
			if (any(2))
				break;
		}
		look_at_services();
	}
	return n;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

static enum repair_state state_named(const char *name)
{
	static const char *const names[] = { "idle", "planned", "checking", "running", "proving" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum repair_state)i;
	fail_msg("tests/data/ladder.ways: \"%s\" is no state of a repair", name);
	return REPAIR_IDLE;
}

static void read_ways(void)
{
	FILE *file = fopen("tests/data/ladder.ways", "re");
	char line[128], from[32], to[32];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (*line != '#' && sscanf(line, "%31s %31s", from, to) == 2)
			known[state_named(from)][state_named(to)] = true;
	(void)fclose(file);
}

static void test_random_worlds(void **state)
{
	uint64_t facts = number_of("HEARKEN_FACTS", 20000), seed = number_of("HEARKEN_SEED", 1), n = 0, worlds = 0;

	read_ways();
	printf("# HEARKEN_SEED=%" PRIu64 " HEARKEN_FACTS=%" PRIu64 "\n", seed, facts);
	for (; n < facts; seed++, worlds++) {
		begin_world(seed);
		for (size_t i = 0; i < FACTS_OF_WORLD;)
			i += happen() + 1, n++;
		claim(tape_replay(&world.tape, judge, world.now) == 0, "what was recorded is decided otherwise");
	}
	printf("# %" PRIu64 " worlds\n", worlds);
	for (int from = 0; from <= REPAIR_PROVING && facts >= 20000; from++)
		for (int to = 0; to <= REPAIR_PROVING; to++)
			/* A start that is proven before its command returns is seldom among random ones. */
			if (known[from][to] && !seen[from][to] && !(from == REPAIR_RUNNING && to == REPAIR_IDLE))
				fail_msg("no repair went from state %d to %d, as tests/data/ladder.ways has it", from,
					 to);
}

static int end(void **state)
{
	tape_clear(&world.tape);
	return story_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_random_worlds, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
