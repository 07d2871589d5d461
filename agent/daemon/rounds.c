// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/rounds.h"

#include <errno.h>
#include <string.h>

#include "agent/daemon/daemon.h"
#include "agent/daemon/vantage.h"
#include "base/text.h"
#include "probe/wire/conversation.h"
#include "probe/wire/proxy.h"

#define PAUSE_USEC (1 * USEC_PER_SEC) /* between two conversations at one place */
#define TRIAL_MIN_USEC \
	(10 * USEC_PER_SEC) /* between two trials; four times as long after each in vain ... */
#define TRIAL_MAX_USEC (3600 * USEC_PER_SEC) /* ... up to this */
#define TRIAL_USEC                                                                                \
	(3 * USEC_PER_SEC) /* a round may wait for it. Who talks behind a header does so at once, \
			      postscreen the second time */
#define ONCE_TALKS_MAX 16

static enum sight sight_of(enum vantage vantage)
{
	return vantage == VANTAGE_INSIDE_IPV4 || vantage == VANTAGE_INSIDE_IPV6 ? SIGHT_INSIDE
										: SIGHT_PUBLISHED;
}

static bool is_same_place(const struct destination *a, const struct destination *b)
{
	return a->netns == b->netns && a->port == b->port &&
	       address_equal(&a->address, &b->address);
}

/* All ports of a unit are one server; of a namespace where no unit is known, too. */
static const char *server_of(const struct service *service)
{
	return service->server.unit_is_guess ? "" : service->server.unit;
}

static struct destination place_of(const struct daemon *daemon, size_t i, enum vantage vantage)
{
	return (struct destination){
		.netns = sight_of(vantage) == SIGHT_INSIDE ? daemon->netns : 0,
		.port = daemon->intent.services.list[i].want.port,
		.address = daemon->rounds[i].addresses[vantage],
	};
}

/* A free place for a talk, or NULL: there are enough with this server, or somebody talks there
 * already, or has a moment ago (*@next_usec then says when it may be tried). */
static struct talk *find_slot(struct daemon *daemon, const char *server,
			      const struct destination *place, uint64_t now, bool is_trial,
			      uint64_t *next_usec)
{
	struct rounds *rounds = &daemon->talking;
	size_t most = daemon->once ? ONCE_TALKS_MAX : ROUNDS_SERVER_TALKS_MAX, n = 0;
	struct talk *slot = NULL;

	for (size_t i = 0; i < ROUNDS_TALKS_MAX; i++) {
		struct talk *talk = &rounds->talks[i];

		if (!talk->id) {
			slot = talk;
			continue;
		}
		if (is_same_place(&talk->place, place))
			return NULL;
		n += strcmp(talk->server, server) == 0;
	}
	if (n >= most)
		return NULL;
	for (size_t i = 0; i < ROUNDS_RECENT_MAX && !is_trial; i++) {
		const struct recent *recent = &rounds->recent[i];
		uint64_t free_at = recent->started_usec + PAUSE_USEC;

		if (!recent->started_usec || free_at <= now ||
		    !is_same_place(&recent->place, place))
			continue;
		if (free_at < *next_usec)
			*next_usec = free_at;
		return NULL;
	}
	return slot;
}

/* The oldest is forgotten: so many starts within one pause would be the smaller trouble. */
static void remember_start(struct rounds *rounds, const struct destination *place, uint64_t now)
{
	struct recent *oldest = &rounds->recent[0];

	for (size_t i = 0; i < ROUNDS_RECENT_MAX; i++)
		if (rounds->recent[i].started_usec < oldest->started_usec)
			oldest = &rounds->recent[i];
	*oldest = (struct recent){ .place = *place, .started_usec = now };
}

/* The header to begin with. At a published address there may be somebody else who says it. */
static enum proxy_header header_of(const struct daemon *daemon, size_t i, enum vantage vantage)
{
	const struct service *service = &daemon->intent.services.list[i];
	enum sight sight = sight_of(vantage);

	if (sight == SIGHT_INSIDE && service->want.proxy_header != PROXY_HEADER_NO)
		return service->want.proxy_header;
	return daemon->rounds[i].trials[sight].learned;
}

