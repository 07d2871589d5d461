// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/units.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"

#define RECONNECT_MIN_USEC                                                                        \
	(1 * USEC_PER_SEC)		      /* after the loss; then twice as long each time ... \
					       */
#define RECONNECT_MAX_USEC (8 * USEC_PER_SEC) /* ... up to this: it is only a connect() */

struct units {
	struct core *core;
	struct degraded *degraded;
	units_loaded *loaded;
	units_go_on *go_on;
	void *userdata;
	struct systemd *systemd; /* NULL: no bus */
	uint64_t pause_usec;	 /* before the next try */
};

static void on_unit(const char *unit, const struct unit_word *word, void *userdata)
{
	struct units *units = userdata;
	const struct service_set *services = core_services(units->core);

	if (word->state == UNIT_ACTIVE && !word->job && !word->is_deaf)
		units->loaded(units->userdata);
	for (size_t i = 0; i < services->n; i++) {
		struct fact fact = core_fact(units->core, FACT_UNIT, i);

		if (strcmp(services->list[i].server.unit, unit) != 0)
			continue;
		fact.unit = *word;
		(void)core_post(units->core, &fact);
	}
}

static void plan_reconnect(struct units *units)
{
	timers_set(core_timers(units->core), TIMER_SYSTEMD,
		   core_now(units->core).usec + units->pause_usec);
	units->pause_usec *= 2;
	if (units->pause_usec > RECONNECT_MAX_USEC)
		units->pause_usec = RECONNECT_MAX_USEC;
}

static void on_lost(void *userdata)
{
	struct units *units = userdata;

	degraded_begin(
		units->degraded, DEGRADED_SYSTEMD,
		"systemd cannot be reached over D-Bus: planned work is not told from faults, "
		"and no unit is repaired");
	units->pause_usec = RECONNECT_MIN_USEC;
	plan_reconnect(units);
}

static void on_shutdown(bool begins, void *userdata)
{
	struct units *units = userdata;

	log_info(begins ? "The host is shut down: what falls now is nobody's outage"
			: "The host is not shut down after all");
	core_rest(units->core, begins);
	if (!begins)
		units->go_on(units->userdata);
}

static const struct systemd_callbacks callbacks = { .on_unit = on_unit,
						    .on_shutdown = on_shutdown,
						    .on_lost = on_lost };

static void on_reconnect_due(void *userdata)
{
	struct units *units = userdata;
	int r = units->systemd
			? systemd_reopen(units->systemd)
			: systemd_open(&units->systemd, core_event(units->core), &callbacks, units);

	if (r < 0) {
		plan_reconnect(units);
		return;
	}
	units_watch_all(units); /* some may be new since */
	degraded_end(units->degraded, DEGRADED_SYSTEMD, "systemd is heard over D-Bus again");
}

void units_watch(struct units *units, const char *unit)
{
	if (units->systemd && *unit)
		(void)systemd_watch_unit(units->systemd, unit);
}

void units_watch_all(struct units *units)
{
	const struct service_set *services = core_services(units->core);
	size_t n = 0;

	for (size_t i = 0; i < services->n; i++) {
		const char *unit = services->list[i].server.unit;
		bool known = !*unit;

		for (size_t j = 0; j < i && !known; j++)
			known = strcmp(services->list[j].server.unit, unit) == 0;
		if (!known && n++ < UNITS_MAX)
			units_watch(units, unit);
	}
}

int units_act(struct units *units, const char *unit, enum rung rung, systemd_done *done,
	      void *userdata)
{
	return units->systemd ? systemd_act(units->systemd, unit, rung, done, userdata) : -ENOTCONN;
}

int units_new(struct core *core, struct degraded *degraded, units_loaded *loaded,
	      units_go_on *go_on, void *userdata, struct units **ret)
{
	struct units *units = calloc(1, sizeof(*units));
	int r;

	if (!units)
		return -ENOMEM;
	units->core = core;
	units->degraded = degraded;
	units->loaded = loaded;
	units->go_on = go_on;
	units->userdata = userdata;
	timers_handle(core_timers(core), TIMER_SYSTEMD, 0, on_reconnect_due, units);
	r = systemd_open(&units->systemd, core_event(core), &callbacks, units);
	if (r < 0 && sd_booted() > 0)
		on_lost(units); /* it will come */
	else if (r < 0)
		(void)log_warning(r, "systemd cannot be reached over D-Bus: units are neither "
				     "watched nor repaired, a restart-command still is run");
	*ret = units;
	return 0;
}

void units_free(struct units *units)
{
	if (!units)
		return;
	systemd_free(units->systemd);
	free(units);
}
