/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "hearken config": the effective set, what each source says of each service, what was looked for
 * and not found, and what is wrong with it. Exit status 0: clean, 1: warnings or conflicts, 2:
 * errors. */
#ifndef COMMAND_CONFIG_H
#define COMMAND_CONFIG_H

int command_config(int argc, char **argv);

#endif
