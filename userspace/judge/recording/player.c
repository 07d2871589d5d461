// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/recording/player.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/recording/fields_json.h"
#include "judge/state.h"
#include "judge/state_fields.h"
#include "model/fact_fields.h"

/* Lines that must follow, until there is a judge again. */
struct awaited {
	bool is_set; /* else all of a judge */
	size_t incidents, budgets, services;
};

struct player {
	const struct player_callbacks *callbacks;
	void *userdata;
	struct judge *judge;	/* that decides; NULL: none */
	struct judge *made;	/* of the lines so far, until all are there */
	struct service_set set; /* another one, likewise */
	struct awaited awaited;
	char by[32];
	bool has_told_unknown;
	bool passes_over; /* what a bad line makes meaningless, up to the next begin */
	struct fact fact; /* the newest, */
	struct moment at;
	struct actions actions; /* what followed from it now, */
	json_t *did;		/* and that as a line; NULL: nothing waits to be compared */
	struct player_counts counts;
	struct fields_reading reading;
	char why[256];
};

static int refuse(struct player *player, int r, const char *why)
{
	(void)text_copy(player->why, sizeof(player->why), why);
	text_sanitize(player->why);
	return r;
}

/* Reads an object that a line has under @name. */
static int take_fields(struct player *player, const struct fields *fields, const json_t *line,
		       const char *name, void *to)
{
	json_t *from = json_object_get(line, name);
	int r;

	memset(&player->reading, 0, sizeof(player->reading));
	if (!from) {
		(void)text_format(player->reading.why, sizeof(player->reading.why),
				  "it has no \"%s\"", name);
		return refuse(player, -EBADMSG, player->reading.why);
	}
	r = fields_read(fields, from, to, &player->reading);
	if (r < 0)
		return refuse(player, r, player->reading.why);
	if (*player->reading.unknown && !player->has_told_unknown) {
		player->has_told_unknown = true;
		if (player->callbacks->unknown)
			player->callbacks->unknown(player->reading.unknown, player->by,
						   player->userdata);
	}
	return 0;
}

static int take_count(struct player *player, const json_t *line, const char *name, size_t max,
		      size_t *ret)
{
	const json_t *value = json_object_get(line, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return refuse(player, -EBADMSG,
			      "how many lines follow is not told, or too many do");
	*ret = (size_t)json_integer_value(value);
	return 0;
}

static int take_moment(struct player *player, const json_t *line, struct moment *ret)
{
	const json_t *at = json_object_get(line, "at");
	const json_t *usec = json_array_get(at, 0), *real = json_array_get(at, 1);

	if (!json_is_integer(usec) || !json_is_integer(real) || json_integer_value(usec) < 0 ||
	    json_integer_value(real) < 0)
		return refuse(player, -EBADMSG, "\"at\" is not two moments");
	ret->usec = (uint64_t)json_integer_value(usec);
	ret->real_usec = (uint64_t)json_integer_value(real);
	return 0;
}

/* -- what is compared */

static void tell(struct player *player, const json_t *then)
{
	const struct player_turn turn = {
		.fact = &player->fact,
		.at = player->at,
		.services = judge_services(player->judge),
		.actions = &player->actions,
		.now = player->did,
		.then = then,
		.differs = !json_equal(player->did, then),
	};

	player->counts.decisions += !json_is_null(player->did);
	player->counts.differences += turn.differs;
	if (player->callbacks->turned && (turn.differs || !json_is_null(player->did)))
		player->callbacks->turned(&turn, player->userdata);
	json_decref(player->did);
	player->did = NULL;
}

/* Another line came, and no did line before it. */
static void tell_nothing(struct player *player)
{
	if (player->did)
		tell(player, json_null());
}

static void forget(struct player *player)
{
	json_decref(player->did);
	player->did = NULL;
}

/* -- what a judge is made of */

static void drop_made(struct player *player)
{
	judge_free(player->made);
	player->made = NULL;
	service_set_clear(&player->set);
	memset(&player->awaited, 0, sizeof(player->awaited));
}

static void drop(struct player *player)
{
	forget(player);
	drop_made(player);
	judge_free(player->judge);
	player->judge = NULL;
}

static bool awaits(const struct player *player)
{
	return player->awaited.incidents || player->awaited.budgets || player->awaited.services;
}

static bool is_sound(const struct judge *judge)
{
	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++)
		if (judge->incidents[k].is_open &&
		    judge->incidents[k].first_service >= judge->services.n)
			return false;
	for (size_t i = 0; i < judge->services.n; i++) {
		const struct outage *outage = &judge->watches[i].outage;

		if (outage->incident < -1 || outage->incident >= JUDGE_INCIDENTS_MAX ||
		    outage->named < -1 || outage->named >= JUDGE_INCIDENTS_MAX ||
		    (outage->incident >= 0 && !judge->incidents[outage->incident].is_open))
			return false;
	}
	return true;
}

