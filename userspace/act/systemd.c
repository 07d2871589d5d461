// SPDX-License-Identifier: LGPL-2.1-or-later
#include "act/systemd.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "act/bus_names.h"
#include "act/unit_life.h"
#include "base/text.h"

#define JOB_PATH_SIZE 128
#define DETAIL_SIZE   256
#define ACCURACY_USEC (250 * USEC_PER_MSEC)

struct unit {
	struct systemd *systemd;
	char name[UNIT_NAME_SIZE];
	sd_bus_slot *changes, *reading;
	struct unit_life life;
};

struct action {
	systemd_done *done; /* NULL: the place is free */
	void *userdata;
	sd_bus_slot *call;
	sd_event_source *deadline;
	char unit[UNIT_NAME_SIZE];
	char job[JOB_PATH_SIZE]; /* empty until systemd has answered */
};

struct systemd {
	sd_bus *bus;
	sd_event *event;
	const struct systemd_callbacks *callbacks;
	void *userdata;
	bool is_lost;
	uint32_t shutdown; /* the id of the job that ends the host; 0: it goes on */
	struct unit units[SYSTEMD_UNITS_MAX];
	size_t n_units;
	struct action actions[SYSTEMD_ACTIONS_MAX];
};

static uint64_t now_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

static struct unit *find_unit(struct systemd *systemd, const char *name)
{
	for (size_t i = 0; i < systemd->n_units; i++) {
		if (strcmp(systemd->units[i].name, name) == 0)
			return &systemd->units[i];
	}
	return NULL;
}

static void tell(struct unit *unit)
{
	struct systemd *systemd = unit->systemd;

	systemd->callbacks->on_unit(unit->name, &unit->life.word, systemd->userdata);
}

static int on_load_state(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct unit_properties properties = { 0 };
	struct unit *unit = userdata;

	unit->reading = sd_bus_slot_unref(unit->reading);
	if (!sd_bus_message_is_method_error(message, NULL) &&
	    sd_bus_message_read(message, "v", "s", &properties.load_state) >= 0 &&
	    unit_life_take(&unit->life, &properties))
		tell(unit);
	return 0;
}

/* No signal tells that a unit was masked while it ran: that is asked when it ends. */
static void ask_load_state(struct unit *unit, const char *path)
{
	if (!unit->reading && path && unit_life_is_gone(&unit->life))
		(void)sd_bus_call_method_async(unit->systemd->bus, &unit->reading, DESTINATION,
					       path, PROPERTIES, "Get", on_load_state, unit, "ss",
					       UNIT, "LoadState");
}

static int on_properties_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct unit_properties properties = { 0 };
	struct unit *unit = userdata;
	const char *interface;
	int r = sd_bus_message_read(message, "s", &interface);

	if (r < 0 || (strcmp(interface, UNIT) != 0 && strcmp(interface, SERVICE) != 0))
		return 0;
	/* A signal that cannot be read is not from systemd; and the bus must not be left for it. */
	if (unit_properties_read(message, &properties) < 0)
		return 0;
	/* That of the type comes first, and what it means is told by the other. */
	if (strcmp(interface, SERVICE) == 0)
		unit_life_take_end(&unit->life, &properties);
	else if (unit_life_take(&unit->life, &properties)) {
		tell(unit);
		ask_load_state(unit, sd_bus_message_get_path(message));
	}
	return 0;
}

static int on_first_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct unit_properties properties = { 0 };
	struct unit *unit = userdata;
	bool news = unit->life.word.is_deaf;

	unit->reading = sd_bus_slot_unref(unit->reading);
	if (sd_bus_message_is_method_error(message, NULL) ||
	    unit_properties_read(message, &properties) < 0)
		return 0;
	if (unit->life.word.is_deaf)
		unit_life_resume(&unit->life, &properties);
	else
		news = unit_life_take(&unit->life, &properties);
	if (news)
		tell(unit);
	return 0;
}

