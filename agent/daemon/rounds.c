// SPDX-License-Identifier: LGPL-2.1-or-later
/* The way of a conversation: on_probe() opens the round, start_waiting() gives each vantage its
 * turn, begin_talk() makes the socket and hands it to the prober, on_answer() comes back with what
 * was found, take_answer() enters it, and close_round() tells the judge when all have answered.
 *
 * A round is closed, and its answer posted, only when nobody walks through the rounds: a fact may
 * open the next one before core_post() returns. */
#include "agent/daemon/rounds.h"

#include <errno.h>
#include <string.h>

#include "agent/daemon/asking.h"
#include "agent/daemon/round.h"
#include "agent/daemon/talk.h"
#include "base/text.h"
#include "probe/disk/stale.h"
#include "probe/confined/prober.h"
#include "probe/wire/conversation.h"
#include "probe/wire/proxy.h"

struct rounds {
	struct core *core;
	const struct rounds_manners *manners;
	struct rounds_wiring wiring;
	const struct inventory *inventory; /* NULL: nobody can be asked */
	struct prober *prober;
	struct stale *stale; /* certificates on disk */
	struct round *list;  /* one a service */
	struct talks talks;
};

const struct rounds_manners rounds_quiet = { .server_talks_max = 4, .checks_injection = true };
const struct rounds_manners rounds_hurried = { .server_talks_max = 16 };

static const struct service *service_of(const struct rounds *rounds, size_t i)
{
	return &core_services(rounds->core)->list[i];
}

static uint64_t now_of(const struct rounds *rounds)
{
	return core_now(rounds->core).usec;
}

/* The header to begin with. At a published address there may be somebody else who says it. */
static enum proxy_header header_of(const struct rounds *rounds, size_t i, enum vantage vantage)
{
	const struct service *service = service_of(rounds, i);
	enum sight sight = sight_of(vantage);

	if (sight == SIGHT_INSIDE && service->want.proxy_header != PROXY_HEADER_NO)
		return service->want.proxy_header;
	return rounds->list[i].trials[sight].learned;
}

/* Returns 0 when there will be an answer, a positive errno that the connection failed with at once,
 * or -errno. */
static int start(struct rounds *rounds, const struct talk *talk)
{
	const struct rounds_wiring *wiring = &rounds->wiring;
	const struct service *service = service_of(rounds, talk->service);
	const struct service_place *place = place_of(wiring->places, service);
	struct probe_plan plan = { 0 };
	int fd, connect_error, r;

	asking_plan(talk, service, wiring->config, wiring->names,
		    asking_is_local(service, rounds->inventory, place->netns), &plan);
	r = asking_connect(talk, place, rounds->inventory, &plan, &fd, &connect_error);
	if (sight_of(talk->vantage) == SIGHT_INSIDE && (r == -ENOENT || r == -ESTALE) &&
	    wiring->find_way(service->place, wiring->userdata))
		r = asking_connect(talk, place, rounds->inventory, &plan, &fd, &connect_error);
	if (r < 0)
		return r;
	return connect_error ? connect_error : prober_ask(rounds->prober, &plan, fd);
}

static void close_round(struct rounds *rounds, size_t i)
{
	struct round *round = &rounds->list[i];
	struct fact fact;

	if (!round->is_open || round->waiting || round->under_way)
		return;
	round->answers.given &= round->asked;
	answers_combine(&round->answers, &round->combined);
	if (round->combined.complete) {
		answer_merge(&round->combined, &round->disk.found);
		answer_merge(&round->combined, &round->injection.found);
	}
	round->answered = true;
	round->is_open = false; /* the judge may ask again as soon as it knows */
	fact = core_fact(rounds->core, FACT_ANSWER, i);
	fact.answered.answer = round->combined;
	fact.answered.disk = round->disk.disk;
	if (core_post(rounds->core, &fact) < 0) {
		round->is_open = true; /* when all is told again, so is this */
		return;
	}
	if (fact.answered.answer.complete && rounds->wiring.silent &&
	    (fact.answered.answer.finding == FINDING_NO_GREETING ||
	     fact.answered.answer.finding == FINDING_UNREACHABLE))
		rounds->wiring.silent(rounds->wiring.userdata); /* perhaps nobody accepts */
}

