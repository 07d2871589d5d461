// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/runtime/runtime.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "observe/owner/cgroup_path.h"
#include "observe/runtime/podman.h"
#include "observe/runtime/question.h"
#include "observe/runtime/stored.h"
#include "observe/runtime/word.h"

#define LIST_BYTES_MAX	  (4 * 1024 * 1024)
#define INSPECT_BYTES_MAX (1024 * 1024)
#define EVENTS_BYTES_MAX  (256 * 1024) /* of one event: its labels are in it */
#define ANSWER_USEC	  (10 * USEC_PER_SEC)
#define RESTART_USEC	  (90 * USEC_PER_SEC) /* it may wait for a container that does not end */
#define AGAIN_MIN_USEC	  (500 * USEC_PER_MSEC)
#define AGAIN_MAX_USEC	  (30 * USEC_PER_SEC)
#define LOOKS_MAX	  16 /* containers at a time that are asked for without an event */

/* {"type":["container","network"],"event":[...]}, without what a health check makes every few
 * seconds. */
#define EVENTS                                                                               \
	"/events?filters=%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%2C%22event"   \
	"%22%3A%5B%22start%22%2C%22die%22%2C%22died%22%2C%22kill%22%2C%22stop%22%2C%22oom"   \
	"%22%2C%22pause%22%2C%22unpause%22%2C%22destroy%22%2C%22remove%22%2C%22rename%22%2C" \
	"%22update%22%2C%22connect%22%2C%22disconnect%22%5D%7D"
#define LIST "/containers/json?all=1"

struct entry {
	struct container container;
	bool is_known;	     /* it was inspected */
	bool is_stale;	     /* and has to be again */
	uint64_t ended_usec; /* podman said so then, and of no start since; 0: it did not */
};

struct runtime {
	sd_event *event;
	const char *name, *socket, *stored;
	struct runtime_callbacks callbacks;
	void *userdata;
	struct question events, asking, restarting;
	char asked_id[CONTAINER_ID_SIZE]; /* inspected just now; empty: the list is asked for */
	bool needs_list, is_settled, pids_are_foreign;
	sd_event_source *again;
	struct podman podman;
	uint64_t again_usec; /* the pause before the next try */
	struct entry *list;  /* RUNTIME_CONTAINERS_MAX */
	size_t n;
	char trouble[RUNTIME_TROUBLE_SIZE];
	runtime_done *done;
	void *done_userdata;
};

static void go_on(struct runtime *runtime);

static bool is_podman(const struct runtime *runtime)
{
	return strcmp(runtime->name, "podman") == 0;
}

static struct entry *find(const struct runtime *runtime, const char *id)
{
	for (size_t i = 0; i < runtime->n; i++)
		if (strcmp(runtime->list[i].container.id, id) == 0)
			return &runtime->list[i];
	return NULL;
}

/* A place for a new one: the oldest that was removed makes room. */
static struct entry *add(struct runtime *runtime, const char *id)
{
	struct entry *entry;

	for (size_t i = 0; runtime->n == RUNTIME_CONTAINERS_MAX && i < runtime->n; i++) {
		if (runtime->list[i].container.state != CONTAINER_REMOVED)
			continue;
		memmove(&runtime->list[i], &runtime->list[i + 1],
			(runtime->n - i - 1) * sizeof(*runtime->list));
		runtime->n--;
	}
	if (runtime->n == RUNTIME_CONTAINERS_MAX) {
		(void)text_format(runtime->trouble, sizeof(runtime->trouble),
				  "%s has more than %d containers; those beyond are not followed",
				  runtime->name, RUNTIME_CONTAINERS_MAX);
		return NULL;
	}
	entry = &runtime->list[runtime->n++];
	*entry = (struct entry){ .is_stale = true };
	(void)text_copy(entry->container.id, sizeof(entry->container.id), id);
	return entry;
}

static void tell(struct runtime *runtime, const struct entry *entry)
{
	struct container copy = entry->container; /* the callee may have the list change */

	runtime->callbacks.changed(runtime, &copy, runtime->userdata);
}

