/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hearken watch: who begins and who ceases to listen, one a line, as it happens. */
#ifndef COMMAND_WATCH_H
#define COMMAND_WATCH_H

int command_watch(int argc, char **argv);

#endif
