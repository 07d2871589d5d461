/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look: what "check" does. The parts of the daemon without what keeps watch, tells others, or
 * repairs; it ends when nothing is about to change any more. */
#ifndef LOOK_H
#define LOOK_H

#include "agent/daemon/outlet.h"

/* Calls @use with all that was seen. Says itself what is wrong; returns what @use returns, or
 * -errno. */
int look_once(const char *config_path, outlet_use *use, void *userdata);

#endif
