/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd tells of a unit over the bus: those of its properties that we know. */
#ifndef UNIT_PROPERTIES_H
#define UNIT_PROPERTIES_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct unit_properties {
	const char *active_state, *load_state; /* of the message; NULL: not told */
	const char *result;
	bool has_job; /* whether the job was told; its id is 0 when there is none */
	uint32_t job;
	bool has_end; /* whether how the main process ended was told: CLD_KILLED and its like */
	int32_t end_code, end_status;
	bool has_restarts;
	uint32_t restarts;
};

/* Reads a{sv} of @message into @ret, which is zeroed; returns 0 or -errno of sd-bus. */
int unit_properties_read(sd_bus_message *message, struct unit_properties *ret);

#endif
