/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program in the background of the loop: bounded in time and output, its end is told once. */
#ifndef BACKGROUND_H
#define BACKGROUND_H

#include <systemd/sd-event.h>

#include "base/spawn.h"

/* @error: 0, -ETIMEDOUT (it was killed), or -errno. @status as from waitpid(). @output may be NULL,
 * and is gone after the call. */
typedef void background_ended(int error, int status, char *output, void *userdata);

struct background { /* zeroed is idle */
	struct spawn *spawn;
	sd_event_source *output, *end, *deadline;
	background_ended *ended;
	void *userdata;
};

/* @inside: as for spawn_start(). Returns 0, then @ended is called once unless it is cleared before;
 * or -errno, and it never is. */
int background_start(struct background *background, sd_event *event,
		     const struct enter_process *inside, const char *const argv[],
		     size_t max_output, uint64_t timeout_usec, background_ended *ended,
		     void *userdata);
void background_clear(struct background *background); /* kills what runs */

#endif