static void finish(struct action *action, int error, const char *detail)
{
	systemd_done *done = action->done;
	void *userdata = action->userdata;

	/* The place is free before the caller is told: it may begin the next action at once. */
	action->call = sd_bus_slot_unref(action->call);
	action->deadline = sd_event_source_disable_unref(action->deadline);
	action->done = NULL;
	*action->job = '\0';
	done(error, detail, userdata);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	finish(userdata, -ETIMEDOUT, "systemd did not take the job in 90 s");
	return 0;
}

static int on_accepted(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct action *action = userdata;
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	const char *job;
	int r;

	action->call = sd_bus_slot_unref(action->call);
	if (refusal) {
		char detail[DETAIL_SIZE];

		r = -sd_bus_error_get_errno(refusal);
		(void)text_copy(detail, sizeof(detail),
				refusal->message ? refusal->message : "refused");
		text_sanitize(detail);
		finish(action, r < 0 ? r : -EIO, detail);
		return 0;
	}
	/* How long it may take is systemd's to say: it ends every job in the end. */
	action->deadline = sd_event_source_disable_unref(action->deadline);
	r = sd_bus_message_read(message, "o", &job);
	if (r >= 0)
		r = text_copy(action->job, sizeof(action->job), job);
	if (r < 0)
		finish(action, r, "systemd's answer is not understood");
	return 0;
}

static int on_job_new(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct systemd *systemd = userdata;
	const char *path, *name;
	uint32_t id;

	if (sd_bus_message_read(message, "uos", &id, &path, &name) < 0 ||
	    strcmp(name, SHUTDOWN) != 0)
		return 0;
	systemd->shutdown = id;
	systemd->callbacks->on_shutdown(true, systemd->userdata);
	return 0;
}

/* Reached, it ends the host; else it was called off. */
static void end_shutdown(struct systemd *systemd, uint32_t id, const char *result)
{
	if (systemd->shutdown != id || strcmp(result, "done") == 0)
		return;
	systemd->shutdown = 0;
	systemd->callbacks->on_shutdown(false, systemd->userdata);
	for (size_t i = 0; i < systemd->n_units; i++)
		tell(&systemd->units[i]);
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct systemd *systemd = userdata;
	const char *path, *name, *result;
	struct unit *unit;
	uint32_t id;

	if (sd_bus_message_read(message, "uoss", &id, &path, &name, &result) < 0)
		return 0;
	end_shutdown(systemd, id, result);
	/* The units first: who is told that a job is done may look at what became of the unit. */
	unit = find_unit(systemd, name);
	if (unit && unit->life.job == id) {
		unit_life_job_ended(&unit->life, result);
		tell(unit);
	}
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
		struct action *action = &systemd->actions[i];
		char detail[DETAIL_SIZE];

		if (!action->done || strcmp(action->job, path) != 0)
			continue;
		(void)text_format(detail, sizeof(detail), "the job of %s ended: %s", name, result);
		finish(action, unit_life_job_error(result), detail);
	}
	return 0;
}

static int on_stranded(sd_event_source *source, uint64_t usec, void *userdata)
{
	finish(userdata, -ECONNRESET, "the system bus went away, and has not come back in 90 s");
	return 0;
}

/* What systemd has taken goes on without us, and is looked for when the bus is back. */
static void strand(struct systemd *systemd, struct action *action)
{
	if (!*action->job ||
	    sd_event_add_time_relative(systemd->event, &action->deadline, CLOCK_MONOTONIC,
				       SYSTEMD_ACTION_USEC, ACCURACY_USEC, on_stranded, action) < 0)
		finish(action, -ECONNRESET, "the system bus is gone");
}

static void deafen(struct unit *unit)
{
	unit->reading = sd_bus_slot_unref(unit->reading);
	unit->changes = sd_bus_slot_unref(unit->changes);
	unit_life_deafen(&unit->life);
	tell(unit);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct systemd *systemd = userdata;

	if (systemd->is_lost)
		return 0;
	systemd->is_lost = true;
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
		if (systemd->actions[i].done)
			strand(systemd, &systemd->actions[i]);
	}
	for (size_t i = 0; i < systemd->n_units; i++)
		deafen(&systemd->units[i]);
	systemd->callbacks->on_lost(systemd->userdata);
	return 0;
}

