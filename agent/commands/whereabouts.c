// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/whereabouts.h"

#include "base/log.h"
#include "base/text.h"
#include "observe/owner/container.h"

int whereabouts_intent(const struct config *config, struct intent *ret)
{
	struct container_names names = { 0 };
	struct container_place place;
	bool found =
		*config->container && container_find(&names, "", config->container, &place) >= 0;

	return intent_read(config, found ? place.pid : 0, NULL, ret);
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
