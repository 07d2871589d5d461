/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hearken probe HOST:PORT: one conversation, without daemon, prober process or root. */
#ifndef COMMAND_PROBE_H
#define COMMAND_PROBE_H

/* @argv[0] is the subcommand's name. Returns the exit status of a monitoring plugin: 0 OK, 1
 * WARNING, 2 CRITICAL, 3 UNKNOWN (also of wrong usage). */
int command_probe(int argc, char **argv);

#endif
