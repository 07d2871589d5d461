// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/containers.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "observe/runtime/runtime_places.h"

struct containers {
	struct core *core;
	const struct containers_callbacks *callbacks;
	void *userdata;
	struct runtime *runtimes[RUNTIME_PLACES];
	struct container *list; /* of all runtimes, in the order of their coming */
	struct container_set set;
	char restarting[CONTAINER_ID_SIZE]; /* by us; empty: none */
	pid_t restarted_pid;		    /* of its first process before that */
	bool is_restarted;		    /* and that is done, but for the word of it */
	runtime_done *done;
	void *done_userdata;
};

#define CONTAINERS_MAX (RUNTIME_PLACES * RUNTIME_CONTAINERS_MAX)

static struct container *find(struct containers *containers, const char *id)
{
	for (size_t i = 0; i < containers->set.n; i++)
		if (strcmp(containers->list[i].id, id) == 0)
			return &containers->list[i];
	return NULL;
}

/* Room for one more: who was removed first is forgotten. */
static struct container *add(struct containers *containers)
{
	struct container_set *set = &containers->set;

	for (size_t i = 0; set->n == CONTAINERS_MAX && i < set->n; i++) {
		if (containers->list[i].state != CONTAINER_REMOVED)
			continue;
		memmove(&containers->list[i], &containers->list[i + 1],
			(set->n - i - 1) * sizeof(*containers->list));
		set->n--;
	}
	return set->n < CONTAINERS_MAX ? &containers->list[set->n++] : NULL;
}

static void post(struct containers *containers, size_t service, const struct container *container)
{
	struct fact fact = core_fact(containers->core, FACT_CONTAINER, service);

	fact.container.state = container->state;
	fact.container.asked = container_was_stopped(container);
	fact.container.comes_back = container_comes_back(container);
	/* Removing one by force begins with the same signal: another may be made in its place. */
	fact.container.may_be_meant = container->asked && !fact.container.asked;
	fact.container.is_cut_off = container->is_cut_off;
	container_tell(container, fact.container.detail);
	container_remedy(container, fact.container.remedy);
	(void)core_post(containers->core, &fact);
}

/* @name: NULL for all. The one that has the name now speaks for it: one that was removed before
 * another was made under it does not. */
static void tell(struct containers *containers, const char *name)
{
	const struct service_set *services = core_services(containers->core);

	for (size_t i = 0; i < services->n; i++) {
		const char *its = services->list[i].server.container;
		const struct container *container;

		if (!*its || (name && strcmp(its, name) != 0))
			continue;
		container = container_set_find(&containers->set, its);
		if (container && strcmp(container->id, containers->restarting) != 0)
			post(containers, i, container);
	}
}

void containers_tell(struct containers *containers)
{
	tell(containers, NULL);
}

static bool is_elsewhere(const struct container *a, const struct container *b)
{
	return strcmp(a->name, b->name) != 0 || a->n_ports != b->n_ports ||
	       memcmp(a->ports, b->ports, sizeof(a->ports)) != 0 || a->pid != b->pid ||
	       container_is_alive(a) != container_is_alive(b) ||
	       (a->state == CONTAINER_REMOVED) != (b->state == CONTAINER_REMOVED);
}

/* Its events may come after the answer: until it is known to run, what is told of it is what we did
 * to it. */
static void end_restart(struct containers *containers, const struct container *container)
{
	if (container->state != CONTAINER_RUNNING || !container->pid ||
	    container->pid == containers->restarted_pid)
		return;
	*containers->restarting = '\0';
	containers->is_restarted = false;
}

static void on_changed(struct runtime *runtime, const struct container *container, void *userdata)
{
	struct containers *containers = userdata;
	struct container *known = find(containers, container->id);
	struct container before = { 0 };

	if (known)
		before = *known;
	else
		known = add(containers);
	if (!known)
		return; /* and that is said: runtime_trouble() */
	*known = *container;
	if (containers->is_restarted && strcmp(container->id, containers->restarting) == 0)
		end_restart(containers, container);
	tell(containers, container->name);
	if (is_elsewhere(&before, container))
		containers->callbacks->changed(container, containers->userdata);
}

static const struct runtime_callbacks on_runtime = { .changed = on_changed };

static bool are_settled(const struct containers *containers)
{
	for (size_t i = 0; i < RUNTIME_PLACES; i++)
		if (!runtime_is_settled(containers->runtimes[i]))
			return false;
	return true;
}

void containers_await(struct containers *containers, uint64_t usec)
{
	sd_event *event = core_event(containers->core);
	uint64_t now, limit;

	(void)sd_event_now(event, CLOCK_MONOTONIC, &now);
	limit = now + usec;
	while (!are_settled(containers) && now < limit) {
		if (sd_event_run(event, limit - now) < 0)
			return;
		(void)sd_event_now(event, CLOCK_MONOTONIC, &now);
	}
}

const struct container_set *containers_all(const struct containers *containers)
{
	return &containers->set;
}

static void on_restarted(int error, const char *detail, void *userdata)
{
	struct containers *containers = userdata;

	const struct container *container = find(containers, containers->restarting);

	containers->is_restarted = true;
	if (container)
		end_restart(containers, container);
	if (error) {
		*containers->restarting = '\0';
		containers->is_restarted = false;
	}
	containers->done(error, detail, containers->done_userdata);
	containers_tell(containers);
}

int containers_restart(struct containers *containers, const char *name, runtime_done *done,
		       void *userdata)
{
	const struct container *container = container_set_find(&containers->set, name);
	int r = -ENOENT;

	if (*containers->restarting && !containers->is_restarted)
		return -EBUSY;
	for (size_t i = 0; container && i < RUNTIME_PLACES; i++)
		if (strcmp(container->runtime, runtime_places[i].name) == 0)
			r = runtime_restart(containers->runtimes[i], container->id, on_restarted,
					    containers);
	if (r < 0)
		return r;
	(void)text_copy(containers->restarting, sizeof(containers->restarting), container->id);
	containers->restarted_pid = container->pid;
	containers->is_restarted = false;
	containers->done = done;
	containers->done_userdata = userdata;
	return 0;
}

void containers_trouble(const struct containers *containers, char *to, size_t size)
{
	*to = '\0';
	for (size_t i = 0; i < RUNTIME_PLACES; i++)
		(void)text_append(to, size, "%s%s",
				  *to && *runtime_trouble(containers->runtimes[i]) ? "; " : "",
				  runtime_trouble(containers->runtimes[i]));
}

int containers_new(struct core *core, const struct containers_callbacks *callbacks, void *userdata,
		   struct containers **ret)
{
	cleanup(containers_freep) struct containers *containers = calloc(1, sizeof(*containers));

	if (!containers)
		return -ENOMEM;
	containers->core = core;
	containers->callbacks = callbacks;
	containers->userdata = userdata;
	containers->list = calloc(CONTAINERS_MAX, sizeof(*containers->list));
	containers->set.list = containers->list;
	if (!containers->list)
		return -ENOMEM;
	for (size_t i = 0; i < RUNTIME_PLACES; i++) {
		int r = runtime_new(&containers->runtimes[i], core_event(core),
				    runtime_places[i].name, runtime_places[i].socket,
				    runtime_places[i].stored, &on_runtime, containers);

		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(containers);
	return 0;
}

void containers_free(struct containers *containers)
{
	if (!containers)
		return;
	for (size_t i = 0; i < RUNTIME_PLACES; i++)
		runtime_free(containers->runtimes[i]);
	free(containers->list);
	free(containers);
}
