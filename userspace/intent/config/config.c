// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/config/config.h"

#include <stdlib.h>

static const char *const repair_names[] = {
	[CONFIG_REPAIR_OFF] = "off",
	[CONFIG_REPAIR_RELOAD] = "reload",
	[CONFIG_REPAIR_RESTART] = "restart",
};

bool config_is_on_host(const struct config *config)
{
	return !*config->netns && !*config->container;
}

const char *config_repair_name(enum config_repair repair)
{
	return repair_names[repair];
}

void config_clear(struct config *config)
{
	free(config->listeners);
	*config = (struct config){ 0 };
}
