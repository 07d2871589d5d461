/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container runtime as a witness: who its containers are, and what becomes of them, by its own
 * word, as soon as it says it. Docker, and podman's service that speaks as docker does, over their
 * UNIX sockets.
 *
 * It is asked in HTTP/1.0 by three fixed questions (events, list, inspect), and, for a repair
 * alone, to restart one container. A connection is one question. It may be absent, refuse us, be
 * silent or talk nonsense: then nothing is known, and runtime_trouble() says why; it is tried again
 * for ever, each time later. */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "model/container.h"

#define RUNTIME_CONTAINERS_MAX 256
#define RUNTIME_TROUBLE_SIZE   192

struct runtime;

/* @container is new, or another than before. Must not free the runtime. */
typedef void (*runtime_changed)(struct runtime *runtime, const struct container *container,
				void *userdata);

/* @error: 0, or why not (errno, positive), and then @detail has more. */
typedef void runtime_done(int error, const char *detail, void *userdata);

struct runtime_callbacks {
	runtime_changed changed;
};

/* @name: "docker", what its command is called; @socket: a path. @stored: where it keeps its
 * files ("/var/lib/docker"), or NULL. The strings outlive the runtime. Nothing is asked before the
 * event loop runs. Returns 0 or -errno; the caller frees *@ret with runtime_free(). */
int runtime_new(struct runtime **ret, sd_event *event, const char *name, const char *socket,
		const char *stored, const struct runtime_callbacks *callbacks, void *userdata);
void runtime_free(struct runtime *runtime);
DEFINE_FREEP(struct runtime, runtime_free)

/* All that there was to ask is answered, or cannot be asked. */
bool runtime_is_settled(const struct runtime *runtime);

/* It is connected, and tells what happens. */
bool runtime_is_witness(const struct runtime *runtime);

/* Why it is none, a clause; "": it is, or there is none on this host. */
const char *runtime_trouble(const struct runtime *runtime);

/* How many are known; removed ones stay for a while. What is found is valid until the loop runs on.
 */
size_t runtime_count(const struct runtime *runtime);
const struct container *runtime_find(const struct runtime *runtime, const char *id);

/* Has it restart one container. One at a time: else -EBUSY; or -errno. After 0 @done is called
 * once. */
int runtime_restart(struct runtime *runtime, const char *id, runtime_done *done, void *userdata);

#endif