/* Works on the bus until it is ready, or, with @unit, until its first answer is there. */
static int wait_for_answer(struct systemd *systemd, const struct unit *unit)
{
	uint64_t until = now_usec() + SYSTEMD_FIRST_ANSWER_USEC;

	for (;;) {
		uint64_t now;
		int r;

		r = unit ? unit->reading == NULL : sd_bus_is_ready(systemd->bus);
		if (r != 0)
			return r < 0 ? r : 0;
		r = sd_bus_process(systemd->bus, NULL);
		if (r < 0)
			return r;
		now = now_usec();
		if (now >= until)
			return -ETIMEDOUT;
		if (r > 0)
			continue;
		r = sd_bus_wait(systemd->bus, until - now);
		if (r < 0 && r != -EINTR)
			return r;
	}
}

static int match(struct systemd *systemd, const char *signal, sd_bus_message_handler_t handler)
{
	return sd_bus_match_signal_async(systemd->bus, NULL, DESTINATION, MANAGER_PATH, MANAGER,
					 signal, handler, NULL, systemd);
}

static int subscribe(struct systemd *systemd)
{
	int r = sd_bus_match_signal(systemd->bus, NULL, LOCAL, LOCAL_PATH, LOCAL, "Disconnected",
				    on_disconnected, systemd);

	if (r < 0)
		return r;
	r = match(systemd, "JobRemoved", on_job_removed);
	if (r >= 0)
		r = match(systemd, "JobNew", on_job_new);
	if (r < 0)
		return r;
	return sd_bus_call_method_async(systemd->bus, NULL, DESTINATION, MANAGER_PATH, MANAGER,
					"Subscribe", NULL, NULL, NULL);
}

static int connect_bus(struct systemd *systemd)
{
	int r = sd_bus_open_system(&systemd->bus);

	if (r < 0)
		return r;
	r = wait_for_answer(systemd, NULL);
	if (r < 0)
		return r;
	r = subscribe(systemd);
	if (r < 0)
		return r;
	return sd_bus_attach_event(systemd->bus, systemd->event, SD_EVENT_PRIORITY_NORMAL);
}

static void disconnect_bus(struct systemd *systemd)
{
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
		systemd->actions[i].call = sd_bus_slot_unref(systemd->actions[i].call);
	for (size_t i = 0; i < systemd->n_units; i++) {
		systemd->units[i].reading = sd_bus_slot_unref(systemd->units[i].reading);
		systemd->units[i].changes = sd_bus_slot_unref(systemd->units[i].changes);
	}
	if (systemd->bus)
		(void)sd_bus_detach_event(systemd->bus);
	systemd->bus = sd_bus_close_unref(systemd->bus);
}

int systemd_open(struct systemd **ret, sd_event *event, const struct systemd_callbacks *callbacks,
		 void *userdata)
{
	cleanup(systemd_freep) struct systemd *systemd = calloc(1, sizeof(*systemd));
	int r;

	if (!systemd)
		return -ENOMEM;
	systemd->event = sd_event_ref(event);
	systemd->callbacks = callbacks;
	systemd->userdata = userdata;
	r = connect_bus(systemd);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(systemd);
	return 0;
}

void systemd_free(struct systemd *systemd)
{
	if (!systemd)
		return;
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
		sd_event_source_disable_unref(systemd->actions[i].deadline);
	disconnect_bus(systemd);
	sd_event_unref(systemd->event);
	free(systemd);
}

/* The signal is matched before the state is asked for: nothing is lost between. Asking loads a unit
 * that nobody has loaded yet, and its path follows from its name. */
static int begin_to_watch(struct unit *unit)
{
	cleanup(memory_freep) char *path = NULL;
	sd_bus *bus = unit->systemd->bus;
	int r = sd_bus_path_encode(UNIT_PATH, unit->name, &path);

	if (r < 0)
		return r;
	r = sd_bus_match_signal_async(bus, &unit->changes, DESTINATION, path, PROPERTIES,
				      "PropertiesChanged", on_properties_changed, NULL, unit);
	if (r < 0)
		return r;
	r = sd_bus_call_method_async(bus, &unit->reading, DESTINATION, path, PROPERTIES, "GetAll",
				     on_first_answer, unit, "s", "" /* all interfaces */);
	if (r < 0)
		unit->changes = sd_bus_slot_unref(unit->changes);
	return r;
}

