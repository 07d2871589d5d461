/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "hearken silence": no alerts and no repair for a while. */
#ifndef COMMAND_SILENCE_H
#define COMMAND_SILENCE_H

extern const char command_silence_options[];

/* Returns 0, EXIT_FAILURE, or COMMAND_USAGE. */
int command_silence(int argc, char **argv);

#endif
