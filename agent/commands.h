/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The subcommands; each takes its own name as argv[0] and returns the exit status. */
#ifndef COMMANDS_H
#define COMMANDS_H

enum { COMMAND_USAGE = 3 }; /* a wrong call knows nothing: UNKNOWN to a monitoring system */

int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_status(int argc, char **argv);
int command_config(int argc, char **argv);

#endif