int systemd_watch_unit(struct systemd *systemd, const char *name)
{
	struct unit *unit;
	int r;

	if (systemd->is_lost)
		return -ENOTCONN;
	if (find_unit(systemd, name))
		return 0;
	if (systemd->n_units == SYSTEMD_UNITS_MAX)
		return -ENOSPC;
	unit = &systemd->units[systemd->n_units];
	*unit = (struct unit){ .systemd = systemd };
	if (text_copy(unit->name, sizeof(unit->name), name) < 0)
		return -ENAMETOOLONG;
	r = begin_to_watch(unit);
	if (r < 0)
		return r;
	systemd->n_units++;
	r = wait_for_answer(systemd, unit);
	/* What is known was told; that nothing is known is told here. */
	if (unit->life.word.state == UNIT_UNKNOWN && !unit->life.word.job)
		tell(unit);
	return r == -ETIMEDOUT ? 0 : r;
}

int systemd_act(struct systemd *systemd, const char *unit, enum rung rung, systemd_done *done,
		void *userdata)
{
	const char *method = rung == RUNG_RELOAD ? "ReloadUnit" : "RestartUnit";
	struct action *action = NULL;
	int r;

	if (rung == RUNG_NONE)
		return -EINVAL;
	if (systemd->is_lost)
		return -ENOTCONN;
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX && !action; i++) {
		if (!systemd->actions[i].done)
			action = &systemd->actions[i];
	}
	if (!action)
		return -EBUSY;
	r = sd_event_add_time_relative(systemd->event, &action->deadline, CLOCK_MONOTONIC,
				       SYSTEMD_ACTION_USEC, ACCURACY_USEC, on_deadline, action);
	if (r < 0)
		return r;
	/* "fail": a job that the operator has queued is never replaced by ours. */
	r = sd_bus_call_method_async(systemd->bus, &action->call, DESTINATION, MANAGER_PATH,
				     MANAGER, method, on_accepted, action, "ss", unit, "fail");
	if (r < 0) {
		action->deadline = sd_event_source_disable_unref(action->deadline);
		return r;
	}
	(void)text_copy(action->unit, sizeof(action->unit), unit);
	action->done = done;
	action->userdata = userdata;
	return 0;
}

/* The job goes on, or its end was not told, and what became of the unit tells of it. */
static void resume(struct systemd *systemd, struct action *action)
{
	const struct unit *unit = find_unit(systemd, action->unit);
	const char *slash = strrchr(action->job, '/');
	char job[JOB_PATH_SIZE];

	action->deadline = sd_event_source_disable_unref(action->deadline);
	if (unit)
		(void)text_format(job, sizeof(job), "/%u", unit->life.job);
	if (unit && unit->life.word.job && slash && strcmp(slash, job) == 0)
		return;
	if (unit && unit->life.word.state == UNIT_ACTIVE)
		finish(action, 0,
		       "the job ended while the system bus was away, and the unit is active");
	else
		finish(action, -ECONNRESET,
		       "the job ended while the system bus was away, and the unit is not active");
}

int systemd_reopen(struct systemd *systemd)
{
	int r;

	disconnect_bus(systemd);
	r = connect_bus(systemd);
	for (size_t i = 0; r >= 0 && i < systemd->n_units; i++) {
		r = begin_to_watch(&systemd->units[i]);
		if (r >= 0)
			r = wait_for_answer(systemd, &systemd->units[i]);
		if (r == -ETIMEDOUT)
			r = 0; /* it is told when it comes */
	}
	if (r < 0) {
		disconnect_bus(systemd);
		return r;
	}
	systemd->is_lost = false;
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++)
		if (systemd->actions[i].done)
			resume(systemd, &systemd->actions[i]);
	return 0;
}