/* What the talk brought, for its round or as a lesson. */
static void take_answer(struct rounds *rounds, const struct talk *talk, struct answer *answer)
{
	struct round *round = &rounds->list[talk->service];
	const struct service *service = service_of(rounds, talk->service);
	struct header_trial *trial = &round->trials[sight_of(talk->vantage)];
	const char *name = talk->is_further ? rounds->wiring.names->list[talk->name].name : NULL;
	struct moment now = core_now(rounds->core);

	if (talk->check == PROBE_INJECTION) {
		injection_take(&round->injection, answer, now.usec);
		round->under_way &= ~ROUND_INJECTION;
		return;
	}
	if (talk->is_trial) {
		header_trial_end(trial, talk->header, service->want.tls, answer);
		return;
	}
	header_trial_note(trial, talk->header, service, answer);
	/* At the published address there may be somebody else, with a certificate of his own. */
	if (sight_of(talk->vantage) == SIGHT_INSIDE)
		stale_check(rounds->stale, service, (int64_t)(now.real_usec / USEC_PER_SEC), answer,
			    name, &round->disk);
	round->under_way &= ~(UINT32_C(1) << talk->vantage);
	if (talk->is_further)
		answer_merge_named(&round->answers.list[talk->vantage], answer, name);
	else
		answers_add(&round->answers, talk->vantage, &talk->to.address, answer);
}

static void begin_talk(struct rounds *rounds, struct talk *slot, struct talk talk)
{
	struct round *round = &rounds->list[talk.service];
	uint32_t bit = UINT32_C(1) << talk.vantage;
	struct answer answer = { 0 };
	int r;

	talk.generation = core_generation(rounds->core);
	talks_start(&rounds->talks, &talk, now_of(rounds));
	r = start(rounds, &talk);
	if (r == 0) {
		*slot = talk;
		return;
	}
	if (!talk.is_trial && talk.check == PROBE_CONVERSATION &&
	    round_has_no_vantage(round, talk.vantage, r)) {
		round->under_way &= ~bit;
		round->asked &= ~bit;
		return;
	}
	if (r > 0)
		conversation_unreachable(&answer, r);
	else /* what failed on our side says nothing of the server */
		(void)text_format(answer.detail, sizeof(answer.detail), "connect: %s",
				  strerror(-r));
	take_answer(rounds, &talk, &answer);
}

/* A place for what follows upon @talk, which has just ended; NULL: the next time will do. */
static struct talk *find_next(struct rounds *rounds, const struct talk *talk)
{
	uint64_t never = USEC_NEVER;

	return talks_find(&rounds->talks, talk, now_of(rounds), true, &never);
}

/* A header that was learned from silence is in doubt at each round: one silent moment must leave
 * nothing behind. @talk has ended with @answer, and its place is free. */
static void doubt_header(struct rounds *rounds, struct talk talk, const struct answer *answer)
{
	const struct service *service = service_of(rounds, talk.service);
	const struct header_trial *trial =
		&rounds->list[talk.service].trials[sight_of(talk.vantage)];
	struct talk *slot;

	if (talk.header == PROXY_HEADER_NO || talk.header != trial->learned ||
	    service->want.proxy_header != PROXY_HEADER_NO || !answer->complete)
		return;
	slot = find_next(rounds, &talk);
	if (!slot)
		return;
	talk.is_trial = true;
	talk.header = PROXY_HEADER_NO;
	begin_talk(rounds, slot, talk);
}

/* The same server by its next name, for the first vantage of a round: its certificate may be
 * another.
 * @talk has ended with @answer, and its place is free. */
static void ask_next_name(struct rounds *rounds, struct talk talk, const struct answer *answer)
{
	const struct server_names *names = rounds->wiring.names;
	const struct service *service = service_of(rounds, talk.service);
	struct round *round = &rounds->list[talk.service];
	uint32_t bit = UINT32_C(1) << talk.vantage;
	struct talk *slot;

	talk.name = asking_name(names, service, talk.name + 1);
	if (sight_of(talk.vantage) != SIGHT_INSIDE || round->asked & (bit - 1) ||
	    talk.name >= names->n || !answer->not_after)
		return;
	slot = find_next(rounds, &talk);
	if (!slot)
		return; /* the next round will do */
	talk.is_further = true;
	round->under_way |= bit;
	begin_talk(rounds, slot, talk);
}

/* @talk has ended with @answer, and its place is free. */
static void try_header(struct rounds *rounds, struct talk talk, const struct answer *answer)
{
	const struct service *service = service_of(rounds, talk.service);
	enum sight sight = sight_of(talk.vantage);
	struct header_trial *trial = &rounds->list[talk.service].trials[sight];
	struct talk *slot;

	if (talk.header != PROXY_HEADER_NO || !proxy_may_help(answer) ||
	    (sight == SIGHT_INSIDE && service->want.proxy_header != PROXY_HEADER_NO))
		return;
	slot = header_trial_is_due(trial, now_of(rounds)) ? find_next(rounds, &talk) : NULL;
	if (!slot)
		return;
	talk.is_trial = true;
	talk.header = header_trial_start(trial, now_of(rounds));
	begin_talk(rounds, slot, talk);
}

