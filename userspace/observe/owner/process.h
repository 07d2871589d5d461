/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What /proc says of a process. Pids are reused, so whoever keeps one keeps its start time too. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_FILE_MAX	  (64 * 1024)
#define PROCESS_INITIAL_NAMESPACE 0xeffffffcU /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

/* The time in the text of /proc/PID/stat, in clock ticks since the boot (suspended time included);
 * behind a command that may hold anything, blanks and parentheses too. Pure. Returns 0 or -EINVAL.
 */
int process_parse_start(const char *stat, uint64_t *ret_ticks);

/* The same of @pid, below @proc (tests have another one). Returns 0, -ENOENT or -ESRCH when it is
 * gone. */
int process_start(const char *proc, pid_t pid, uint64_t *ret_ticks);

/* Whether @pid still is the process that the kernel started at @started_ns (CLOCK_MONOTONIC). */
bool process_is(pid_t pid, uint64_t started_ns);

/* The text of its cgroup file; the caller frees *@ret. Returns 0 or -errno. */
int process_cgroups(const char *proc, pid_t pid, char **ret);

/* The pid namespace whose numbers @proc shows, its inode; 0 when that cannot be told. It need not
 * be ours: whoever makes one has the old /proc until he mounts another. */
uint32_t process_pid_namespace(const char *proc);

/* Our own pid namespace is not the initial one: there are processes that we do not see. */
bool process_is_inside(void);

/* The inode of its network namespace. Returns 0; -ENOENT when it is gone, or has left it and is
 * dying. */
int process_netns(const char *proc, pid_t pid, uint32_t *ret);

#endif
