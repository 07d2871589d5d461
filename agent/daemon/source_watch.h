/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of expectations: tells when the files that say what is expected have changed, and settled:
 * hearken.conf and its directory, and what is declared. What is rendered is asked for after its
 * unit's reload or start instead: until then the server has not read it either. */
#ifndef SOURCE_WATCH_H
#define SOURCE_WATCH_H

#include "agent/daemon/core.h"
#include "model/source.h"

struct source_watch;

/* @config: hearken.conf or what is beside it changed, else only what is declared. */
typedef void source_watch_changed(bool config, void *userdata);

/* Watches nothing yet. Returns 0, -EMFILE (fs.inotify.max_user_instances) or another -errno. */
int source_watch_new(struct core *core, source_watch_changed *changed, void *userdata,
		     struct source_watch **ret);
void source_watch_free(struct source_watch *watch);
DEFINE_FREEP(struct source_watch, source_watch_free)

/* Watches hearken.conf at @config_path and those of @sources that are declared, in the place of
 * those before. Says itself what cannot be watched; a SIGHUP still reads it. */
void source_watch_renew(struct source_watch *watch, const char *config_path,
			const struct source *sources, size_t n);

#endif
