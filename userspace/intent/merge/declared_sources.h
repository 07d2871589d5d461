/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the files that declare what should be served, in the order of their strength. Private to
 * intent/. */
#ifndef DECLARED_SOURCES_H
#define DECLARED_SOURCES_H

#include "intent/merge/merging.h"

/* A file that cannot be read is said in its source, and the rest counts. Returns 0 or -ENOMEM. */
int declared_read(struct merging *merging);

#endif
