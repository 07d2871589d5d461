/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What listens in a network namespace, by two other witnesses than us: /proc (net/tcp, net/tcp6 and
 * every process's descriptors) and ss(8); for test_random. */
#ifndef TRUTH_H
#define TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/address.h"
#include "model/listener.h"

#define TRUTH_MAX	  1024 /* listeners of one namespace */
#define TRUTH_HOLDERS_MAX 64

struct truth {
	uint64_t cookie; /* ss only; else 0 */
	uint64_t inode;
	struct address address;
	uint16_t port;
	int v6only;			  /* -1: this witness does not say */
	uint32_t queued, backlog;	  /* the latter ss only */
	pid_t holders[TRUTH_HOLDERS_MAX]; /* ascending */
	size_t n_holders;
};

/* Both ask in the namespace of process @pid, into @ret (TRUTH_MAX of them). Return how many, or
 * -errno. */
ssize_t truth_from_proc(pid_t pid, struct truth *ret);
ssize_t truth_from_ss(pid_t pid, struct truth *ret);

/* Whether @listener is what the witness says; with @holders, whether those are the same too. */
bool truth_agrees(const struct truth *truth, const struct listener *listener, bool holders);

/* One line for a person, to standard error. */
void truth_show(const char *who, const struct truth *truth);
void truth_show_listener(const struct listener *listener);

#endif
