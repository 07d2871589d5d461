// SPDX-License-Identifier: LGPL-2.1-or-later
#include "resolve.h"

#include <errno.h>
#include <stdlib.h>

#include "container.h"
#include "log.h"
#include "text.h"

int resolve_intent(const struct config *config, struct intent *ret)
{
	cleanup(memory_freep) struct intent_tools *tools = calloc(1, sizeof(*tools));
	struct container_names names = { 0 };
	struct container_place place;
	int r;

	if (!tools)
		return -ENOMEM;
	if (*config->container && container_find(&names, "", config->container, &place) >= 0)
		intent_tools_find_inside(config, place.pid, tools);
	else
		intent_tools_find(config, tools);
	intent_tools_run(tools);
	r = intent_merge(config, tools, NULL, ret);
	intent_tools_clear(tools);
	return r;
}

int resolve_netns(const struct config *config, char to[static CONFIG_PATH_SIZE])
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