/* @talk has ended with @answer, and its place is free. */
static void check_injection(struct rounds *rounds, struct talk talk, const struct answer *answer)
{
	struct round *round = &rounds->list[talk.service];
	const struct service *service = service_of(rounds, talk.service);
	uint64_t now = now_of(rounds);
	struct judge_view known;
	struct talk *slot;

	if (!rounds->manners->checks_injection || !rounds->wiring.config->injection_check ||
	    sight_of(talk.vantage) != SIGHT_INSIDE || round->under_way & ROUND_INJECTION ||
	    !injection_is_due(&round->injection, service, answer, now))
		return;
	slot = find_next(rounds, &talk);
	if (!slot)
		return;
	talk.check = PROBE_INJECTION;
	/* Somebody waits for a service to be back; this can be told later. */
	judge_view(core_judge(rounds->core), talk.service, &known);
	if (!known.incident)
		round->under_way |= ROUND_INJECTION;
	injection_take(&round->injection, &(struct answer){ .complete = false },
		       now); /* not again while it runs */
	begin_talk(rounds, slot, talk);
}

static bool start_waiting(struct rounds *rounds, size_t i, enum vantage vantage,
			  uint64_t *next_usec)
{
	struct round *round = &rounds->list[i];
	const struct service *service = service_of(rounds, i);
	const struct service_place *place = place_of(rounds->wiring.places, service);
	struct talk talk = { .service = i,
			     .vantage = vantage,
			     .to = { .netns = sight_of(vantage) == SIGHT_INSIDE ? place->netns : 0,
				     .port = sight_of(vantage) == SIGHT_INSIDE
						     ? service_port_inside(service)
						     : service->want.port,
				     .address = round->addresses[vantage] },
			     .name = asking_name(rounds->wiring.names, service, 0),
			     .header = header_of(rounds, i, vantage) };
	struct talk *slot;

	/* All ports of a unit are one server; of a namespace where no unit is known, too. */
	(void)text_copy(talk.server, sizeof(talk.server),
			service->server.unit_is_guess ? service->server.container
						      : service->server.unit);
	slot = talks_find(&rounds->talks, &talk, now_of(rounds), false, next_usec);
	if (!slot)
		return false;
	round->waiting &= ~(UINT32_C(1) << vantage);
	round->under_way |= UINT32_C(1) << vantage;
	begin_talk(rounds, slot, talk);
	return true;
}

/* What ends at once makes room for others. */
static void start_all(struct rounds *rounds)
{
	const struct service_set *services = core_services(rounds->core);
	uint64_t next = USEC_NEVER;
	bool started = true;

	while (started) {
		started = false;
		next = USEC_NEVER;
		for (size_t i = 0; i < services->n; i++)
			for (int v = 0; v < VANTAGE_COUNT; v++)
				if (rounds->list[i].waiting & UINT32_C(1) << v)
					started |= start_waiting(rounds, i, (enum vantage)v, &next);
	}
	timers_set(core_timers(rounds->core), TIMER_ROUNDS, next);
}

void rounds_go_on(struct rounds *rounds)
{
	start_all(rounds);
	for (size_t i = 0; i < core_services(rounds->core)->n; i++)
		close_round(rounds, i);
}

static void on_due(void *userdata)
{
	rounds_go_on(userdata);
}

static void on_probe(const struct action *action, void *userdata)
{
	struct rounds *rounds = userdata;
	struct round *round = &rounds->list[action->service];

	if (round->is_open)
		return; /* its answer will do */
	round->asked = asking_vantages(
		service_of(rounds, action->service), rounds->inventory,
		place_of(rounds->wiring.places, service_of(rounds, action->service))->netns,
		&rounds->wiring.config->published, round->addresses);
	round->waiting = round->asked;
	round->disk = (struct disk_word){ .disk = DISK_UNKNOWN };
	round->under_way = 0;
	round->is_open = true;
	rounds_go_on(rounds);
}

/* What else is asked, now that @talk has ended with @answer. Names first: the round waits for them.
 */
static void follow_up(struct rounds *rounds, struct talk talk, const struct answer *answer)
{
	if (talk.is_trial || talk.check != PROBE_CONVERSATION)
		return;
	ask_next_name(rounds, talk, answer);
	if (talk.is_further)
		return;
	try_header(rounds, talk, answer);
	doubt_header(rounds, talk, answer);
	check_injection(rounds, talk, answer);
}

