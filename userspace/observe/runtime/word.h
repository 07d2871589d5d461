/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container runtime says of containers, out of its JSON: answers of its API (docker's, which
 * podman speaks too), its events, and the files that docker writes. Pure.
 *
 * Strangers write some of it: names, labels, images. Every text is bounded and printable, an id is
 * 64 hexadecimal digits or the object is refused, what is of another type is as if it was not
 * there. */
#ifndef RUNTIME_WORD_H
#define RUNTIME_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/container.h"

enum runtime_event_kind {
	RUNTIME_EVENT_OTHER, /* something of it has changed: ask */
	RUNTIME_EVENT_START,
	RUNTIME_EVENT_KILL, /* somebody has the runtime send it @signal */
	RUNTIME_EVENT_STOP,
	RUNTIME_EVENT_DIE, /* its first process ended, with @exit_code */
	RUNTIME_EVENT_OOM, /* the OOM killer was in it */
	RUNTIME_EVENT_PAUSE,
	RUNTIME_EVENT_UNPAUSE,
	RUNTIME_EVENT_DESTROY,
};

struct runtime_event {
	enum runtime_event_kind kind;
	char id[CONTAINER_ID_SIZE];
	int signal;	  /* kill; 0: not said */
	int exit_code;	  /* die */
	uint64_t time_ns; /* wall clock, the runtime's; 0: not said */
};

#define RUNTIME_LIST_MAX 256 /* containers of one runtime; more are not followed */

struct runtime_list {
	char ids[RUNTIME_LIST_MAX][CONTAINER_ID_SIZE];
	size_t n;
	bool cut; /* there were more */
};

/* Of GET /containers/json?all=1. All return 0, -EBADMSG (no JSON, or not of that form) or -ENOMEM.
 */
int runtime_word_list(const char *text, size_t n, struct runtime_list *ret);

/* Of GET /containers/ID/json. */
int runtime_word_inspect(const char *text, size_t n, struct container *ret);

/* Of docker's config.v2.json and hostconfig.json; @host may be empty. */
int runtime_word_stored(const char *config, size_t n, const char *host, size_t n_host,
			struct container *ret);

/* Of one line of GET /events. */
int runtime_word_event(const char *text, size_t n, struct runtime_event *ret);

/* What @event makes of @container, as far as it tells by itself; the rest has to be asked for. */
void runtime_word_apply(const struct runtime_event *event, struct container *container);

#endif