/* All lines are there. */
static int complete(struct player *player)
{
	int r = 0;

	if (awaits(player))
		return 0;
	if (player->made && !is_sound(player->made)) {
		drop_made(player);
		return refuse(player, -EBADMSG,
			      "what the lines before it tell of a judge cannot be");
	}
	if (player->made) {
		judge_free(player->judge);
		player->judge = TAKE_PTR(player->made);
	} else if (player->awaited.is_set) {
		r = judge_take_services(player->judge, &player->judge->policy, &player->set);
	}
	drop_made(player);
	return r;
}

/* A judge with room for @n services, which are still nobody. */
static int make(struct player *player, const json_t *line, size_t n)
{
	struct service_set set = { .list = calloc(n ? n : 1, sizeof(*set.list)), .n = n };
	struct judge read;
	int r = set.list ? take_fields(player, &judge_fields, line, "judge", &read) : -ENOMEM;

	if (r >= 0)
		r = judge_new(&read.policy, &set, read.seed, &player->made);
	if (r >= 0)
		player->made->counts = read.counts;
	service_set_clear(&set);
	return r;
}

static int on_begin(struct player *player, const json_t *line)
{
	const json_t *version = json_object_get(line, "recording");
	const char *by = json_string_value(json_object_get(line, "hearken"));
	struct awaited awaited = { 0 };
	struct moment at;
	int r;

	drop(player);
	player->passes_over = false;
	if (!json_is_integer(version) || !by)
		return refuse(player, -EBADMSG, "it begins no recording");
	if (json_integer_value(version) != RECORDING_VERSION)
		return refuse(player, -EPROTONOSUPPORT,
			      "it is a recording of another version than this Hearken knows");
	(void)text_copy(player->by, sizeof(player->by), by);
	text_sanitize(player->by);
	player->has_told_unknown = false;
	r = take_count(player, line, "incidents", JUDGE_INCIDENTS_MAX, &awaited.incidents);
	if (r >= 0)
		r = take_count(player, line, "budgets", BUDGET_TARGETS_MAX, &awaited.budgets);
	if (r >= 0)
		r = take_count(player, line, "services", SERVICES_MAX, &awaited.services);
	if (r >= 0)
		r = take_moment(player, line, &at);
	if (r >= 0)
		r = make(player, line, awaited.services);
	if (r < 0)
		return r;
	player->awaited = awaited;
	player->counts.recordings++;
	if (player->callbacks->begun)
		player->callbacks->begun(player->by, at, player->userdata);
	return complete(player);
}

static int on_set(struct player *player, const json_t *line)
{
	struct policy policy;
	size_t n;
	int r;

	if (!player->judge)
		return refuse(player, -EBADMSG, "nothing has begun before it");
	tell_nothing(player);
	r = take_count(player, line, "services", SERVICES_MAX, &n);
	if (r >= 0)
		r = take_fields(player, &policy_fields, line, "policy", &policy);
	if (r < 0)
		return r;
	player->judge->policy = policy;
	player->set.list = calloc(n ? n : 1, sizeof(*player->set.list));
	if (!player->set.list)
		return -ENOMEM;
	player->set.n = n;
	player->awaited = (struct awaited){ .is_set = true, .services = n };
	return complete(player);
}

static int on_incident(struct player *player, const json_t *line)
{
	size_t k;
	int r;

	if (!player->made || !player->awaited.incidents)
		return refuse(player, -EBADMSG, "no incident is to be told here");
	r = take_count(player, line, "place", JUDGE_INCIDENTS_MAX - 1, &k);
	if (r >= 0)
		r = take_fields(player, &incident_fields, line, "incident",
				&player->made->incidents[k]);
	player->awaited.incidents--;
	return r < 0 ? r : complete(player);
}

static int on_budget(struct player *player, const json_t *line)
{
	int r;

	if (!player->made || !player->awaited.budgets)
		return refuse(player, -EBADMSG, "no budget is to be told here");
	r = take_fields(player, &budget_fields, line, "budget",
			&player->made->budgets.list[player->made->budgets.n]);
	player->made->budgets.n++;
	player->awaited.budgets--;
	return r < 0 ? r : complete(player);
}