static void lose(struct runtime *runtime, int r)
{
	question_close(&runtime->events);
	question_close(&runtime->asking);
	runtime->is_settled = true;
	if (r == -ENOENT || r == -ECONNREFUSED)
		*runtime->trouble = '\0'; /* it is not installed, or does not run */
	else
		(void)text_format(runtime->trouble, sizeof(runtime->trouble),
				  "%s does not tell of its containers (%s): %s", runtime->name,
				  runtime->socket, strerror(r < 0 ? -r : EPIPE));
	(void)sd_event_source_set_time_relative(runtime->again, runtime->again_usec);
	(void)sd_event_source_set_enabled(runtime->again, SD_EVENT_ONESHOT);
	runtime->again_usec *= 2;
	if (runtime->again_usec > AGAIN_MAX_USEC)
		runtime->again_usec = AGAIN_MAX_USEC;
}

static void apply_of_podman(struct runtime *runtime, const struct runtime_event *event,
			    struct entry *entry)
{
	podman_apply(event, &entry->container);
	if (event->kind == RUNTIME_EVENT_START)
		entry->ended_usec = 0;
	if (event->kind != RUNTIME_EVENT_DIE)
		return;
	(void)sd_event_now(runtime->event, CLOCK_MONOTONIC, &entry->ended_usec);
	podman_has_ended(&runtime->podman);
}

static void take_event(struct runtime *runtime, const char *text, size_t n)
{
	struct runtime_event event;
	struct entry *entry;

	if (runtime_word_event(text, n, &event) < 0)
		return; /* of a container with another kind of id; nothing that we follow */
	entry = find(runtime, event.id);
	if (!entry && event.kind != RUNTIME_EVENT_DESTROY)
		entry = add(runtime, event.id);
	if (!entry)
		return;
	if (is_podman(runtime))
		apply_of_podman(runtime, &event, entry);
	else
		runtime_word_apply(&event, &entry->container);
	entry->is_stale = event.kind != RUNTIME_EVENT_DESTROY && event.kind != RUNTIME_EVENT_KILL;
	if (entry->is_known)
		tell(runtime, entry);
}

static void on_events(struct question *question, int r, void *userdata)
{
	struct runtime *runtime = userdata;
	char *end;

	if (r >= 0 && question->head.status != 200)
		r = -EBADMSG;
	if (r <= 0) {
		lose(runtime, r);
		return;
	}
	runtime->pids_are_foreign = !question_pids_are_ours(question);
	runtime->again_usec = AGAIN_MIN_USEC;
	*runtime->trouble = '\0';
	/* Podman begins with nothing, docker with its head: both have heard us by now. */
	while ((end = memchr(question->bytes, '\n', question->n))) {
		size_t n = (size_t)(end - question->bytes);

		take_event(runtime, question->bytes, n);
		question_consume(question, n + 1);
	}
	go_on(runtime);
}

static void take_list(struct runtime *runtime, const struct runtime_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct entry *entry = find(runtime, list->ids[i]);

		if (!entry)
			entry = add(runtime, list->ids[i]);
		if (entry)
			entry->is_stale = true;
	}
	/* What is there no more went while nobody listened. */
	for (size_t i = 0; i < runtime->n; i++) {
		struct entry *entry = &runtime->list[i];
		bool listed = false;

		for (size_t j = 0; j < list->n && !listed; j++)
			listed = strcmp(list->ids[j], entry->container.id) == 0;
		if (listed || list->cut || entry->container.state == CONTAINER_REMOVED)
			continue;
		entry->container.state = CONTAINER_REMOVED;
		entry->container.asked = true;
		entry->is_stale = false;
		tell(runtime, entry);
	}
}

/* Nobody saw who ended it. The runtime starts one with such a policy again, unless it was told to
 * end it; and docker writes that down. */
static bool was_asked(const struct runtime *runtime, const struct container *container)
{
	struct container written;

	if (container->state != CONTAINER_EXITED)
		return false;
	if (container->restart == RESTART_ALWAYS || container->restart == RESTART_UNLESS_STOPPED)
		return true;
	return !is_podman(runtime) && runtime->stored &&
	       stored_read(runtime->stored, container->id, &written) >= 0 && written.asked;
}

/* Docker decides at the end itself, and calls "restarting" what it will start again. Podman starts
 * it by another process, later, and says nothing of that before. */
static bool is_left(const struct runtime *runtime, const struct container *container)
{
	return container->state == CONTAINER_EXITED && !is_podman(runtime);
}

