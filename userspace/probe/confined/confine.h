/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way into the sandbox (see sandbox.h) for whoever holds conversations. */
#ifndef CONFINE_H
#define CONFINE_H

#include <sys/types.h>

#include "probe/wire/tls.h"

/* Has libraries read their files and make their tables now: later they cannot. */
void confine_warm_up(struct tls_store *store, const char *ca_file);

/* Enters as a user that nothing else runs as, where there is one, else as nobody. Returns as
 * sandbox_enter(). */
int confine_enter(unsigned int walls, unsigned int files, pid_t parent);

#endif