static void on_answer(uint64_t id, const struct answer *answer, void *userdata)
{
	struct rounds *rounds = userdata;
	struct answer copy = *answer;

	for (size_t k = 0; k < TALKS_MAX; k++) {
		struct talk talk = rounds->talks.list[k];

		if (talk.id != id)
			continue;
		rounds->talks.list[k].id = 0;
		if (talk.generation != core_generation(rounds->core))
			break;
		take_answer(rounds, &talk, &copy);
		follow_up(rounds, talk, answer);
		close_round(rounds, talk.service);
		break;
	}
	rounds_go_on(rounds);
}

static void forget(struct rounds *rounds, const struct talk *talk)
{
	struct round *round = &rounds->list[talk->service];

	if (talk->check == PROBE_INJECTION) {
		round->under_way &= ~ROUND_INJECTION;
	} else if (!talk->is_trial) {
		round->under_way &= ~(UINT32_C(1) << talk->vantage);
		round->waiting |= UINT32_C(1) << talk->vantage;
	}
}

/* The prober is gone with everything it was asked: the next one is asked again, but for what can
 * wait. */
static void forget_talks(struct rounds *rounds)
{
	for (size_t k = 0; k < TALKS_MAX; k++) {
		struct talk *talk = &rounds->talks.list[k];

		if (talk->id && talk->generation == core_generation(rounds->core))
			forget(rounds, talk);
		talk->id = 0;
	}
	rounds_go_on(rounds); /* a round may have waited for nothing but its injection check */
}

static void on_trouble(const char *why, void *userdata)
{
	struct rounds *rounds = userdata;

	rounds->wiring.troubled(why, rounds->wiring.userdata);
}

int rounds_start_prober(struct rounds *rounds, const char *program, const char *ca_file)
{
	static const struct prober_callbacks callbacks = { .answered = on_answer,
							   .troubled = on_trouble };
	struct prober *fresh;
	int r = prober_start(&fresh, core_event(rounds->core), program, ca_file,
			     &prober_patience_default, &callbacks, rounds);

	if (r < 0)
		return r;
	prober_free(rounds->prober);
	rounds->prober = fresh;
	forget_talks(rounds);
	return 0;
}

void rounds_see(struct rounds *rounds, const struct inventory *inventory)
{
	rounds->inventory = inventory;
}

struct round *rounds_prepare(const struct rounds *rounds, const struct service_set *fresh)
{
	const struct service_set *before = core_services(rounds->core);
	struct round *prepared = calloc(fresh->n + 1, sizeof(*prepared));

	for (size_t i = 0; prepared && i < fresh->n; i++) {
		const struct service *was = service_set_find_same(before, &fresh->list[i]);

		if (was)
			prepared[i] = round_moved(&rounds->list[was - before->list]);
	}
	return prepared;
}

void rounds_take(struct rounds *rounds, struct round *prepared)
{
	free(rounds->list);
	rounds->list = prepared;
}

void rounds_on_opened(struct rounds *rounds, size_t i)
{
	rounds->list[i].injection.due_usec = 0;
}

void rounds_note(struct rounds *rounds, const struct fact *fact)
{
	if ((fact->kind == FACT_COVERAGE && fact->coverage.coverage == COVERAGE_NONE) ||
	    (fact->kind == FACT_PLACE && fact->place.place == PLACE_GONE))
		round_forget_seen(&rounds->list[fact->service]);
}

enum disk rounds_disk(const struct rounds *rounds, size_t i)
{
	return rounds->list[i].disk.disk;
}

bool rounds_show(const struct rounds *rounds, size_t i, const struct answer **ret_combined,
		 const struct answers **ret_answers)
{
	*ret_combined = &rounds->list[i].combined;
	*ret_answers = &rounds->list[i].answers;
	return rounds->list[i].answered;
}

int rounds_new(struct core *core, const struct rounds_manners *manners,
	       const struct rounds_wiring *wiring, struct rounds **ret)
{
	cleanup(rounds_freep) struct rounds *rounds = calloc(1, sizeof(*rounds));

	if (!rounds || stale_new(&rounds->stale) < 0)
		return -ENOMEM;
	rounds->core = core;
	rounds->manners = manners;
	rounds->wiring = *wiring;
	rounds->talks.server_max = manners->server_talks_max;
	core_handle(core, ACTION_PROBE, on_probe, rounds);
	timers_handle(core_timers(core), TIMER_ROUNDS, 0, on_due, rounds);
	*ret = TAKE_PTR(rounds);
	return 0;
}

void rounds_free(struct rounds *rounds)
{
	if (!rounds)
		return;
	prober_free(rounds->prober);
	stale_free(rounds->stale);
	free(rounds->list);
	free(rounds);
}
