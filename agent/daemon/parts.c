// SPDX-License-Identifier: LGPL-2.1-or-later
/* The wiring: what each part calls, and whom that reaches. Nothing is decided here. */
#include "agent/daemon/parts.h"

#include <errno.h>
#include <string.h>

#include "agent/daemon/files.h"
#include "agent/daemon/watched_ports.h"
#include "base/log.h"
#include "base/text.h"
#include "probe/confined/prober.h"

#define RUNTIMES_USEC (2 * USEC_PER_SEC) /* for the first word of a runtime */

void parts_note(struct parts *parts)
{
	if (parts->outlet)
		outlet_note(parts->outlet);
}

/* -- core */
static void on_taken(const struct fact *fact, bool news, void *userdata)
{
	struct parts *parts = userdata;

	if (parts->outlet)
		outlet_note_fact(parts->outlet, fact, news);
	if (parts->keeper && (news || fact->kind == FACT_CHECKED || fact->kind == FACT_REPAIRED ||
			      fact->kind == FACT_LEARNED))
		keeper_note(parts->keeper);
	if (parts->rounds)
		rounds_note(parts->rounds, fact);
	if (parts->taken)
		parts->taken(parts);
}

void parts_compare_anew(struct parts *parts)
{
	(void)senses_look(parts->senses);
	places_look(parts->places);
	places_tell(parts->places, true);
	if (parts->queues)
		queues_look_soon(parts->queues);
	rounds_go_on(parts->rounds);
}

static void on_lost(uint64_t n, void *userdata)
{
	struct parts *parts = userdata;
	char text[DEGRADED_SIZE];

	(void)text_format(text, sizeof(text),
			  "more happened at once than can be kept (%u facts), and %llu were passed "
			  "over: everything is compared anew",
			  CORE_FACTS_MAX, (unsigned long long)n);
	degraded_begin(parts->degraded, DEGRADED_FACTS, text);
	parts_compare_anew(parts);
	degraded_end(parts->degraded, DEGRADED_FACTS, "everything has been compared anew");
}

static const struct core_callbacks on_core = { .taken = on_taken, .lost = on_lost };

/* -- containers */

static void on_container(const struct container *container, void *userdata)
{
	struct parts *parts = userdata;

	if (!parts->has_started)
		return;
	places_on_container(parts->places, container->name);
	expectations_read_after(parts->expectations, RELOAD_SETTLES_USEC);
}

static const struct containers_callbacks on_containers = { .changed = on_container };

/* -- expectations */

static const struct container_set *on_containers_asked(void *userdata)
{
	return containers_all(((struct parts *)userdata)->containers);
}

static void on_place(struct service_set *services, void *userdata)
{
	struct parts *parts = userdata;

	places_assign(parts->places, expectations_config(parts->expectations), services);
}

static pid_t on_process(const struct config *config, void *userdata)
{
	struct parts *parts = userdata;

	return places_process(parts->places, config);
}

void parts_say_emptiness(const struct parts *parts)
{
	const char *notice = expectations_notice(parts->expectations);

	if (*notice && parts->outlet)
		log_info("Nothing is expected yet: %s", notice);
}

static void on_configured(const struct config *old, const struct config *fresh, void *userdata)
{
	struct parts *parts = userdata;
	int r;

	if (parts->outlet)
		files_remove(old, fresh);
	if (parts->recorder)
		recorder_follow(parts->recorder, fresh->record);
	if (!parts->has_started || strcmp(fresh->ca_file, old->ca_file) == 0)
		return;
	/* The child read its CA file before it gave up the right to. */
	r = rounds_start_prober(parts->rounds, PROBER_SELF, fresh->ca_file);
	if (r < 0)
		(void)log_error(r,
				"Cannot start a prober process with the CA file %s; the one before "
				"it goes on",
				fresh->ca_file);
	else
		degraded_end(parts->degraded, DEGRADED_PROBER, "the prober process was replaced");
}

static int on_adopt(const struct policy *policy, const struct service_set *fresh, void *userdata)
{
	struct parts *parts = userdata;
	struct round *prepared = rounds_prepare(parts->rounds, fresh);
	int r = prepared ? core_adopt(parts->core, policy, fresh) : -ENOMEM;

	if (r < 0)
		free(prepared);
	else
		rounds_take(parts->rounds, prepared);
	return r;
}

void parts_follow(struct parts *parts)
{
	struct watched_ports ports;

	watched_ports_of(core_services(parts->core), &ports);
	senses_watch(parts->senses, ports.list, ports.n);
	if (parts->binds)
		binds_watch(parts->binds, ports.list, ports.n);
	if (parts->queues)
		queues_watch(parts->queues, ports.list, ports.n);
	if (parts->units)
		units_watch_all(parts->units);
}

static void on_adopted(void *userdata)
{
	struct parts *parts = userdata;

	parts_say_emptiness(parts);
	parts_follow(parts);
	if (parts->silences) /* before what they are about */
		silences_look(parts->silences);
	places_configure(parts->places, expectations_config(parts->expectations));
	places_find(parts->places);
	(void)senses_look(parts->senses);
	containers_tell(parts->containers);
	places_tell(parts->places, false);
	parts_note(parts);
	if (parts->keeper)
		keeper_note(parts->keeper);
}

static void on_expectation(const struct record *record, void *userdata)
{
	struct parts *parts = userdata;

	if (parts->outlet)
		outlet_say(parts->outlet, record);
}

static void on_reloaded(void *userdata)
{
	struct parts *parts = userdata;

	if (parts->reloaded)
		parts->reloaded(parts);
}

