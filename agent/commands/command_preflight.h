/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "hearken preflight": before a reload, restart or upgrade. */
#ifndef COMMAND_PREFLIGHT_H
#define COMMAND_PREFLIGHT_H

int command_preflight(int argc, char **argv);

#endif
