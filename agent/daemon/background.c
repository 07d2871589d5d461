// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/background.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

static void tell(struct background *background, int error, int status, char *output)
{
	background_ended *ended = background->ended;
	void *userdata = background->userdata;

	background_clear(background);
	ended(error, status, output, userdata);
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct background *background = userdata;

	/* At its end, or when it was too much (and the program was killed): the end is told by the
	 * pidfd. */
	return spawn_read(background->spawn) == 0
		       ? 0
		       : sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct background *background = userdata;
	cleanup(memory_freep) char *output = NULL;
	int status = 0, r;

	(void)spawn_read(background->spawn);
	r = spawn_finish(background->spawn, &status, &output);
	if (r != -EAGAIN)
		tell(background, r, status, output);
	return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata)
{
	tell(userdata, -ETIMEDOUT, 0, NULL);
	return 0;
}

int background_start(struct background *background, sd_event *event,
		     const struct enter_process *inside, const char *const argv[],
		     size_t max_output, uint64_t timeout_usec, background_ended *ended,
		     void *userdata)
{
	int r = spawn_start(&background->spawn, inside, argv, max_output);

	if (r < 0)
		return r;
	background->ended = ended;
	background->userdata = userdata;
	r = sd_event_add_io(event, &background->output, spawn_fd(background->spawn), EPOLLIN,
			    on_output, background);
	if (r >= 0)
		r = sd_event_add_io(event, &background->end, spawn_pidfd(background->spawn),
				    EPOLLIN, on_end, background);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &background->deadline, CLOCK_MONOTONIC,
					       timeout_usec, 0, on_late, background);
	if (r < 0)
		background_clear(background);
	return r < 0 ? r : 0;
}

void background_clear(struct background *background)
{
	sd_event_source_disable_unref(background->output);
	sd_event_source_disable_unref(background->end);
	sd_event_source_disable_unref(background->deadline);
	spawn_free(background->spawn);
	memset(background, 0, sizeof(*background));
}
