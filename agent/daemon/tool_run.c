// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/tool_run.h"

#include <string.h>

#include "intent/rendered/rendering.h"

static void go_on(struct tool_run *run);

static void on_ended(int r, int status, char *output, void *userdata)
{
	struct tool_run *run = userdata;
	struct intent_tool *tool = intent_tools_next(&run->tools);

	if (tool) /* the output is gone after this call */
		intent_tool_done(tool, r < 0 ? r : status, output ? strdup(output) : NULL);
	if (output) /* it may hold passwords */
		explicit_bzero(output, strlen(output));
	go_on(run);
}

/* A failed one spares us the others of its server. */
static void go_on(struct tool_run *run)
{
	struct intent_tool *tool;

	while ((tool = intent_tools_next(&run->tools))) {
		int r = background_start(&run->program, run->event, tool->inside, tool->argv,
					 RENDERING_TEXT_MAX, INTENT_TOOL_USEC, on_ended, run);

		if (r >= 0)
			return;
		intent_tool_done(tool, r, NULL);
	}
	run->ended(&run->tools, run->userdata);
	intent_tools_clear(&run->tools);
}

void tool_run_start(struct tool_run *run, sd_event *event, const struct config *config,
		    pid_t inside, const struct container_set *containers, tool_run_ended *ended,
		    void *userdata)
{
	tool_run_clear(run);
	run->event = event;
	run->ended = ended;
	run->userdata = userdata;
	intent_tools_find(config, inside, containers, &run->tools);
	go_on(run);
}

void tool_run_clear(struct tool_run *run)
{
	background_clear(&run->program);
	intent_tools_clear(&run->tools);
}
