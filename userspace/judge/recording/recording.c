// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/recording/recording.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "judge/recording/fields_json.h"
#include "judge/recording/veil.h"
#include "judge/state.h"
#include "judge/state_fields.h"
#include "model/fact_fields.h"

/* clang-format off */
#define STATE(F, S)                         \
	F(S, WORD, verdict, verdict_word)   \
	F(S, WORD, finding, finding_word)   \
	F(S, WORD, cause, cause_word)       \
	F(S, WORD, repair, repair_word)     \
	F(S, TEXT, incident)                \
	F(S, UNSIGNED, since_usec)          \
	F(S, UNSIGNED, downtime_usec)
FIELDS(state, struct recording_state, STATE)
/* clang-format on */

bool recording_is_result(const struct fact *fact)
{
	return fact->kind == FACT_CHECKED || fact->kind == FACT_REPAIRED;
}

static json_t *moment(struct moment now)
{
	return json_pack("[I, I]", (json_int_t)now.usec, (json_int_t)now.real_usec);
}

/* Takes @line. */
static int put(json_t *line, const struct recording_sink *sink)
{
	int r = line ? sink->line(line, sink->userdata) : -ENOMEM;

	json_decref(line);
	return r;
}

/* Also one that is over: its repair may not be. */
static bool is_used(const struct incident *incident)
{
	return *incident->id;
}

static int put_incidents(const struct judge *judge, const struct recording_sink *sink)
{
	int r = 0;

	for (int k = 0; k < JUDGE_INCIDENTS_MAX && r >= 0; k++)
		if (is_used(&judge->incidents[k]))
			r = put(json_pack("{s:s, s:i, s:o}", "kind", "incident", "place", k,
					  "incident",
					  fields_write(&incident_fields, &judge->incidents[k],
						       &judge->services)),
				sink);
	return r;
}

static int put_budgets(const struct judge *judge, const struct recording_sink *sink)
{
	int r = 0;

	for (size_t k = 0; k < judge->budgets.n && r >= 0; k++) {
		struct budget budget = judge->budgets.list[k];

		veil_command(&judge->services, judge->budgets.list[k].target, budget.target,
			     sizeof(budget.target));
		r = put(json_pack("{s:s, s:o}", "kind", "budget", "budget",
				  fields_write(&budget_fields, &budget, &judge->services)),
			sink);
	}
	return r;
}

static int put_services(const struct judge *judge, bool with_watch,
			const struct recording_sink *sink)
{
	int r = 0;

	for (size_t i = 0; i < judge->services.n && r >= 0; i++) {
		json_t *line = json_pack(
			"{s:s, s:o}", "kind", "service", "service",
			fields_write(&service_fields, &judge->services.list[i], &judge->services));

		if (line && with_watch)
			json_object_set_new(
				line, "watch",
				fields_write(&watch_fields, &judge->watches[i], &judge->services));
		r = put(line, sink);
	}
	return r;
}

int recording_put_state(const struct judge *judge, const char *by, struct moment now,
			const struct recording_sink *sink)
{
	int used = 0, r;

	for (int k = 0; k < JUDGE_INCIDENTS_MAX; k++)
		used += is_used(&judge->incidents[k]);
	r = put(json_pack("{s:s, s:i, s:s, s:o, s:o, s:i, s:i, s:i}", "kind", "begin", "recording",
			  RECORDING_VERSION, "hearken", by, "at", moment(now), "judge",
			  fields_write(&judge_fields, judge, &judge->services), "incidents", used,
			  "budgets", (int)judge->budgets.n, "services", (int)judge->services.n),
		sink);
	if (r >= 0)
		r = put_incidents(judge, sink);
	if (r >= 0)
		r = put_budgets(judge, sink);
	return r < 0 ? r : put_services(judge, true, sink);
}

int recording_put_set(const struct judge *judge, struct moment now,
		      const struct recording_sink *sink)
{
	int r = put(json_pack("{s:s, s:o, s:o, s:i}", "kind", "set", "at", moment(now), "policy",
			      fields_write(&policy_fields, &judge->policy, &judge->services),
			      "services", (int)judge->services.n),
		    sink);

	return r < 0 ? r : put_services(judge, false, sink);
}

int recording_put_fact(const struct judge *judge, const struct fact *fact, struct moment now,
		       const struct recording_sink *sink)
{
	size_t offset;
	const struct fields *fields = fact_fields_of(fact->kind, &offset);
	json_t *line = json_pack("{s:s, s:s, s:o}", "kind", "fact", "fact", fact_word(fact->kind),
				 "at", moment(now));

	if (line && !recording_is_result(fact))
		json_object_set_new(line, "service", json_integer((json_int_t)fact->service));
	if (line && fields)
		json_object_set_new(
			line, "says",
			fields_write(fields, (const char *)fact + offset, &judge->services));
	return put(line, sink);
}

void recording_state(const struct judge *judge, const struct fact *fact, struct moment now,
		     struct recording_state *ret)
{
	struct judge_view view;

	memset(ret, 0, sizeof(*ret));
	if (recording_is_result(fact))
		return;
	judge_view(judge, fact->service, &view);
	*ret = (struct recording_state){
		.verdict = view.verdict,
		.finding = view.finding,
		.cause = view.cause,
		.repair = view.repair,
		.since_usec = view.since_usec,
		.downtime_usec = judge_downtime(judge, fact->service, now.usec),
	};
	if (view.incident)
		memcpy(ret->incident, view.incident, sizeof(ret->incident));
}

/* That time goes on is no news. */
static bool is_same(const struct recording_state *a, const struct recording_state *b)
{
	return a->verdict == b->verdict && a->finding == b->finding && a->cause == b->cause &&
	       a->repair == b->repair && strcmp(a->incident, b->incident) == 0 &&
	       a->since_usec == b->since_usec;
}

json_t *recording_did(const struct judge *judge, const struct fact *fact, struct moment now,
		      const struct recording_state *before, const struct actions *actions)
{
	struct recording_state after;
	json_t *line, *list;

	recording_state(judge, fact, now, &after);
	if (!actions->n && is_same(before, &after))
		return json_null();
	list = json_array();
	for (size_t i = 0; i < actions->n; i++)
		json_array_append_new(
			list, fields_write(&action_fields, &actions->list[i], &judge->services));
	line = json_pack("{s:s, s:o}", "kind", "did", "actions", list);
	if (line && !recording_is_result(fact))
		json_object_set_new(line, "is",
				    fields_write(&state_fields, &after, &judge->services));
	return line;
}
