// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who stopped a unit? systemd does not say. But of a stop job these hold: the unit was up when the
 * job began, it was going or gone when the job ended, and the job ended well. (After a restart or a
 * reload that ended well it is up; one that ended badly says so.) Asking the job for its type would
 * race with its end; the properties of the unit do not, they are sent before JobRemoved. That a job
 * began is told by the property alone: JobNew also announces no-op jobs, which a reload may bring
 * along. */
#include "act/systemd.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "base/text.h"

#define DESTINATION   "org.freedesktop.systemd1"
#define MANAGER_PATH  "/org/freedesktop/systemd1"
#define MANAGER	      "org.freedesktop.systemd1.Manager"
#define UNIT_PATH     "/org/freedesktop/systemd1/unit"
#define UNIT	      "org.freedesktop.systemd1.Unit"
#define PROPERTIES    "org.freedesktop.DBus.Properties"
#define LOCAL	      "org.freedesktop.DBus.Local"
#define LOCAL_PATH    "/org/freedesktop/DBus/Local"
#define JOB_PATH_SIZE 128
#define DETAIL_SIZE   256
#define ACCURACY_USEC (250 * USEC_PER_MSEC)

struct unit {
	struct systemd *systemd;
	char name[UNIT_NAME_SIZE];
	sd_bus_slot *changes, *reading;
	enum unit_state state;
	bool is_masked;	 /* nobody can start it */
	bool is_leaving; /* changing, towards inactive */
	bool was_up;	 /* when the present job began */
	bool stopped_by_job;
	bool has_job;
	uint32_t job; /* the id of this one, or of the last */
};

struct action {
	systemd_done *done; /* NULL: the place is free */
	void *userdata;
	sd_bus_slot *call;
	sd_event_source *deadline;
	char job[JOB_PATH_SIZE]; /* empty until systemd has answered */
};

struct systemd {
	sd_bus *bus;
	sd_event *event;
	const struct systemd_callbacks *callbacks;
	void *userdata;
	bool is_lost;
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

	systemd->callbacks->on_unit(unit->name, unit->state, unit->has_job, unit->stopped_by_job,
				    systemd->userdata);
}

static bool is_gone(const struct unit *unit)
{
	return unit->state == UNIT_INACTIVE || unit->state == UNIT_FAILED ||
	       unit->state == UNIT_MASKED;
}

static void job_began(struct unit *unit, uint32_t job)
{
	if (job == 0 || job == unit->job)
		return;
	unit->job = job;
	unit->has_job = true;
	unit->was_up = unit->state == UNIT_ACTIVE || unit->state == UNIT_CHANGING;
}

static void job_ended(struct unit *unit, const char *result)
{
	unit->has_job = false;
	if (unit->was_up && (is_gone(unit) || unit->is_leaving) && strcmp(result, "done") == 0)
		unit->stopped_by_job = true;
	unit->was_up = false;
}

static void state_became(struct unit *unit, const char *active_state)
{
	static const struct {
		const char *name;
		enum unit_state state;
	} states[] = {
		{ "active", UNIT_ACTIVE },	  { "reloading", UNIT_CHANGING },
		{ "activating", UNIT_CHANGING },  { "deactivating", UNIT_CHANGING },
		{ "inactive", UNIT_INACTIVE },	  { "failed", UNIT_FAILED },
		{ "maintenance", UNIT_CHANGING },
	};

	unit->state = UNIT_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (strcmp(states[i].name, active_state) == 0)
			unit->state = states[i].state;
	}
	unit->is_leaving = strcmp(active_state, "deactivating") == 0;
	if (!is_gone(unit) && !unit->is_leaving)
		unit->stopped_by_job = false;
}

struct properties {
	const char *active_state, *load_state; /* of the message; NULL: not told */
	bool has_job; /* whether the job was told; its id is 0 when there is none */
	uint32_t job;
};

