// SPDX-License-Identifier: LGPL-2.1-or-later
/* The wiring of who keeps watch: the parts that one look does without. */
#include "agent/daemon/parts_watch.h"

#include "base/log.h"
#include "probe/confined/prober.h"

int parts_add_outlet(struct parts *parts, const char *config_path, outlet_look *look)
{
	const struct config *config = expectations_config(parts->expectations);
	int r = outlet_new(parts->core, config, config_path, look, parts, &parts->outlet);

	if (r < 0)
		return log_error(r, "Cannot tell anybody what happens");
	parts_say_emptiness(parts);
	return 0;
}

int parts_look_out(struct parts *parts, bool content)
{
	/* Early: should it not be able to execute itself anew, it inherits little. */
	int r = rounds_start_prober(parts->rounds, PROBER_SELF,
				    expectations_config(parts->expectations)->ca_file);

	if (r < 0)
		return log_error(r, "Cannot start the prober process");
	places_find(parts->places);
	r = senses_open(parts->senses, content);
	rounds_see(parts->rounds, senses_inventory(parts->senses));
	return r;
}

static void on_loaded(void *userdata)
{
	struct parts *parts = userdata;

	if (parts->has_started)
		expectations_read_after(parts->expectations, RELOAD_SETTLES_USEC);
}

static void on_go_on(void *userdata)
{
	parts_compare_anew(userdata);
}

static void on_repair_ended(void *userdata)
{
	struct parts *parts = userdata;

	expectations_read_after(parts->expectations, 0);
}

static int on_restart(const char *name, repairs_done *done, void *done_userdata, void *userdata)
{
	struct parts *parts = userdata;

	return containers_restart(parts->containers, name, done, done_userdata);
}

static int on_act(const char *unit, enum rung rung, repairs_done *done, void *done_userdata,
		  void *userdata)
{
	struct parts *parts = userdata;

	return units_act(parts->units, unit, rung, done, done_userdata);
}

static void on_news(void *userdata)
{
	parts_note(userdata);
}

static const struct repairs_callbacks on_repairs = { .act = on_act,
						     .restart = on_restart,
						     .ended = on_repair_ended };

static void on_check(const struct action *action, void *userdata)
{
	struct parts *parts = userdata;

	expectations_check(parts->expectations, action->record.incident);
}

static void on_silence(const struct record *record, void *userdata)
{
	struct parts *parts = userdata;

	outlet_say(parts->outlet, record);
	parts_note(parts);
}

int parts_add_watch(struct parts *parts)
{
	const struct place_table *places = places_table(parts->places);
	struct observer *observer = senses_observer(parts->senses);
	int r = binds_new(parts->core, places, parts->degraded, observer, on_news, parts,
			  &parts->binds);

	if (r >= 0)
		r = queues_new(parts->core, places, parts->degraded, observer, &parts->queues);
	if (r >= 0)
		r = units_new(parts->core, parts->degraded, on_loaded, on_go_on, parts,
			      &parts->units);
	if (r >= 0)
		r = repairs_new(parts->core, expectations_config(parts->expectations), &on_repairs,
				parts, &parts->repairs);
	if (r >= 0)
		r = keeper_new(parts->core, expectations_config(parts->expectations),
			       &parts->keeper);
	if (r >= 0)
		r = recorder_new(RECORDER_BYTES, &parts->recorder);
	if (r >= 0)
		r = silences_new(parts->core, expectations_config(parts->expectations), on_silence,
				 parts, &parts->silences);
	if (r < 0)
		return log_error(r, "Cannot keep watch");
	recorder_follow(parts->recorder, expectations_config(parts->expectations)->record);
	core_record(parts->core, parts->recorder);
	core_handle(parts->core, ACTION_CHECK, on_check, parts);
	repairs_load_budgets(parts->repairs);
	keeper_give_back(parts->keeper, parts_learn_unit, parts);
	silences_look(parts->silences);
	return 0;
}

int parts_start(struct parts *parts)
{
	int r;

	parts_follow(parts);
	r = senses_look(parts->senses);
	if (r < 0)
		return r;
	parts->has_started = true;
	senses_start(parts->senses);
	containers_tell(parts->containers);
	places_tell(parts->places, false);
	return 0;
}
