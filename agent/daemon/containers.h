/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The containers of this host, by the word of their runtimes (observe/runtime), and what that means
 * for the services in them. */
#ifndef CONTAINERS_H
#define CONTAINERS_H

#include "agent/daemon/core.h"
#include "model/container.h"
#include "observe/runtime/runtime.h"

struct containers;

struct containers_callbacks {
	/* One runs, or does not any more; or is called or publishes otherwise. */
	void (*changed)(const struct container *container, void *userdata);
};

/* Asks each runtime that is there, from the next turn of the loop on. Returns 0 or -errno. */
int containers_new(struct core *core, const struct containers_callbacks *callbacks, void *userdata,
		   struct containers **ret);
void containers_free(struct containers *containers);
DEFINE_FREEP(struct containers, containers_free)

/* Runs the loop until they have answered, or for @usec: what is read next needs their word. */
void containers_await(struct containers *containers, uint64_t usec);

/* Those that are known; valid until the loop runs on. */
const struct container_set *containers_all(const struct containers *containers);

/* Tells the judge what is known of the containers of all services. */
void containers_tell(struct containers *containers);

/* Has its runtime restart it; as runtime_restart(), and -ENOENT: it is not known. What it does
 * meanwhile is ours, and nobody's stop. */
int containers_restart(struct containers *containers, const char *name, runtime_done *done,
		       void *userdata);

/* Why a runtime is no witness, a sentence; "" when each that is there is one. */
void containers_trouble(const struct containers *containers, char *to, size_t size);

#endif
