/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options that monitoring plugins have in common (Monitoring Plugins Development Guidelines),
 * as "check", "status" and "probe" take them, and how the place looks that is written to. */
#ifndef PLUGIN_OPTIONS_H
#define PLUGIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "report/show.h"

struct plugin_options {
	const char *config; /* file, or NULL */
	bool json;
	bool verbose;
	uint64_t timeout_usec; /* 0: not said */
	struct range warning, critical;
};

/* For "check" and "status". Says what is wrong; returns 0 or COMMAND_USAGE. */
int plugin_options_take(int argc, char **argv, struct plugin_options *ret);

/* "10" (seconds), "10s", "500ms"; returns 0, -EINVAL or -ERANGE. Not 0: nothing is done in that. */
int plugin_options_timeout(const char *text, uint64_t *ret_usec);

/* Ends the process when @usec are over, as a plugin: with one line, and UNKNOWN. */
void plugin_options_end_after(uint64_t usec);

/* As the terminal is, if there is one; NO_COLOR, TERM and the locale are minded. */
void plugin_options_style(const struct plugin_options *options, struct show_style *ret);

#endif
