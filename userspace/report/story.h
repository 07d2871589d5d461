/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole story of one service: the four truths with who says so, what is wrong and since when,
 * what would help, what was done or withheld and why, and how it came. Made of what files hold, so
 * it can be told when nobody runs. Pure.
 *
 * {"service", "port", "verdict", "since", "incident", "reason", "past" (another incident than
 * now's), "truths": {"declared", "rendered", "observed", "working": {"value": "yes"|"no"|"unknown",
 * "words": [sentence, ...]}}, "findings": [{"name", "cause", "detail", "remedy", "since"}],
 * "notices": [the same], "repair": sentence, "withheld": [{"reason", "text"}], "timeline":
 * [{"time", "text"}], "log": [line, ...]} */
#ifndef STORY_H
#define STORY_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct story_sources {		/* borrowed; each may be NULL */
	const json_t *expected; /* the service in the effective set */
	const json_t *status;	/* the service in the status file */
	const char *blind;	/* why the status file is not to be believed; NULL: it is */
	const json_t *records;	/* array: what the history has of the incident that is told */
	const json_t *log;	/* array: the server's own last words */
	const char *incident;	/* the one that is told, if that was asked for */
};

/* NULL: memory is short, or neither set nor status has the service. Released by the caller. */
json_t *story_build(const struct story_sources *sources);

/* Tells it, on a screen at most. @now: of time(2). */
void story_print(const json_t *story, int64_t now, FILE *out);

#endif