static void fill_plan(const struct daemon *daemon, const struct talk *talk, struct probe_plan *plan)
{
	const struct service *service = &daemon->intent.services.list[talk->service];

	plan->id = talk->id;
	plan->protocol = service->want.protocol;
	plan->tls = service->want.tls;
	plan->proxy_header = talk->header;
	plan->timeout_usec = daemon->config.probe_timeout_usec;
	plan->check = talk->check;
	if ((talk->is_trial || talk->check != PROBE_CONVERSATION) &&
	    plan->timeout_usec > TRIAL_USEC)
		plan->timeout_usec = TRIAL_USEC;
	plan->certificate_warn_usec = daemon->config.certificate_warn_usec;
	plan->trust = service->want.trust;
	trust_complete(&plan->trust, &daemon->config.trust);
	(void)text_copy(plan->server_name, sizeof(plan->server_name), daemon->server_name);
	if (strchr(daemon->server_name,
		   '.')) /* else an address literal: a bare name is often refused */
		(void)text_copy(plan->helo_name, sizeof(plan->helo_name), daemon->server_name);
	(void)text_copy(plan->ca_file, sizeof(plan->ca_file), daemon->config.ca_file);
	plan->address_size =
		address_to_sockaddr(&talk->place.address, talk->place.port, &plan->address);
}

static int connect_there(const struct daemon *daemon, bool inside, const struct probe_plan *plan,
			 int *ret_fd, int *ret_connect_error)
{
	const char *path = inside && *daemon->netns_path ? daemon->netns_path : NULL;

	return vantage_socket(path, inside ? daemon->netns : 0,
			      (const struct sockaddr *)&plan->address, plan->address_size, ret_fd,
			      ret_connect_error);
}

/* Returns 0 when there will be an answer, a positive errno that the connection failed with at once,
 * or -errno. */
static int start(struct daemon *daemon, const struct talk *talk)
{
	bool inside = sight_of(talk->vantage) == SIGHT_INSIDE;
	struct probe_plan plan = { 0 };
	int fd, connect_error, r;

	fill_plan(daemon, talk, &plan);
	r = connect_there(daemon, inside, &plan, &fd, &connect_error);
	if (inside && (r == -ENOENT || r == -ESTALE) &&
	    !place_find(daemon)) /* the process that it led over is gone */
		r = connect_there(daemon, inside, &plan, &fd, &connect_error);
	if (r < 0)
		return r;
	return connect_error ? connect_error : prober_ask(daemon->prober, &plan, fd);
}

static void close_round(struct daemon *daemon, size_t i)
{
	struct round *round = &daemon->rounds[i];
	struct fact fact = { .kind = FACT_ANSWER, .service = i };

	if (!round->is_open || round->waiting || round->under_way)
		return;
	round->is_open = false;
	round->answers.given &= round->asked;
	answers_combine(&round->answers, &round->combined);
	if (round->combined.complete)
		answer_merge(&round->combined, &round->injection.found);
	round->answered = true;
	fact.answer = round->combined;
	facts_feed(daemon, &fact);
	if (fact.answer.complete && (fact.answer.finding == FINDING_NO_GREETING ||
				     fact.answer.finding == FINDING_UNREACHABLE))
		queues_look_soon(daemon); /* perhaps nobody accepts */
}

/* A host can listen on "::" and yet have no ::1: then there is nothing to be reached, and nothing
 * to be said. */
static bool is_no_vantage(const struct round *round, enum vantage vantage, int r)
{
	static const struct address loopback = { .family = AF_INET6, .bytes = { [15] = 1 } };

	return address_equal(&round->addresses[vantage], &loopback) &&
	       round->asked != UINT32_C(1) << vantage &&
	       (r == EADDRNOTAVAIL || r == ENETUNREACH || r == -EAFNOSUPPORT);
}

/* What the talk brought, for its round or as a lesson. */
static void take_answer(struct daemon *daemon, const struct talk *talk, struct answer *answer)
{
	struct round *round = &daemon->rounds[talk->service];
	const struct service *service = &daemon->intent.services.list[talk->service];
	struct header_trial *trial = &round->trials[sight_of(talk->vantage)];
	char option[SERVICE_NAME_SIZE + 64];

	if (talk->check == PROBE_INJECTION) {
		injection_take(&round->injection, answer, daemon_now(daemon).usec);
		round->under_way &= ~ROUND_INJECTION;
		return;
	}
	if (talk->is_trial) {
		if (proxy_has_helped(answer, service->want.tls))
			trial->learned = talk->header;
		return;
	}
	if (proxy_has_helped(answer, service->want.tls))
		trial->tries = 0;
	if (trial->learned && talk->header == trial->learned) {
		(void)text_format(option, sizeof(option), "\"proxy-header = %s\" in [listener %s]",
				  talk->header == PROXY_HEADER_V1 ? "v1" : "v2", service->name);
		if (!proxy_has_helped(answer, service->want.tls)) /* no longer */
			trial->learned = PROXY_HEADER_NO;
		else if (service->want.proxy_header == PROXY_HEADER_NO)
			proxy_explain(answer, option);
	}
	/* At the published address there may be somebody else, with a certificate of his own. */
	if (sight_of(talk->vantage) == SIGHT_INSIDE)
		stale_check(daemon->stale, service,
			    (int64_t)(daemon_now(daemon).real_usec / USEC_PER_SEC), answer);
	round->under_way &= ~(UINT32_C(1) << talk->vantage);
	answers_add(&round->answers, talk->vantage, &talk->place.address, answer);
}