static int on_service(struct player *player, const json_t *line)
{
	struct service_set *set = player->made ? &player->made->services : &player->set;
	size_t i;
	int r;

	if (!player->awaited.services)
		return refuse(player, -EBADMSG, "no service is to be told here");
	i = set->n - player->awaited.services--;
	r = take_fields(player, &service_fields, line, "service", &set->list[i]);
	if (r >= 0 && player->made)
		r = take_fields(player, &watch_fields, line, "watch", &player->made->watches[i]);
	return r < 0 ? r : complete(player);
}

/* -- what it is told */

static int take_fact(struct player *player, const json_t *line, struct fact *ret)
{
	const char *word = json_string_value(json_object_get(line, "fact")), *name;
	const struct fields *fields;
	size_t offset;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	while ((name = fact_word(ret->kind)) && word && strcmp(name, word) != 0)
		ret->kind++;
	if (!name || !word)
		return refuse(player, -EBADMSG, "it is a fact of no kind that is known here");
	if (!recording_is_result(ret))
		r = take_count(player, line, "service", SERVICES_MAX, &ret->service);
	fields = fact_fields_of(ret->kind, &offset);
	if (r >= 0 && fields)
		r = take_fields(player, fields, line, "says", (char *)ret + offset);
	if (r >= 0 && ret->service >= judge_services(player->judge)->n && !recording_is_result(ret))
		r = refuse(player, -EBADMSG, "it is of a service that nobody has told of");
	return r;
}

static int on_fact(struct player *player, const json_t *line)
{
	struct recording_state before;
	int r;

	if (!player->judge)
		return refuse(player, -EBADMSG, "nothing has begun before it");
	tell_nothing(player);
	r = take_moment(player, line, &player->at);
	if (r >= 0)
		r = take_fact(player, line, &player->fact);
	if (r < 0)
		return r;
	recording_state(player->judge, &player->fact, player->at, &before);
	judge_feed(player->judge, &player->fact, player->at, &player->actions);
	player->counts.facts++;
	player->did =
		recording_did(player->judge, &player->fact, player->at, &before, &player->actions);
	return player->did ? 0 : -ENOMEM;
}

static int on_did(struct player *player, const json_t *line)
{
	if (!player->did)
		return refuse(player, -EBADMSG,
			      "there is no fact that it could have followed from");
	tell(player, line);
	return 0;
}

static int dispatch(struct player *player, const json_t *line)
{
	static const struct {
		const char *kind;
		int (*take)(struct player *player, const json_t *line);
		bool goes_on; /* until all that makes a judge is there, nothing else may come */
	} kinds[] = {
		{ "begin", on_begin, true },	   { "set", on_set, false },
		{ "incident", on_incident, true }, { "budget", on_budget, true },
		{ "service", on_service, true },   { "fact", on_fact, false },
		{ "did", on_did, false },
	};
	const char *kind = json_string_value(json_object_get(line, "kind"));

	if (player->passes_over && (!kind || strcmp(kind, "begin") != 0))
		return 0;
	for (size_t i = 0; kind && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kind, kinds[i].kind) != 0)
			continue;
		if (awaits(player) && !kinds[i].goes_on)
			return refuse(player, -EBADMSG,
				      "lines are missing before it that tell of a service");
		return kinds[i].take(player, line);
	}
	return refuse(player, -EBADMSG, "it is no line of a recording");
}

int player_take(struct player *player, const char *line, size_t size)
{
	cleanup(json_decrefp) json_t *object = NULL;
	json_error_t error;
	int r;

	*player->why = '\0';
	if (size > RECORDING_LINE_MAX) {
		r = refuse(player, -EBADMSG, "it is longer than a line of a recording can be");
	} else {
		object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
		r = object ? dispatch(player, object) : refuse(player, -EBADMSG, error.text);
	}
	if (r < 0) { /* what follows would be about another state */
		drop(player);
		player->passes_over = true;
	}
	return r;
}

int player_end(struct player *player)
{
	*player->why = '\0';
	forget(player);
	return awaits(player) ? refuse(player, -EBADMSG,
				       "lines are missing at its end that tell of a service")
			      : 0;
}

const char *player_why(const struct player *player)
{
	return *player->why ? player->why : "memory is short";
}

const struct player_counts *player_counts(const struct player *player)
{
	return &player->counts;
}

const struct judge *player_judge(const struct player *player)
{
	return player->judge;
}

int player_new(const struct player_callbacks *callbacks, void *userdata, struct player **ret)
{
	static const struct player_callbacks none;
	struct player *player = calloc(1, sizeof(*player));

	if (!player)
		return -ENOMEM;
	player->callbacks = callbacks ? callbacks : &none;
	player->userdata = userdata;
	*ret = player;
	return 0;
}

void player_free(struct player *player)
{
	if (!player)
		return;
	drop(player);
	free(player);
}