static const struct expectations_callbacks on_expectations = {
	.process = on_process,
	.containers = on_containers_asked,
	.place = on_place,
	.configured = on_configured,
	.adopt = on_adopt,
	.adopted = on_adopted,
	.changed = on_expectation,
	.reloaded = on_reloaded,
};

/* -- places */

static void on_compare(size_t place, bool seen, void *userdata)
{
	struct parts *parts = userdata;

	senses_compare(parts->senses, place, seen);
}

static void on_made_anew(size_t place, void *userdata)
{
	struct parts *parts = userdata;

	expectations_read_after(parts->expectations, 0);
}

static void on_found(void *userdata)
{
	struct parts *parts = userdata;

	senses_follow_places(parts->senses);
}

static const struct places_callbacks on_places = {
	.compare = on_compare,
	.made_anew = on_made_anew,
	.found = on_found,
};

/* -- senses */

static void on_degraded(enum record_kind kind, const char *detail, void *userdata)
{
	struct parts *parts = userdata;
	struct record record = { .kind = kind };

	if (!parts->outlet)
		return;
	(void)text_copy(record.detail, sizeof(record.detail), detail);
	outlet_say(parts->outlet, &record);
	parts_note(parts);
}

static void on_changed(const struct listener_change *change, void *userdata)
{
	struct parts *parts = userdata;

	places_on_change(parts->places, change);
}

static void on_opened(size_t service, void *userdata)
{
	struct parts *parts = userdata;

	rounds_on_opened(parts->rounds, service);
}

void parts_learn_unit(size_t service, const char *unit, void *userdata)
{
	struct parts *parts = userdata;

	expectations_learn_unit(parts->expectations, service, unit);
	if (parts->units)
		units_watch(parts->units, unit);
}

static void on_altered(void *userdata)
{
	struct parts *parts = userdata;

	expectations_read_when_quiet(parts->expectations);
}

static void on_news(void *userdata)
{
	parts_note(userdata);
}

static void look_at_queues(void *userdata)
{
	struct parts *parts = userdata;

	if (parts->queues)
		queues_look_soon(parts->queues);
}

static void on_gone(uint64_t cookie, void *userdata)
{
	struct parts *parts = userdata;

	if (parts->queues)
		queues_forget(parts->queues, cookie);
}

static void on_beat(bool looked, void *userdata)
{
	struct parts *parts = userdata;

	if (looked && parts->queues)
		queues_after_snapshot(parts->queues);
	places_look(parts->places);
	if (parts->silences)
		silences_look(parts->silences);
	parts_note(parts);
}

static const struct senses_callbacks on_senses = {
	.changed = on_changed,
	.opened = on_opened,
	.learned = parts_learn_unit,
	.altered = on_altered,
	.news = on_news,
	.crowded = look_at_queues,
	.gone = on_gone,
	.beat = on_beat,
};

/* -- rounds */

static bool on_way_lost(size_t place, void *userdata)
{
	struct parts *parts = userdata;

	return places_find_way(parts->places, place);
}

static void on_prober_troubled(const char *why, void *userdata)
{
	struct parts *parts = userdata;

	if (why)
		degraded_begin(parts->degraded, DEGRADED_PROBER, why);
	else
		degraded_end(parts->degraded, DEGRADED_PROBER,
			     "the prober process has lived for a minute");
}

static int open_rounds(struct parts *parts, const struct rounds_manners *manners)
{
	const struct rounds_wiring wiring = {
		.config = expectations_config(parts->expectations),
		.places = places_table(parts->places),
		.names = expectations_names(parts->expectations),
		.find_way = on_way_lost,
		.silent = look_at_queues,
		.troubled = on_prober_troubled,
		.userdata = parts,
	};

	return rounds_new(parts->core, manners, &wiring, &parts->rounds);
}

int parts_open(struct parts *parts, const char *config_path, const struct rounds_manners *manners)
{
	int r = core_new(&on_core, parts, &parts->core);

	if (r >= 0)
		r = expectations_new(parts->core, config_path, &on_expectations, parts,
				     &parts->expectations);
	if (r >= 0)
		r = places_new(parts->core, "", &on_places, parts, &parts->places);
	if (r >= 0)
		r = containers_new(parts->core, &on_containers, parts, &parts->containers);
	if (r >= 0)
		r = degraded_new(parts->core, on_degraded, parts, &parts->degraded);
	if (r >= 0)
		r = senses_new(parts->core, places_table(parts->places), parts->degraded,
			       &on_senses, parts, &parts->senses);
	if (r >= 0)
		r = open_rounds(parts, manners);
	if (r >= 0)
		r = totals_new(&parts->totals);
	return r;
}

void parts_clear(struct parts *parts)
{
	silences_free(parts->silences);
	keeper_free(parts->keeper);
	repairs_free(parts->repairs);
	units_free(parts->units);
	rounds_free(parts->rounds);
	queues_free(parts->queues);
	binds_free(parts->binds);
	senses_free(parts->senses);
	outlet_free(parts->outlet);
	degraded_free(parts->degraded);
	places_free(parts->places);
	containers_free(parts->containers);
	expectations_free(parts->expectations);
	core_free(parts->core);
	recorder_free(parts->recorder);
	totals_free(parts->totals);
}

int parts_read(struct parts *parts)
{
	int r = expectations_load(parts->expectations);

	if (r < 0)
		return r;
	containers_await(parts->containers, RUNTIMES_USEC);
	/* The servers' programs may be in a container. */
	places_configure(parts->places, expectations_config(parts->expectations));
	places_find(parts->places);
	return expectations_read(parts->expectations);
}
