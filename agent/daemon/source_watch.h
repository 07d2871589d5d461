/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that say what is expected are read again when they change: hearken.conf and its
 * directory, and what is declared. What is rendered is asked for after its unit's reload or start
 * instead: until then the server has not read it either. */
#ifndef SOURCE_WATCH_H
#define SOURCE_WATCH_H

#include "agent/daemon/daemon.h"

/* Says itself when files cannot be watched; a SIGHUP still reads them. */
void source_watch_open(struct daemon *daemon);
void source_watch_close(struct daemon *daemon);

/* The paths are others: configuration or sources have been read. */
void source_watch_renew(struct daemon *daemon);

/* A file changed a while ago: reads it now. For daemon.c's timer, when daemon->files_usec is due.
 */
void source_watch_read(struct daemon *daemon);

#endif
