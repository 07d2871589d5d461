/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The child process behind prober.h, and the two records that pass between. */
#ifndef PROBER_CHILD_H
#define PROBER_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "model/answer.h"

#define PROBER_CONVERSATIONS_MAX 256 /* further ones are answered at once, as incomplete */

/* One message a probe, on a SOCK_SEQPACKET pair: a struct probe_plan with one descriptor attached
 * goes in, a struct probe_reply comes back. */
struct probe_reply {
	uint64_t id;
	struct answer answer;
};

/* To be called in a fresh child of @parent. Loads @ca_file; closes every descriptor but @channel
 * and stderr, which should not be anybody else's; goes into the sandbox (see sandbox.h); holds
 * conversations until @channel ends, and exits. */
_Noreturn void prober_child(int channel, const char *ca_file, pid_t parent);

/* Becomes @program in a fresh child, for it to become such a prober, with next to nothing of our
 * environment. Comes back only on failure. */
void prober_child_exec(const char *program, int channel, const char *ca_file, pid_t parent);

/* For main() to call first: does not come back where prober_child_exec() started the process. */
void prober_child_main(int argc, char **argv);

#endif