static void begin_talk(struct daemon *daemon, struct talk *slot, struct talk talk)
{
	struct round *round = &daemon->rounds[talk.service];
	uint32_t bit = UINT32_C(1) << talk.vantage;
	struct answer answer = { 0 };
	int r;

	talk.id = ++daemon->talking.last_id;
	talk.generation = daemon->generation;
	remember_start(&daemon->talking, &talk.place, daemon_now(daemon).usec);
	r = start(daemon, &talk);
	if (r == 0) {
		*slot = talk;
		return;
	}
	if (!talk.is_trial && talk.check == PROBE_CONVERSATION &&
	    is_no_vantage(round, talk.vantage, r)) {
		round->under_way &= ~bit;
		round->asked &= ~bit;
		return;
	}
	if (r > 0)
		conversation_unreachable(&answer, r);
	else /* what failed on our side says nothing of the server */
		(void)text_format(answer.detail, sizeof(answer.detail), "connect: %s",
				  strerror(-r));
	take_answer(daemon, &talk, &answer);
}

static uint64_t trial_pause(unsigned int tries)
{
	uint64_t pause = TRIAL_MIN_USEC;

	while (--tries > 0 && pause < TRIAL_MAX_USEC)
		pause *= 4;
	return pause < TRIAL_MAX_USEC ? pause : TRIAL_MAX_USEC;
}

/* @talk has ended with @answer, and its place is free. */
static void try_header(struct daemon *daemon, struct talk talk, const struct answer *answer)
{
	const struct service *service = &daemon->intent.services.list[talk.service];
	enum sight sight = sight_of(talk.vantage);
	struct header_trial *trial = &daemon->rounds[talk.service].trials[sight];
	uint64_t now = daemon_now(daemon).usec, later = USEC_NEVER;
	struct talk *slot;

	if (talk.header != PROXY_HEADER_NO || !proxy_may_help(answer) ||
	    (sight == SIGHT_INSIDE && service->want.proxy_header != PROXY_HEADER_NO))
		return;
	if (trial->tries && now - trial->tried_usec < trial_pause(trial->tries))
		return;
	slot = find_slot(daemon, talk.server, &talk.place, now, true, &later);
	if (!slot)
		return; /* the next failure will do */
	trial->tried_usec = now;
	talk.is_trial = true;
	talk.header = trial->tries++ % 2 ? PROXY_HEADER_V1 : PROXY_HEADER_V2;
	begin_talk(daemon, slot, talk);
}

/* Likewise. */
static void check_injection(struct daemon *daemon, struct talk talk, const struct answer *answer)
{
	struct round *round = &daemon->rounds[talk.service];
	const struct service *service = &daemon->intent.services.list[talk.service];
	uint64_t now = daemon_now(daemon).usec, later = USEC_NEVER;
	struct judge_view view;
	struct talk *slot;

	if (daemon->once || !daemon->config.injection_check ||
	    sight_of(talk.vantage) != SIGHT_INSIDE || round->under_way & ROUND_INJECTION ||
	    !injection_is_due(&round->injection, service, answer, now))
		return;
	slot = find_slot(daemon, talk.server, &talk.place, now, true, &later);
	if (!slot)
		return; /* the next round will do */
	talk.check = PROBE_INJECTION;
	/* Somebody waits for a service to be back; this can be told later. */
	judge_view(daemon->judge, talk.service, &view);
	if (!view.incident)
		round->under_way |= ROUND_INJECTION;
	injection_take(&round->injection, &(struct answer){ .complete = false },
		       now); /* not again while it runs */
	begin_talk(daemon, slot, talk);
}

static bool start_waiting(struct daemon *daemon, size_t i, enum vantage vantage)
{
	struct round *round = &daemon->rounds[i];
	const char *server = server_of(&daemon->intent.services.list[i]);
	struct talk talk = { .service = i,
			     .vantage = vantage,
			     .place = place_of(daemon, i, vantage),
			     .header = header_of(daemon, i, vantage) };
	struct talk *slot = find_slot(daemon, server, &talk.place, daemon_now(daemon).usec, false,
				      &daemon->talking.next_usec);

	if (!slot)
		return false;
	(void)text_copy(talk.server, sizeof(talk.server), server);
	round->waiting &= ~(UINT32_C(1) << vantage);
	round->under_way |= UINT32_C(1) << vantage;
	begin_talk(daemon, slot, talk);
	close_round(daemon, i);
	return true;
}

