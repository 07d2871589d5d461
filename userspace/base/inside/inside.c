// SPDX-License-Identifier: LGPL-2.1-or-later
/* The program that goes into a container; base/README.md tells the whole way, order.h how it is
 * called. It is no part of Hearken's own file: built by itself, without a library, carried as bytes
 * (enter.c) and executed from a sealed copy in memory, so that nothing of the host's can be had
 * through it from inside.
 *
 * Three processes. The *outer* one stays in the host's namespaces and is what Hearken waits for.
 * The *keeper* is the first process of a new pid namespace beside the container's, so whatever
 * happens, all that was started ends with it, and nothing in the container can name it: no signal,
 * no ptrace. It goes in, gives up every right, and only then starts the third, the container's
 * *program*. */
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <linux/signal.h>
#include <linux/wait.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/inside/filter.h"
#include "base/inside/order.h"
#include "base/inside/sys.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct order {
	long uid, gid, namespaces, cgroups;
	char **argv; /* of the program */
	char **envp;
};

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

/* -1: no number, or none that has its place here. */
static long number(const char *s)
{
	long n = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || n > UINT32_MAX / 10)
			return -1;
		n = 10 * n + (*s - '0');
	}
	return n;
}

static void say(const char *s)
{
	(void)SYS(write, 2, s, length(s));
}

static void say_error(long error)
{
	static const struct {
		long error;
		const char *text;
	} rows[] = {
		{ EPERM, "Operation not permitted" },
		{ ENOENT, "No such file or directory" },
		{ ESRCH, "No such process" },
		{ E2BIG, "Argument list too long" },
		{ ENOEXEC, "Exec format error" },
		{ EAGAIN, "Resource temporarily unavailable" },
		{ ENOMEM, "Cannot allocate memory" },
		{ EACCES, "Permission denied" },
		{ ENOTDIR, "Not a directory" },
		{ EINVAL, "Invalid argument" },
		{ ETXTBSY, "Text file busy" },
		{ ENOSPC, "No space left on device" },
		{ EROFS, "Read-only file system" },
		{ ENOSYS, "Function not implemented" },
		{ ELOOP, "Too many levels of symbolic links" },
		{ EOPNOTSUPP, "Operation not supported" },
	};
	char digits[] = "error 0000";

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].error == error) {
			say(rows[i].text);
			return;
		}
	}
	for (size_t i = sizeof(digits) - 2; error > 0 && digits[i] != ' '; i--, error /= 10)
		digits[i] = (char)('0' + error % 10);
	say(digits);
}

static _Noreturn void leave(long status)
{
	for (;;)
		(void)SYS(exit_group, status);
}

/* @r is what a call gave back that had to succeed. */
static void must(const struct order *order, const char *what, long r)
{
	if (r >= 0)
		return;
	say(order->argv[0]);
	say(" cannot be run there: ");
	say(what);
	say_error(-r);
	say("\n");
	leave(ORDER_NOT_RUN);
}

/* Whoever reads what we write into @fd has ended. */
static bool reader_is_gone(int fd)
{
	struct pollfd poll = { .fd = fd };
	struct __kernel_timespec now = { 0 };

	return SYS(ppoll, &poll, 1, &now, NULL, 0) > 0 && (poll.revents & POLLERR);
}

/* Each change of ids takes these back, so they are said again behind it. @fd is for what the parent
 * reads: it may have died before it could be our reason to. */
static void stay_closed(int fd)
{
	(void)SYS(prctl, PR_SET_DUMPABLE, 0);
	(void)SYS(prctl, PR_SET_PDEATHSIG, SIGKILL);
	if (reader_is_gone(fd))
		leave(ORDER_NOT_RUN);
}

static long write_file(const char *path, const char *text)
{
	long fd = SYS(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return fd;
	r = SYS(write, fd, text, length(text));
	(void)SYS(close, fd);
	return r;
}

/* What a process inherits besides memory, descriptors and environment. */
static void shed_inheritance(const struct order *order)
{
	static const struct {
		int resource;
		uint64_t most;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_MEMLOCK, 64 * 1024 }, /* the daemon's is without end */
		{ RLIMIT_NOFILE, 1024 },
		{ RLIMIT_RTPRIO, 0 },
	};

	must(order, "no_new_privs: ", SYS(prctl, PR_SET_NO_NEW_PRIVS, 1));
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct rlimit64 limit;

		must(order, "getrlimit: ", SYS(prlimit64, 0, limits[i].resource, NULL, &limit));
		if (limit.rlim_max > limits[i].most)
			limit.rlim_max = limits[i].most;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		must(order, "setrlimit: ", SYS(prlimit64, 0, limits[i].resource, &limit, NULL));
	}
	/* The first to go when the container has no memory left: not its server, and not, as with
	 * the daemon's own -900, everybody else. */
	must(order, "oom_score_adj: ", write_file("/proc/self/oom_score_adj", "1000"));
	/* A keyring of the administrator's session, or none where there are no keyrings. */
	(void)SYS(keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	(void)SYS(umask, 022);
	(void)SYS(prctl, PR_SET_NAME, "hearken-inside");
}

/* Before anything is started that could be too much for it. */
static void join_cgroups(const struct order *order)
{
	for (long i = 0; i < order->cgroups; i++)
		must(order, "its cgroup: ", SYS(write, ORDER_CGROUP + i, "0", 1));
	(void)SYS(close_range, ORDER_ITSELF, ~0U, 0);
}

/* A pipe nobody writes into. Not /dev/null: that would be the host's inode, whose mode any process
 * of uid 0 may change through the descriptor. */
