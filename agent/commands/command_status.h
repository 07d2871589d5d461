/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "hearken status" and "hearken check": one object and one exit status, of what the daemon wrote
 * and of what one look brings. */
#ifndef COMMAND_STATUS_H
#define COMMAND_STATUS_H

int command_check(int argc, char **argv);
int command_status(int argc, char **argv);

#endif
