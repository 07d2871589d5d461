/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hearken history: incidents and what they cost, from the file that the daemon keeps; without it
 * too. */
#ifndef COMMAND_HISTORY_H
#define COMMAND_HISTORY_H

extern const char command_history_options[]; /* a line each, for the help */

int command_history(int argc, char **argv);

#endif
