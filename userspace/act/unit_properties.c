// SPDX-License-Identifier: LGPL-2.1-or-later
#include "act/unit_properties.h"

#include <string.h>

static int read_property(sd_bus_message *message, const char *name, struct unit_properties *ret)
{
	int r;

	if (strcmp(name, "ActiveState") == 0)
		return sd_bus_message_read(message, "v", "s", &ret->active_state);
	if (strcmp(name, "LoadState") == 0)
		return sd_bus_message_read(message, "v", "s", &ret->load_state);
	if (strcmp(name, "Result") == 0)
		return sd_bus_message_read(message, "v", "s", &ret->result);
	if (strcmp(name, "Job") == 0) {
		r = sd_bus_message_read(message, "v", "(uo)", &ret->job, NULL);
		ret->has_job = r >= 0;
		return r;
	}
	if (strcmp(name, "ExecMainCode") == 0) {
		ret->has_end = true;
		return sd_bus_message_read(message, "v", "i", &ret->end_code);
	}
	if (strcmp(name, "ExecMainStatus") == 0)
		return sd_bus_message_read(message, "v", "i", &ret->end_status);
	if (strcmp(name, "NRestarts") == 0) {
		ret->has_restarts = true;
		return sd_bus_message_read(message, "v", "u", &ret->restarts);
	}
	return sd_bus_message_skip(message, "v");
}

int unit_properties_read(sd_bus_message *message, struct unit_properties *ret)
{
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		const char *name;

		r = sd_bus_message_read(message, "s", &name);
		if (r < 0)
			return r;
		r = read_property(message, name, ret);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}
