/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The subcommands; each takes its own name, "hearken status", as argv[0] and returns the exit
 * status. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/commands/usage.h"
#include "base/complaints.h"

int command_run(int argc, char **argv);

/* What "run", "config" and "preflight" share: the same two options. Returns 0 or COMMAND_USAGE. */
int command_take_options(int argc, char **argv, bool json_allowed, const char **ret_config,
			 bool *ret_json);
void command_print_complaints(const struct complaints *complaints);

/* On stdout, for programs. @object may be NULL: memory is short. Returns 0 or -ENOMEM. */
int command_print_json(const json_t *object);

#endif
