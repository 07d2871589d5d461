/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look: what "check" does. The parts of the daemon without what keeps watch, tells others, or
 * repairs; it ends when nothing is about to change any more. */
#ifndef LOOK_H
#define LOOK_H

#include "agent/daemon/outlet.h"

#define LOOK_WHY_SIZE 512

/* Calls @use with all that was seen. Returns what that returns, or -errno with a sentence in @why;
 * more may have been said on stderr. */
int look_once(const char *config_path, outlet_use *use, void *userdata,
	      char why[static LOOK_WHY_SIZE]);

#endif
