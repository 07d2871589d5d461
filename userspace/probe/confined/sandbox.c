// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/confined/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* All that a prober at work needs: wait, receive a socket, talk over it, allocate, tell the time,
 * end. */
static const int allowed[] = {
	/* the loop */
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl),
	SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_settime64), SCMP_SYS(read), SCMP_SYS(close),
	SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(restart_syscall),
	/* the sockets that were handed over; sendmsg is not there: it could hand them on */
	SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(recv), SCMP_SYS(send), SCMP_SYS(getsockopt),
	SCMP_SYS(getpeername), SCMP_SYS(getsockname),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	/* time and chance */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid),
	/* the end, in order or by abort() */
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn), SCMP_SYS(sigaltstack), /* the sanitizers ask for it */
};

/* No library has a reason to try these. */
static const int deadly[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(socket),
	SCMP_SYS(socketpair),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(socketcall),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(process_madvise),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(kill),
	SCMP_SYS(tkill),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(memfd_create),
	SCMP_SYS(personality),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(reboot),
};

static int filter_rules(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp no_file =
		SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(allowed); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(deadly); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, no_exec, no_file);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 2, no_exec, no_file);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_exec);
	/* With an address it could connect: MSG_FASTOPEN. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1,
				     SCMP_A4(SCMP_CMP_EQ, 0));
	/* Last words. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
				     SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO));
	/* abort() */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return r;
}

static int filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!filter)
		return -ENOMEM;
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = filter_rules(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

/* The header of the build host may be older than the kernel we run on, so the newer fields are
 * ours. */
struct ruleset {
	uint64_t files;
	uint64_t net;	 /* ABI 4 */
	uint64_t scoped; /* ABI 6 */
};

/* Everything that the kernel can refuse, and no exception. */
static int restrict_files(void)
{
	/* how many rights to files each version knows */
	static const unsigned int by_abi[] = { 0, 13, 14, 15, 15, 16 };
	cleanup(fd_closep) int fd = -1;
	struct ruleset ruleset = { 0 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	long known = (long)ARRAY_SIZE(by_abi) - 1;

	if (abi < 1)
		return -EOPNOTSUPP;
	ruleset.files = (UINT64_C(1) << by_abi[abi < known ? abi : known]) - 1;
	if (abi >= 4)
		ruleset.net = 3; /* bind and connect of TCP */
	if (abi >= 6)
		ruleset.scoped = 3; /* abstract sockets, signals */
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return -errno;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}

/* Descriptors of our own, which nobody but root may look at once we cannot be traced: as good as
 * empty, and always there. */
static int empty_root(void)
{
	if (chroot("/proc/self/fdinfo") < 0)
		return -errno;
	return chdir("/") < 0 ? -errno : 0;
}

static int become(uid_t uid, gid_t gid)
{
	if (geteuid() != 0)
		return 0; /* as who we are; the capabilities go all the same */
	/* Best effort: without capabilities and the right to gain some, the set bounds nothing. */
	for (unsigned long capability = 0; capability < 64; capability++)
		(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	if (syscall(SYS_capset, &header, none) < 0)
		return -errno;
	/* Nor may others of this user read our memory. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

static int limit(int resource, rlim_t most)
{
	struct rlimit rlimit;

	if (getrlimit(resource, &rlimit) < 0)
		return -errno;
	/* Only down: to go up takes a right of its own. */
	if (most > rlimit.rlim_max)
		most = rlimit.rlim_max;
	rlimit.rlim_cur = rlimit.rlim_max = most;
	return setrlimit(resource, &rlimit) < 0 ? -errno : 0;
}

/* No limit on CPU time: it counts a whole life, and a prober lives for months. Who spins without an
 * answer is ended by the daemon. */
static int limit_all(unsigned int files, rlim_t mapped)
{
	const struct {
		int resource;
		rlim_t most;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NPROC, 0 },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NOFILE, files },
		{ RLIMIT_AS, mapped + SANDBOX_MEMORY_MAX },
	};
	int r = 0;

	/* Where stderr is a file, a last word must fail and not kill. */
	(void)signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(limits); i++)
		r = limit(limits[i].resource, limits[i].most);
	return r;
}

static int mapped_bytes(rlim_t *ret)
{
	cleanup(fd_closep) int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	unsigned long pages;
	char text[128] = "";

	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	if (sscanf(text, "%lu", &pages) != 1)
		return -EBADMSG;
	*ret = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
	return 0;
}

int sandbox_enter(const struct sandbox *sandbox)
{
	unsigned int walls = sandbox->walls;
	rlim_t mapped = 0;
	int r = mapped_bytes(&mapped);

	if (r < 0)
		return r;
	if (walls & SANDBOX_ROOT && empty_root() < 0)
		walls &= ~SANDBOX_ROOT;
	if (walls & SANDBOX_USER) {
		r = become(sandbox->uid, sandbox->gid);
		if (r == 0)
			r = drop_capabilities();
		if (r < 0)
			return r;
	}
	/* A change of user resets this, so it comes after it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (getppid() != sandbox->parent)
		return -ESRCH;
	r = walls & SANDBOX_LIMITS ? limit_all(sandbox->files, mapped) : 0;
	if (r < 0)
		return r;
	if (walls & SANDBOX_LANDLOCK && restrict_files() < 0)
		walls &= ~SANDBOX_LANDLOCK;
	r = walls & SANDBOX_SECCOMP ? filter_calls() : 0;
	return r < 0 ? r : (int)walls;
}
