// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/whereabouts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "observe/owner/container.h"
#include "observe/runtime/runtime.h"
#include "observe/runtime/runtime_places.h"

#define WAIT_USEC      (2 * USEC_PER_SEC)
#define CONTAINERS_MAX (RUNTIME_PLACES * RUNTIME_CONTAINERS_MAX)

struct asking {
	sd_event *event;
	struct runtime *runtimes[RUNTIME_PLACES];
	struct container *list; /* room for CONTAINERS_MAX */
	size_t n;
};

static void asking_clear(struct asking *asking)
{
	for (size_t i = 0; i < RUNTIME_PLACES; i++)
		runtime_free(asking->runtimes[i]);
	sd_event_unref(asking->event);
}

static void on_changed(struct runtime *runtime, const struct container *container, void *userdata)
{
	struct asking *asking = userdata;
	size_t i = 0;

	while (i < asking->n && strcmp(asking->list[i].id, container->id) != 0)
		i++;
	if (i == CONTAINERS_MAX)
		return;
	asking->list[i] = *container;
	asking->n += i == asking->n;
}

static const struct runtime_callbacks on_runtime = { .changed = on_changed };

static bool are_settled(const struct asking *asking)
{
	for (size_t i = 0; i < RUNTIME_PLACES; i++)
		if (!runtime_is_settled(asking->runtimes[i]))
			return false;
	return true;
}

static int ask(struct asking *asking)
{
	uint64_t now, limit;
	int r = sd_event_new(&asking->event);

	for (size_t i = 0; i < RUNTIME_PLACES && r >= 0; i++)
		r = runtime_new(&asking->runtimes[i], asking->event, runtime_places[i].name,
				runtime_places[i].socket, runtime_places[i].stored, &on_runtime,
				asking);
	if (r >= 0)
		r = sd_event_now(asking->event, CLOCK_MONOTONIC, &now);
	for (limit = r >= 0 ? now + WAIT_USEC : 0; r >= 0 && !are_settled(asking) && now < limit;) {
		r = sd_event_run(asking->event, limit - now);
		if (r >= 0)
			r = sd_event_now(asking->event, CLOCK_MONOTONIC, &now);
	}
	return r < 0 ? r : 0;
}

int whereabouts_find(struct whereabouts *ret)
{
	cleanup(asking_clear) struct asking asking = { 0 };
	int r;

	ret->list = asking.list = calloc(CONTAINERS_MAX, sizeof(*asking.list));
	if (!asking.list)
		return -ENOMEM;
	r = ask(&asking);
	ret->containers = (struct container_set){ ret->list, asking.n };
	return r;
}

void whereabouts_clear(struct whereabouts *whereabouts)
{
	free(whereabouts->list);
	*whereabouts = (struct whereabouts){ 0 };
}

int whereabouts_intent(const struct config *config, const struct whereabouts *whereabouts,
		       struct intent *ret)
{
	struct container_names names = { 0 };
	struct container_place place;
	bool found =
		*config->container && container_find(&names, "", config->container, &place) >= 0;

	return intent_read(config, found ? place.pid : 0,
			   whereabouts ? &whereabouts->containers : NULL, ret);
}

int whereabouts_netns(const struct config *config, char to[static CONFIG_PATH_SIZE])
{
	struct container_names names = { 0 };
	struct container_place place;
	int r;

	if (!*config->container)
		return text_copy(to, CONFIG_PATH_SIZE, config->netns);
	r = container_find(&names, "", config->container, &place);
	if (r < 0)
		return log_error(r, "The container %s is not to be found", config->container);
	return text_copy(to, CONFIG_PATH_SIZE, place.path);
}

uint32_t whereabouts_of(const struct whereabouts *whereabouts, const struct service *service,
			uint32_t netns)
{
	const struct container *container;
	char path[64];
	struct stat st;

	if (!*service->server.container)
		return netns;
	container = container_set_find(&whereabouts->containers, service->server.container);
	if (!container || container->pid <= 0)
		return 0;
	(void)text_format(path, sizeof(path), "/proc/%d/ns/net", (int)container->pid);
	return stat(path, &st) == 0 ? (uint32_t)st.st_ino : 0;
}
