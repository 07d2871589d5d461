/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that is known, laid out for the status file and the metrics. */
#ifndef DAEMON_VIEW_H
#define DAEMON_VIEW_H

#include "agent/daemon/parts.h"

/* Calls @use with it. Returns what that returns, or -ENOMEM. */
int view_with(const struct parts *parts, outlet_use *use, void *userdata);

#endif