void rounds_go_on(struct daemon *daemon)
{
	bool started = true;

	/* What ends at once feeds the judge, which may ask anew; whoever is at it sees that too. */
	if (daemon->talking.is_starting)
		return;
	daemon->talking.is_starting = true;
	daemon->talking.next_usec = USEC_NEVER;
	while (started) {
		started = false;
		for (size_t i = 0; i < daemon->intent.services.n; i++)
			for (int v = 0; v < VANTAGE_COUNT; v++)
				if (daemon->rounds[i].waiting & UINT32_C(1) << v)
					started |= start_waiting(daemon, i, (enum vantage)v);
	}
	daemon->talking.is_starting = false;
	daemon_arm(daemon);
}

static uint32_t vantages_of(const struct daemon *daemon, size_t i,
			    struct address addresses[static VANTAGE_COUNT])
{
	const struct service *service = &daemon->intent.services.list[i];
	const struct inventory *inventory =
		daemon->observer ? observer_inventory(daemon->observer) : NULL;
	uint32_t inside = 0;

	if (inventory)
		inside = vantage_inside(inventory->list, inventory->n, daemon->netns,
					service->want.port, addresses);
	/* Where nobody listens any more, the published address says nothing of the service. */
	return inside ? inside | vantage_published(service, &daemon->config.published, addresses)
		      : 0;
}

void rounds_ask(struct daemon *daemon, size_t i)
{
	struct round *round = &daemon->rounds[i];

	if (round->is_open)
		return; /* its answer will do */
	round->asked = vantages_of(daemon, i, round->addresses);
	round->waiting = round->asked;
	round->under_way = 0;
	round->is_open = true;
	close_round(daemon, i); /* where there is nobody to be asked */
	rounds_go_on(daemon);
}

static void on_answer(uint64_t id, const struct answer *answer, void *userdata)
{
	struct daemon *daemon = userdata;
	struct answer copy = *answer;

	for (size_t k = 0; k < ROUNDS_TALKS_MAX; k++) {
		struct talk talk = daemon->talking.talks[k];

		if (talk.id != id)
			continue;
		daemon->talking.talks[k].id = 0;
		if (talk.generation == daemon->generation) {
			take_answer(daemon, &talk, &copy);
			if (!talk.is_trial && talk.check == PROBE_CONVERSATION) {
				try_header(daemon, talk, answer);
				check_injection(daemon, talk, answer);
			}
			close_round(daemon, talk.service);
		}
		break;
	}
	rounds_go_on(daemon);
}

/* The prober is gone with everything it was asked: the next one is asked again, but for what can
 * wait. */
static void forget_talks(struct daemon *daemon)
{
	bool any = false;

	for (size_t k = 0; k < ROUNDS_TALKS_MAX; k++) {
		struct talk *talk = &daemon->talking.talks[k];
		struct round *round;

		if (talk->id && talk->generation == daemon->generation) {
			round = &daemon->rounds[talk->service];
			any = true;
			if (talk->check == PROBE_INJECTION) {
				round->under_way &= ~ROUND_INJECTION;
			} else if (!talk->is_trial) {
				round->under_way &= ~(UINT32_C(1) << talk->vantage);
				round->waiting |= UINT32_C(1) << talk->vantage;
			}
		}
		talk->id = 0;
	}
	/* A round may have waited for nothing but its injection check. */
	for (size_t i = 0; any && i < daemon->intent.services.n; i++)
		close_round(daemon, i);
	if (any)
		rounds_go_on(daemon);
}

static void on_trouble(const char *why, void *userdata)
{
	struct daemon *daemon = userdata;

	if (why)
		degraded_begin(daemon, DEGRADED_PROBER, why);
	else
		degraded_end(daemon, DEGRADED_PROBER, "the prober process has lived for a minute");
	daemon_arm(daemon);
}

int rounds_start_prober(struct daemon *daemon, const char *ca_file)
{
	static const struct prober_callbacks callbacks = { .answered = on_answer,
							   .troubled = on_trouble };
	struct prober *fresh;
	int r = prober_start(&fresh, daemon->event, PROBER_SELF, ca_file, &prober_patience_default,
			     &callbacks, daemon);

	if (r < 0)
		return r;
	prober_free(daemon->prober);
	daemon->prober = fresh;
	degraded_end(daemon, DEGRADED_PROBER, "the prober process was replaced");
	forget_talks(daemon);
	return 0;
}

struct round rounds_move(const struct round *round)
{
	struct round moved = *round;

	moved.is_open = false;
	moved.asked = moved.waiting = moved.under_way = 0;
	return moved;
}