/* Reads a{sv}, the values we know of it. */
static int read_properties(sd_bus_message *message, struct properties *ret)
{
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		const char *name;

		r = sd_bus_message_read(message, "s", &name);
		if (r < 0)
			return r;
		if (strcmp(name, "ActiveState") == 0) {
			r = sd_bus_message_read(message, "v", "s", &ret->active_state);
		} else if (strcmp(name, "LoadState") == 0) {
			r = sd_bus_message_read(message, "v", "s", &ret->load_state);
		} else if (strcmp(name, "Job") == 0) {
			r = sd_bus_message_read(message, "v", "(uo)", &ret->job, NULL);
			ret->has_job = r >= 0;
		} else {
			r = sd_bus_message_skip(message, "v");
		}
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* The job first: whether the unit was up when it began is told by the state before. */
static void take_properties(struct unit *unit, const struct properties *properties)
{
	const struct unit before = *unit;

	if (properties->has_job)
		job_began(unit, properties->job);
	if (properties->active_state)
		state_became(unit, properties->active_state);
	if (properties->load_state && strcmp(properties->load_state, "not-found") == 0)
		unit->state = UNIT_UNKNOWN;
	if (properties->load_state)
		unit->is_masked = strcmp(properties->load_state, "masked") == 0;
	if (!is_gone(unit)) /* no signal tells that it was unmasked, but it was */
		unit->is_masked = false;
	else if (unit->is_masked)
		unit->state = UNIT_MASKED;
	if (properties->has_job && properties->job == 0)
		unit->has_job = false;
	if (before.state != unit->state || before.has_job != unit->has_job ||
	    before.stopped_by_job != unit->stopped_by_job)
		tell(unit);
}

static int on_properties_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct properties properties = { 0 };
	struct unit *unit = userdata;
	const char *interface;
	int r = sd_bus_message_read(message, "s", &interface);

	if (r < 0 || strcmp(interface, UNIT) != 0)
		return 0;
	/* A signal that cannot be read is not from systemd; and the bus must not be left for it. */
	if (read_properties(message, &properties) >= 0)
		take_properties(unit, &properties);
	return 0;
}

static int on_first_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct properties properties = { 0 };
	struct unit *unit = userdata;

	unit->reading = sd_bus_slot_unref(unit->reading);
	if (!sd_bus_message_is_method_error(message, NULL) &&
	    read_properties(message, &properties) >= 0)
		take_properties(unit, &properties);
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

static int error_of_result(const char *result)
{
	static const struct {
		const char *name;
		int error;
	} results[] = {
		{ "done", 0 },
		{ "canceled", -ECANCELED },
		{ "timeout", -ETIMEDOUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		if (strcmp(results[i].name, result) == 0)
			return results[i].error;
	}
	return -EIO;
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct systemd *systemd = userdata;
	const char *path, *name, *result;
	struct unit *unit;
	uint32_t id;

	if (sd_bus_message_read(message, "uoss", &id, &path, &name, &result) < 0)
		return 0;
	/* The units first: who is told that a job is done may look at what became of the unit. */
	unit = find_unit(systemd, name);
	if (unit && unit->job == id) {
		job_ended(unit, result);
		tell(unit);
	}
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
		struct action *action = &systemd->actions[i];
		char detail[DETAIL_SIZE];

		if (!action->done || strcmp(action->job, path) != 0)
			continue;
		(void)text_format(detail, sizeof(detail), "the job of %s ended: %s", name, result);
		finish(action, error_of_result(result), detail);
	}
	return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct systemd *systemd = userdata;

	if (systemd->is_lost)
		return 0;
	systemd->is_lost = true;
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
		if (systemd->actions[i].done)
			finish(&systemd->actions[i], -ECONNRESET, "the system bus is gone");
	}
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

static int subscribe(struct systemd *systemd)
{
	int r = sd_bus_match_signal(systemd->bus, NULL, LOCAL, LOCAL_PATH, LOCAL, "Disconnected",
				    on_disconnected, systemd);

	if (r < 0)
		return r;
	r = sd_bus_match_signal_async(systemd->bus, NULL, DESTINATION, MANAGER_PATH, MANAGER,
				      "JobRemoved", on_job_removed, NULL, systemd);
	if (r < 0)
		return r;
	return sd_bus_call_method_async(systemd->bus, NULL, DESTINATION, MANAGER_PATH, MANAGER,
					"Subscribe", NULL, NULL, NULL);
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
	r = sd_bus_open_system(&systemd->bus);
	if (r < 0)
		return r;
	r = wait_for_answer(systemd, NULL);
	if (r < 0)
		return r;
	r = subscribe(systemd);
	if (r < 0)
		return r;
	r = sd_bus_attach_event(systemd->bus, event, SD_EVENT_PRIORITY_NORMAL);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(systemd);
	return 0;
}

void systemd_free(struct systemd *systemd)
{
	if (!systemd)
		return;
	for (size_t i = 0; i < SYSTEMD_ACTIONS_MAX; i++) {
		sd_bus_slot_unref(systemd->actions[i].call);
		sd_event_source_disable_unref(systemd->actions[i].deadline);
	}
	for (size_t i = 0; i < systemd->n_units; i++) {
		sd_bus_slot_unref(systemd->units[i].reading);
		sd_bus_slot_unref(systemd->units[i].changes);
	}
	if (systemd->bus)
		(void)sd_bus_detach_event(systemd->bus);
	sd_bus_close_unref(systemd->bus);
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
				     on_first_answer, unit, "s", UNIT);
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
	if (unit->state == UNIT_UNKNOWN && !unit->has_job)
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
	action->done = done;
	action->userdata = userdata;
	return 0;
}
