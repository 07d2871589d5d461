/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "hearken probe" is asked to do: its command line, made a plan. */
#ifndef PROBE_REQUEST_H
#define PROBE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/plan.h"
#include "report/range.h"

#define PROBE_TARGET_SIZE (PLAN_NAME_SIZE + 16)

extern const char probe_request_options[]; /* for --help, a line each */

struct probe_request {
	struct probe_plan plan;
	char host[PLAN_NAME_SIZE];
	char target[PROBE_TARGET_SIZE]; /* HOST:PORT */
	uint16_t port;
	bool json;
	bool verbose;
	bool injection_check;
	struct range warning, critical; /* seconds that the whole conversation takes */
	uint64_t start_usec;
	uint64_t deadline_usec;
};

/* Says on stderr what is missing or wrong. Returns 0, or COMMAND_USAGE. */
int probe_request_take(int argc, char **argv, struct probe_request *request);

uint64_t probe_request_now_usec(void); /* CLOCK_MONOTONIC */

#endif
