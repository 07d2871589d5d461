/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is expected: configuration and sources, read at the start, again at SIGHUP, when a file
 * changed, and when a server changed its listeners; then put in the place of what was known,
 * keeping every incident. */
#ifndef EXPECTATIONS_H
#define EXPECTATIONS_H

#include "agent/daemon/core.h"
#include "intent/config/config.h"
#include "intent/merge/intent.h"

struct expectations;

struct expectations_callbacks {
	/* A process in which the servers live that @config expects, as for intent_tools_find(). */
	pid_t (*process)(const struct config *config, void *userdata);
	/* May be NULL. The containers of this host, as they are now. */
	const struct container_set *(*containers)(void *userdata);
	/* Gives each of @services its place. */
	void (*place)(struct service_set *services, void *userdata);
	/* @fresh takes the place of @old, which is gone after this. */
	void (*configured)(const struct config *old, const struct config *fresh, void *userdata);
	/* Takes over another set, in core and parts. Returns 0 or -errno, and all is as it was. */
	int (*adopt)(const struct policy *policy, const struct service_set *fresh, void *userdata);
	/* That is done: what is expected is to be watched, and compared with what is there. */
	void (*adopted)(void *userdata);
	/* May be NULL. The set changes, and a person may want to know. */
	void (*changed)(const struct record *record, void *userdata);
	/* May be NULL. What expectations_reload() asked for is done, or was refused. */
	void (*reloaded)(void *userdata);
};

/* @config_path: NULL is the default one. It and @callbacks must outlive it. Returns 0 or -ENOMEM.
 */
int expectations_new(struct core *core, const char *config_path,
		     const struct expectations_callbacks *callbacks, void *userdata,
		     struct expectations **ret);
void expectations_free(struct expectations *expectations);
DEFINE_FREEP(struct expectations, expectations_free)

/* Reads the configuration for the first time. Says each complaint. Returns 0, -EINVAL (it is
 * wrong), or -errno. */
int expectations_load(struct expectations *expectations);

/* Reads the sources for the first time, waiting for them, and has them adopted (not "adopted":
 * nothing is watched yet). Returns 0 or -errno. */
int expectations_read(struct expectations *expectations);

/* From now on files that change are read again. */
void expectations_watch_files(struct expectations *expectations);

/* SIGHUP: the configuration too. A broken one is said, and the old one kept. */
void expectations_reload(struct expectations *expectations);

/* Reads the sources again, in the background, in so much time. */
void expectations_read_after(struct expectations *expectations, uint64_t usec);

/* A server changes its listeners, perhaps several of them: reads the sources when it has done,
 * though not for ever later, nor all the time. */
void expectations_read_when_quiet(struct expectations *expectations);

/* The look before a repair that @incident asks for; its end is a FACT_CHECKED. */
void expectations_check(struct expectations *expectations, const char *incident);

/* Whose the port of @service is was seen, where nobody had said it. */
void expectations_learn_unit(struct expectations *expectations, size_t service, const char *unit);

/* All of these are valid as long as @expectations, and show what holds now. */
const struct config *expectations_config(const struct expectations *expectations);
const struct intent *expectations_intent(const struct expectations *expectations);
const struct server_names *expectations_names(const struct expectations *expectations);
const char *expectations_notice(const struct expectations *expectations); /* or "" */

/* What was wrong with the configuration when it was last read, or "". */
const char *expectations_trouble(const struct expectations *expectations);

#endif
