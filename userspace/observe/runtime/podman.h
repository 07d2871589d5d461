/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What podman says otherwise than docker, or not at all. Seen with 4.3.1:
 *
 * "podman kill" tells no signal. "podman stop" and "podman restart" tell nothing before the end,
 * and leave nothing behind that would: while they wait, and only then, its state is "stopping". It
 * has no daemon, so who starts a container again is its last process, a second or two after its
 * end. Whatever it does it writes to its database first, which can be watched. */
#ifndef RUNTIME_PODMAN_H
#define RUNTIME_PODMAN_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "model/container.h"
#include "observe/runtime/word.h"

/* What @event makes of @container: as runtime_word_apply(), and who has asked for an end, as far as
 * the end itself shows it. Pure. */
void podman_apply(const struct runtime_event *event, struct container *container);

/* Who ended by SIGTERM was told to: nothing else says so of a "podman stop". For what inspecting
 * shows; podman_apply() has done it. Pure. */
void podman_take_end(struct container *container);

/* One that ended and was not started again in the time that podman takes for it: that is decided
 * now. Pure. Returns true when it makes a difference. */
bool podman_leave(struct container *container);

struct podman { /* zeroed: another runtime's; podman_open() makes it one */
	sd_event *event;
	sd_event_source *databases[2], *looking, *leaving;
	uint64_t looked_usec;
	void (*written)(void *userdata); /* its database, and it does not say what */
	void (*left)(void *userdata);	 /* the time of podman_has_ended() is over */
	void *userdata;
};

/* Returns 0 or -errno; the caller ends it with podman_close(). */
int podman_open(struct podman *podman, sd_event *event, void (*written)(void *userdata),
		void (*left)(void *userdata), void *userdata);
void podman_close(struct podman *podman);

/* Looks at its databases below @root ("/var/lib/containers/storage") from now on, anew if it did.
 * Where they are not there, or not ours to see, nothing is told. */
void podman_watch(struct podman *podman, const char *root);

/* A container has: after a while @left is called, for podman_leave(). */
void podman_has_ended(struct podman *podman);

/* Whether one that ended at @ended_usec (CLOCK_MONOTONIC; 0: it did not) was not started again in
 * time. */
bool podman_is_over(const struct podman *podman, uint64_t ended_usec);

#endif
