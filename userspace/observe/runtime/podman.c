// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/runtime/podman.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/cleanup.h"
#include "base/text.h"

#define KILLED_BY     128		  /* what a shell and the OCI runtimes add to a signal */
#define RESTARTS_USEC (10 * USEC_PER_SEC) /* by then it has started again what it will */
#define LOOK_PAUSE_USEC \
	(100 * USEC_PER_MSEC) /* it is asked no more often, however much it writes */
#define KILL_ENDS_NS UINT64_C(10000000000)

/* Where it keeps what its containers do: since 4.8 it may be SQLite, whose journal is written. */
static const struct {
	const char *directory, *prefix;
} databases[] = {
	{ "/libpod", "bolt_state.db" },
	{ "", "db.sql" },
};

void podman_take_end(struct container *container)
{
	int number = container->exit_code - KILLED_BY;

	if (container->state != CONTAINER_EXITED || container->asked || number != SIGTERM)
		return;
	container->asked = true;
	container->signal = number;
}

/* It may have been told to read its files anew, hours ago. */
static bool was_killed(const struct runtime_event *end, const struct container *container)
{
	return container->killed_ns && end->time_ns >= container->killed_ns &&
	       end->time_ns - container->killed_ns < KILL_ENDS_NS;
}

static void take_kill(const struct runtime_event *end, struct container *container)
{
	int number = end->exit_code - KILLED_BY;

	if (!container->asked && was_killed(end, container)) {
		container->asked = true;
		container->signal = number > 0 && number < NSIG ? number : 0;
		container->shot = container->signal == SIGKILL;
	}
	container->killed_ns = 0;
}

void podman_apply(const struct runtime_event *event, struct container *container)
{
	if (event->kind == RUNTIME_EVENT_KILL && !event->signal) {
		container->killed_ns = event->time_ns;
		return;
	}
	if (event->kind == RUNTIME_EVENT_START)
		container->killed_ns = 0;
	if (event->kind == RUNTIME_EVENT_DIE)
		take_kill(event, container);
	runtime_word_apply(event, container);
	podman_take_end(container);
}

bool podman_leave(struct container *container)
{
	if (container->state != CONTAINER_EXITED || container->is_left ||
	    container->restart == RESTART_NO)
		return false;
	container->is_left = true;
	/* These it always starts again, unless it was told to stop them. */
	container->asked |= container->restart != RESTART_ON_FAILURE;
	return true;
}

static void arm(sd_event_source *timer, uint64_t usec)
{
	(void)sd_event_source_set_time_relative(timer, usec);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static int on_modified(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct podman *podman = userdata;
	uint64_t now;
	int armed;

	for (size_t i = 0; i < ARRAY_SIZE(databases); i++) {
		if (podman->databases[i] != source || !event->len ||
		    !text_starts_with(event->name, databases[i].prefix) ||
		    sd_event_source_get_enabled(podman->looking, &armed) != SD_EVENT_OFF)
			continue;
		(void)sd_event_now(podman->event, CLOCK_MONOTONIC, &now);
		arm(podman->looking,
		    now < podman->looked_usec + LOOK_PAUSE_USEC ? LOOK_PAUSE_USEC : 0);
	}
	return 0;
}

static int on_looking(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct podman *podman = userdata;

	(void)sd_event_now(podman->event, CLOCK_MONOTONIC, &podman->looked_usec);
	podman->written(podman->userdata);
	return 0;
}

static int on_leaving(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct podman *podman = userdata;

	podman->left(podman->userdata);
	return 0;
}

static int add_timer(struct podman *podman, sd_event_source **ret, sd_event_time_handler_t due)
{
	int r = sd_event_add_time(podman->event, ret, CLOCK_MONOTONIC, UINT64_MAX, 0, due, podman);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int podman_open(struct podman *podman, sd_event *event, void (*written)(void *userdata),
		void (*left)(void *userdata), void *userdata)
{
	int r;

	podman->event = event;
	podman->written = written;
	podman->left = left;
	podman->userdata = userdata;
	r = add_timer(podman, &podman->looking, on_looking);
	return r < 0 ? r : add_timer(podman, &podman->leaving, on_leaving);
}

static void unwatch(struct podman *podman)
{
	for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
		podman->databases[i] = sd_event_source_disable_unref(podman->databases[i]);
}

void podman_watch(struct podman *podman, const char *root)
{
	char path[PATH_MAX];

	unwatch(podman);
	for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
		if (text_format(path, sizeof(path), "%s%s", root, databases[i].directory) >= 0)
			(void)sd_event_add_inotify(podman->event, &podman->databases[i], path,
						   IN_MODIFY | IN_ONLYDIR, on_modified, podman);
}

void podman_has_ended(struct podman *podman)
{
	arm(podman->leaving, RESTARTS_USEC);
}

bool podman_is_over(const struct podman *podman, uint64_t ended_usec)
{
	uint64_t now;

	return ended_usec && sd_event_now(podman->event, CLOCK_MONOTONIC, &now) >= 0 &&
	       now >= ended_usec + RESTARTS_USEC;
}

void podman_close(struct podman *podman)
{
	unwatch(podman);
	podman->looking = sd_event_source_disable_unref(podman->looking);
	podman->leaving = sd_event_source_disable_unref(podman->leaving);
}
