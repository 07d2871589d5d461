/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "hearken replay FILE": what was recorded is decided once more. Needs no daemon, no root and not
 * the machine where it was recorded. */
#ifndef COMMAND_REPLAY_H
#define COMMAND_REPLAY_H

extern const char command_replay_options[]; /* a line each */

/* Returns 0 (all as it was), 1 (another judge decides otherwise), or COMMAND_USAGE (a wrong call,
 * or not all could be read). */
int command_replay(int argc, char **argv);

#endif
