// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/units.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

struct units {
	struct core *core;
	units_loaded *loaded;
	void *userdata;
	struct systemd *systemd; /* NULL: no bus */
};

static void on_unit(const char *unit, enum unit_state state, bool job, bool stopped_by_job,
		    void *userdata)
{
	struct units *units = userdata;
	const struct service_set *services = core_services(units->core);

	if (state == UNIT_ACTIVE && !job)
		units->loaded(units->userdata);
	for (size_t i = 0; i < services->n; i++) {
		struct fact fact = core_fact(units->core, FACT_UNIT, i);

		if (strcmp(services->list[i].server.unit, unit) != 0)
			continue;
		fact.unit.state = state;
		fact.unit.job = job;
		fact.unit.stopped_by_job = stopped_by_job;
		(void)core_post(units->core, &fact);
	}
}

static void on_lost(void *userdata)
{
	(void)log_warning(
		0,
		"The connection to systemd over D-Bus is gone: planned work is no longer told from "
		"faults, and units cannot be repaired, until Hearken is restarted");
}

static const struct systemd_callbacks callbacks = { .on_unit = on_unit, .on_lost = on_lost };

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

struct systemd *units_systemd(const struct units *units)
{
	return units->systemd;
}

int units_new(struct core *core, units_loaded *loaded, void *userdata, struct units **ret)
{
	struct units *units = calloc(1, sizeof(*units));
	int r;

	if (!units)
		return -ENOMEM;
	units->core = core;
	units->loaded = loaded;
	units->userdata = userdata;
	r = systemd_open(&units->systemd, core_event(core), &callbacks, units);
	if (r < 0)
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