static long empty_input(void)
{
	int ends[2];
	long r = SYS(pipe2, ends, 0);

	if (r < 0)
		return r;
	(void)SYS(close, ends[1]);
	r = ends[0] == 0 ? 0 : SYS(dup3, ends[0], 0, 0);
	if (ends[0] != 0)
		(void)SYS(close, ends[0]);
	return r;
}

/* What could bring a capability back. Where the bounding set may not be touched (no CAP_SETPCAP),
 * no_new_privs still bounds every exec by the permitted set, which will be empty. */
static void drop_bounds(void)
{
	for (long capability = 0; SYS(prctl, PR_CAPBSET_DROP, capability) >= 0; capability++)
		;
	(void)SYS(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
	(void)SYS(prctl, PR_SET_SECUREBITS,
		  SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
			  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
}

static long drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return SYS(capset, &header, none);
}

/* ---- the outer one ---- */

static bool is_signal(int status)
{
	return (status & 0x7f) != 0;
}

/* Ends as the program ended. No core is written of us, and it would have nothing to tell. */
static _Noreturn void end_as(int status)
{
	if (is_signal(status))
		(void)SYS(kill, SYS(getpid), status & 0x7f);
	leave(is_signal(status) ? ORDER_NOT_RUN : status >> 8 & 0xff);
}

static _Noreturn void wait_outside(long keeper, int told)
{
	int status = 0, its_own = 0;
	long n;

	(void)SYS(close, 1);
	(void)SYS(close, 2);
	drop_bounds();
	if (drop_capabilities() < 0)
		leave(ORDER_NOT_RUN);
	do
		n = SYS(read, told, &status, sizeof(status));
	while (n == -EINTR);
	/* When it is reaped, the last process of its namespace has gone before it. */
	while (SYS(wait4, keeper, &its_own, 0, NULL) == -EINTR)
		;
	end_as(n == sizeof(status) ? status : its_own);
}

/* ---- the keeper ---- */

/* A /proc where the program finds itself: the container's knows no process of our pid namespace.
 * It holds processes and nothing else, and cannot be written, so it opens nothing that the
 * container's hides. Without it (no /proc there, mount(2) refused) most programs work, too. */
static void mount_proc(void)
{
	/* Never seen by the container: its mounts may be shared with this copy of them. */
	if (SYS(unshare, CLONE_NEWNS) < 0 || SYS(mount, NULL, "/", NULL, MS_REC | MS_PRIVATE) < 0)
		return;
	(void)SYS(mount, "proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "subset=pid");
}

static void drop_all(const struct order *order)
{
	drop_bounds();
	must(order, "setgroups: ", SYS(setgroups, 0, NULL));
	must(order, "setgid: ", SYS(setresgid, order->gid, order->gid, order->gid));
	must(order, "setuid: ", SYS(setresuid, order->uid, order->uid, order->uid));
	must(order, "capset: ", drop_capabilities());
	must(order, "seccomp: ", filter_install());
}

/* A session of its own: no terminal of the administrator's, and no group to signal but its own. */
static _Noreturn void be_program(const struct order *order)
{
	(void)SYS(setsid);
	(void)SYS(close_range, 3, ~0U, 0);
	must(order, "", SYS(execve, order->argv[0], order->argv, order->envp));
	leave(ORDER_NOT_RUN);
}

static _Noreturn void keep(const struct order *order, int tell)
{
	long program, ended;
	int status = 0;

	(void)SYS(setsid);
	stay_closed(tell);
	if (order->namespaces)
		must(order, "its namespaces: ", SYS(setns, ORDER_PIDFD, order->namespaces));
	must(order, "its pidfd: ", SYS(close, ORDER_PIDFD));
	mount_proc();
	must(order, "its root: ", SYS(chdir, "/"));
	drop_all(order);
	stay_closed(tell);
	program = SYS(clone, SIGCHLD);
	if (program == 0)
		be_program(order);
	must(order, "", program);
	(void)SYS(close, 0);
	(void)SYS(close, 1);
	(void)SYS(close, 2);
	do
		ended = SYS(wait4, -1, &status, 0, NULL);
	while (ended != program && (ended >= 0 || ended == -EINTR));
	(void)SYS(write, tell, &status, sizeof(status));
	leave(0); /* and the kernel ends what is left here */
}

static void read_order(long argc, char **argv, struct order *ret)
{
	static const char *const bare[] = { "inside", NULL };

	*ret = (struct order){ .argv = (char **)bare, .envp = argv + argc + 1 };
	if (argc <= ORDER_PROGRAM)
		must(ret, "", -EINVAL);
	ret->argv = argv + ORDER_PROGRAM;
	ret->uid = number(argv[ORDER_UID]);
	ret->gid = number(argv[ORDER_GID]);
	ret->namespaces = number(argv[ORDER_NAMESPACES]);
	ret->cgroups = number(argv[ORDER_CGROUPS]);
	if (ret->uid < 0 || ret->gid < 0 || ret->namespaces < 0 || ret->cgroups < 0)
		must(ret, "", -EINVAL);
}

__asm__(SYS_START);
_Noreturn void inside_start(long *stack);
_Noreturn void inside_start(long *stack)
{
	struct order order;
	int told[2];
	long keeper;

	stay_closed(1);
	read_order(stack[0], (char **)(stack + 1), &order);
	shed_inheritance(&order);
	join_cgroups(&order);
	must(&order, "stdin: ", empty_input());
	must(&order, "pipe: ", SYS(pipe2, told, O_CLOEXEC));
	must(&order, "a pid namespace: ", SYS(unshare, CLONE_NEWPID));
	keeper = SYS(clone, SIGCHLD);
	if (keeper == 0) {
		(void)SYS(close, told[0]);
		keep(&order, told[1]);
	}
	must(&order, "", keeper);
	(void)SYS(close, ORDER_PIDFD);
	(void)SYS(close, told[1]);
	wait_outside(keeper, told[0]);
}
