/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other programs: fixed arguments, never a shell, bounded output, their own process group.
 *
 * A child gets /dev/null as stdin, the environment, and no descriptor but the three; signal mask
 * and handlers are the default ones. It leads its own group, which is killed when the child is
 * freed before its end, that is at its deadline, or prints too much. A child that ended by itself
 * may leave others behind: a server that was just started is in that group until its setsid().
 *
 * An event loop watches spawn_fd() (readable: call spawn_read()) and spawn_pidfd() (readable:
 * ended, call spawn_finish()), and holds the deadline itself: at the deadline it calls
 * spawn_free(). */

/* We stand before the C library's header of the same name, so give both. Outside the guard: found
 * beside its includer, "next" is this very file by the search path, and only then the other one. */
#include_next <spawn.h>

#ifndef SPAWN_H
#define SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/enter.h"

#define SPAWN_ARGV_MAX	  32
#define SPAWN_ERRORS_SIZE 1024 /* of what was said on stderr, the last so many bytes are kept */

struct spawn;

/* Starts @argv (NULL-terminated, argv[0] an absolute path); at most @max_output bytes of its stdout
 * are kept. The caller frees *@ret with spawn_free(). Returns 0, -EINVAL (argv[0] is no absolute
 * path), or why it cannot be started: -ENOENT, -EACCES, -EMFILE, -EAGAIN, ...
 *
 * @inside: in the container of that process, as its user, with a bare environment and no stdin but
 * an empty one (enter.h); NULL: here. A program that cannot be run there ends with SPAWN_NOT_RUN,
 * and says why on stderr. Of what it started there nothing is left when it has ended or is freed.
 * Also returns what enter_open() does. */
#define SPAWN_NOT_RUN 127
int spawn_start(struct spawn **ret, const struct enter_process *inside, const char *const argv[],
		size_t max_output);

pid_t spawn_pid(const struct spawn *spawn);
int spawn_fd(const struct spawn *spawn);    /* an epoll of stdout and stderr; owned by @spawn */
int spawn_pidfd(const struct spawn *spawn); /* owned by @spawn */

/* Takes what can be had without waiting. Returns 1 when both outputs have ended, 0 when more may
 * come, -EFBIG when there was more than max_output (the group is killed, the first bytes are kept)
 * or another -errno. */
int spawn_read(struct spawn *spawn);

/* Reaps a child that has ended; returns 0, or -EAGAIN while it still runs. *@ret_status is as from
 * waitpid(). *@ret_output (may be NULL) is its stdout with a NUL behind it, the caller frees it;
 * when the status is not zero, the last it said on stderr is appended. Free @spawn afterwards. */
int spawn_finish(struct spawn *spawn, int *ret_status, char **ret_output);

/* Kills the group and reaps, when that was not done before. Takes NULL. */
void spawn_free(struct spawn *spawn);
DEFINE_FREEP(struct spawn, spawn_free)

/* All of the above, waiting at most @timeout_usec. Returns 0 with *@ret_status and *@ret_output as
 * from spawn_finish(), -ETIMEDOUT, -EFBIG, or as spawn_start(). */
int spawn_run(const struct enter_process *inside, const char *const argv[], size_t max_output,
	      uint64_t timeout_usec, int *ret_status, char **ret_output);

/* Cuts @command at its blanks into @argv (room for @max pointers, one of them the NULL at the end);
 * the words live in @buffer. No quoting. Returns their number, -EINVAL when there is none, -E2BIG.
 */
int spawn_split(const char *command, char *buffer, size_t size, const char *argv[], size_t max);

/* "exited with status 89", "was killed by signal 9 (Killed)". */
void spawn_show_status(int status, char *to, size_t size);

#endif
