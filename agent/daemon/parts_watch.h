/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The second group of parts: what takes time to see anything, tells it, and repairs. Called in this
 * order, after parts_read(). Each says itself what is wrong, and returns 0 or -errno. */
#ifndef PARTS_WATCH_H
#define PARTS_WATCH_H

#include "agent/daemon/parts.h"

/* Adds the outlet; @look is called with @parts, @config_path as for parts_open(). */
int parts_add_outlet(struct parts *parts, const char *config_path, outlet_look *look);

/* Starts prober and observer. @content: to see little is enough. -EPERM: nothing would be seen. */
int parts_look_out(struct parts *parts, bool content);

/* Adds what takes time to see anything, and what repairs. */
int parts_add_watch(struct parts *parts);

/* Everything is looked at and told for the first time; from now on changes are facts. */
int parts_start(struct parts *parts);

#endif
