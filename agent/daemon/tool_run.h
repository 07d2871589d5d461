/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of expectations: runs the servers' own programs, one after the other, in the background of
 * the loop, and calls when all have said what they had to say. */
#ifndef TOOL_RUN_H
#define TOOL_RUN_H

#include "agent/daemon/background.h"
#include "intent/rendered/intent_tools.h"

/* @tools is cleared after the call. */
typedef void tool_run_ended(const struct intent_tools *tools, void *userdata);

struct tool_run { /* zeroed is idle; must stay where it is */
	struct intent_tools tools;
	struct background program; /* the one that runs */
	sd_event *event;
	tool_run_ended *ended;
	void *userdata;
};

/* Asks all that @config names; who is still asked for another configuration is not listened to any
 * more. @inside: as for intent_tools_find(). @ended is called once, perhaps before this returns,
 * unless it is cleared before. */
void tool_run_start(struct tool_run *run, sd_event *event, const struct config *config,
		    pid_t inside, const struct container_set *containers, tool_run_ended *ended,
		    void *userdata);
void tool_run_clear(struct tool_run *run);

#endif
