/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process in a network namespace of its own that does with listeners whatever processes do, at random;
 * for test_random. */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdint.h>
#include <sys/types.h>

#define ACTOR_STORM_PORT 24 /* watched too, and used for storms only */
#define ACTOR_EPHEMERAL 32768 /* from here on the kernel chooses ports: all are watched */
#define ACTOR_LAST_PORT 60999

struct actor {
	pid_t pid;
	int fd; /* commands and replies */
	uint32_t netns;
};

enum actor_kind {
	ACTOR_MIX,   /* @n operations of all kinds */
	ACTOR_STORM, /* @n times open and close of one port */
};

struct actor_command {
	uint64_t seed;
	uint32_t n;
	uint32_t kind;
};

extern const uint16_t actor_ports[8]; /* that are opened by name */

uint64_t actor_random(uint64_t *seed);

/* Starts one; ends when @actor->fd is closed, with all its children. Returns 0 or -errno. */
int actor_start(struct actor *actor);

/* Begins a command, and waits for its end. Return 0 or -errno. */
int actor_begin(const struct actor *actor, enum actor_kind kind, uint32_t n, uint64_t seed);
int actor_end(const struct actor *actor);

/* Kills it and its children, and waits until they are gone. */
void actor_kill(struct actor *actor);

#endif
