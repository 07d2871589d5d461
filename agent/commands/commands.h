/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The subcommands; each takes its own name as argv[0] and returns the exit status. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>

#include "base/complaints.h"

enum { COMMAND_USAGE = 3 }; /* a wrong call knows nothing: UNKNOWN to a monitoring system */

int command_run(int argc, char **argv);

/* What they share. Every one has the same two options; returns 0 or COMMAND_USAGE. */
int command_take_options(int argc, char **argv, bool json_allowed, const char **ret_config,
			 bool *ret_json);
void command_print_complaints(const struct complaints *complaints);

#endif
