/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way into the sandbox (see sandbox.h) for whoever holds conversations. */
#ifndef CONFINE_H
#define CONFINE_H

#include <sys/types.h>

#include "probe/tls/tls.h"

/* Has libraries read their files and make their tables now: later they cannot. Returns 0, what
 * tls_store_load() says of @ca_file, or -ENOMEM: some are half made, and who goes on with them
 * would blame servers for it. */
int confine_warm_up(struct tls_store *store, const char *ca_file);

/* Enters as the user that is made for it, where there is one, else as one that has no name: other
 * processes run as nobody, and may signal each other. Returns as sandbox_enter(). */
int confine_enter(unsigned int walls, unsigned int files, pid_t parent);

#endif