static void take_inspect(struct runtime *runtime, struct entry *entry,
			 const struct container *fresh)
{
	const struct container before = entry->container;
	/* Or its end was, and nobody heard of it. */
	bool was_known = entry->is_known &&
			 (!container_is_alive(&before) || fresh->state != CONTAINER_EXITED);
	/* Of podman that end is still to come by an event, and what follows upon it. */
	bool was_unseen = !was_known && !(entry->is_known && is_podman(runtime));

	entry->container = *fresh;
	(void)text_copy(entry->container.runtime, sizeof(entry->container.runtime), runtime->name);
	entry->container.pid_is_foreign = runtime->pids_are_foreign;
	entry->is_known = true;
	entry->container.killed_ns = before.killed_ns;
	if (container_is_alive(fresh) && fresh->pid == before.pid) {
		entry->container.asked |= before.asked; /* the end that was asked for is to come */
		entry->container.signal = before.signal;
		entry->container.shot = before.shot;
	}
	if (!container_is_alive(fresh)) {
		entry->container.asked = before.asked || (was_unseen && was_asked(runtime, fresh));
		entry->container.signal = before.signal;
		entry->container.shot = before.shot;
		entry->container.oom |= before.oom;
		if (is_podman(runtime))
			podman_take_end(&entry->container);
		entry->container.is_left =
			is_left(runtime, fresh) || (before.is_left && !container_is_alive(&before));
		/* What it published, it will when it is back. */
		if (!fresh->n_ports && before.n_ports) {
			memcpy(entry->container.ports, before.ports, sizeof(before.ports));
			entry->container.n_ports = before.n_ports;
		}
	}
	if (!was_known || memcmp(&before, &entry->container, sizeof(before)) != 0)
		tell(runtime, entry);
}

static int take_answer(struct runtime *runtime, const struct question *question)
{
	struct runtime_list *list;
	struct container fresh;
	struct entry *entry;
	int r;

	if (*runtime->asked_id) {
		entry = find(runtime, runtime->asked_id);
		if (!entry)
			return 0;
		if (question->head.status == 404) /* its removal is told by an event */
			return 0;
		r = question->head.status == 200
			    ? runtime_word_inspect(question->bytes, question->n, &fresh)
			    : -EBADMSG;
		if (r >= 0 && strcmp(fresh.id, entry->container.id) == 0)
			take_inspect(runtime, entry, &fresh);
		return r;
	}
	list = malloc(sizeof(*list));
	if (!list)
		return -ENOMEM;
	r = question->head.status == 200 ? runtime_word_list(question->bytes, question->n, list)
					 : -EBADMSG;
	if (r >= 0)
		take_list(runtime, list);
	free(list);
	return r;
}

static void on_answer(struct question *question, int r, void *userdata)
{
	struct runtime *runtime = userdata;

	if (r > 0)
		return; /* more comes */
	if (r == 0)
		r = take_answer(runtime, question);
	question_close(&runtime->asking);
	if (r == -EBADMSG && *runtime->asked_id)
		r = 0; /* one that we do not understand; the others may be well */
	if (r < 0)
		lose(runtime, r);
	else
		go_on(runtime);
}

static int ask(struct runtime *runtime, const char *path, size_t max)
{
	return question_ask(&runtime->asking, runtime->event, runtime->socket, "GET", path, max,
			    ANSWER_USEC, on_answer, runtime);
}

/* The next question, if there is one: the list, then whoever has changed. */
static void go_on(struct runtime *runtime)
{
	char path[QUESTION_PATH_MAX];
	int r = 0;

	if (runtime->asking.is_open || !runtime->events.is_open)
		return;
	if (runtime->needs_list) {
		runtime->needs_list = false;
		*runtime->asked_id = '\0';
		r = ask(runtime, LIST, LIST_BYTES_MAX);
		if (r < 0)
			lose(runtime, r);
		return;
	}
	for (size_t i = 0; i < runtime->n; i++) {
		struct entry *entry = &runtime->list[i];

		if (!entry->is_stale)
			continue;
		entry->is_stale = false;
		(void)text_copy(runtime->asked_id, sizeof(runtime->asked_id), entry->container.id);
		(void)text_format(path, sizeof(path), "/containers/%s/json", entry->container.id);
		r = ask(runtime, path, INSPECT_BYTES_MAX);
		if (r < 0)
			lose(runtime, r);
		return;
	}
	runtime->is_settled = true;
}

static void on_written(void *userdata)
{
	struct runtime *runtime = userdata;
	size_t n = 0;

	for (size_t i = 0; i < runtime->n && n < LOOKS_MAX; i++) {
		struct entry *entry = &runtime->list[i];
		bool matters = container_is_alive(&entry->container) && entry->container.n_ports;

		entry->is_stale |= matters;
		n += matters;
	}
	go_on(runtime);
}

