/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The look before a repair: the sources are read anew, and what the server's own configuration says
 * then decides whether a reload or restart could bring the port back. */
#ifndef PRECHECK_H
#define PRECHECK_H

#include "agent/daemon/daemon.h"

/* Begins the look that @action asks for; its end is a FACT_CHECKED. More than DAEMON_REPAIRS_MAX at
 * a time are not looked at: the judge asks again. */
void precheck_start(struct daemon *daemon, const struct action *action);

/* The sources have been read. */
void precheck_finish(struct daemon *daemon);

#endif