static void on_left(void *userdata)
{
	struct runtime *runtime = userdata;

	for (size_t i = 0; i < runtime->n; i++)
		if (podman_is_over(&runtime->podman, runtime->list[i].ended_usec) &&
		    podman_leave(&runtime->list[i].container) && runtime->list[i].is_known)
			tell(runtime, &runtime->list[i]);
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct runtime *runtime = userdata;
	int r = question_ask(&runtime->events, runtime->event, runtime->socket, "GET", EVENTS,
			     EVENTS_BYTES_MAX, USEC_NEVER, on_events, runtime);

	if (r < 0) {
		lose(runtime, r);
		return 0;
	}
	if (is_podman(runtime) && runtime->stored)
		podman_watch(&runtime->podman, runtime->stored);
	/* From here on nothing is missed; what was before is asked for. */
	runtime->needs_list = true;
	go_on(runtime);
	return 0;
}

int runtime_new(struct runtime **ret, sd_event *event, const char *name, const char *socket,
		const char *stored, const struct runtime_callbacks *callbacks, void *userdata)
{
	cleanup(runtime_freep) struct runtime *runtime = calloc(1, sizeof(*runtime));
	int r;

	if (!runtime)
		return -ENOMEM;
	runtime->event = sd_event_ref(event);
	runtime->name = name;
	runtime->socket = socket;
	runtime->stored = stored;
	runtime->callbacks = *callbacks;
	runtime->userdata = userdata;
	runtime->again_usec = AGAIN_MIN_USEC;
	runtime->list = calloc(RUNTIME_CONTAINERS_MAX, sizeof(*runtime->list));
	if (!runtime->list)
		return -ENOMEM;
	r = sd_event_add_time_relative(event, &runtime->again, CLOCK_MONOTONIC, 0, USEC_PER_MSEC,
				       on_again, runtime);
	if (r >= 0 && is_podman(runtime))
		r = podman_open(&runtime->podman, event, on_written, on_left, runtime);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(runtime);
	return 0;
}

void runtime_free(struct runtime *runtime)
{
	if (!runtime)
		return;
	question_close(&runtime->events);
	question_close(&runtime->asking);
	question_close(&runtime->restarting);
	podman_close(&runtime->podman);
	sd_event_source_disable_unref(runtime->again);
	sd_event_unref(runtime->event);
	free(runtime->list);
	free(runtime);
}

bool runtime_is_settled(const struct runtime *runtime)
{
	return runtime->is_settled;
}

bool runtime_is_witness(const struct runtime *runtime)
{
	return runtime->events.is_open;
}

const char *runtime_trouble(const struct runtime *runtime)
{
	return runtime->trouble;
}

size_t runtime_count(const struct runtime *runtime)
{
	return runtime->n;
}

const struct container *runtime_find(const struct runtime *runtime, const char *id)
{
	const struct entry *entry = find(runtime, id);

	return entry && entry->is_known ? &entry->container : NULL;
}

static void on_restarted(struct question *question, int r, void *userdata)
{
	struct runtime *runtime = userdata;
	char detail[CONTAINER_DETAIL_SIZE] = "";

	if (r > 0)
		return;
	if (r == 0 && question->head.status / 100 != 2) {
		r = -EREMOTEIO;
		(void)text_format(detail, sizeof(detail), "%s refused (HTTP %u): %.*s",
				  runtime->name, question->head.status,
				  (int)(question->n < 160 ? question->n : 160), question->bytes);
		text_sanitize(detail);
	} else {
		(void)text_format(detail, sizeof(detail), "%s: %s", runtime->name,
				  r < 0 ? strerror(-r) : "the container was restarted");
	}
	question_close(&runtime->restarting);
	runtime->done(-r, detail, runtime->done_userdata);
}

int runtime_restart(struct runtime *runtime, const char *id, runtime_done *done, void *userdata)
{
	char path[QUESTION_PATH_MAX];
	int r;

	if (runtime->restarting.is_open)
		return -EBUSY;
	if (!cgroup_is_container_id(id))
		return -EINVAL;
	(void)text_format(path, sizeof(path), "/containers/%s/restart", id);
	r = question_ask(&runtime->restarting, runtime->event, runtime->socket, "POST", path,
			 INSPECT_BYTES_MAX, RESTART_USEC, on_restarted, runtime);
	if (r < 0)
		return r;
	runtime->done = done;
	runtime->done_userdata = userdata;
	return 0;
}
