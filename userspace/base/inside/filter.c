// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/inside/filter.h"

#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "base/inside/sys.h"

#define NEW_NAMESPACES                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)
#define X32_BIT 0x40000000U

#define LOAD(what)     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define REFUSE(error)  RETURN(SECCOMP_RET_ERRNO | (error))
#define REFUSED(name)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), REFUSE(EPERM)

static const struct sock_filter program[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_AUDIT_ARCH, 1, 0),
	REFUSE(EPERM),
	LOAD(nr),
#ifdef __x86_64__
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 0, 1),
	REFUSE(EPERM),
#endif
	/* Its flags are in memory, where no filter sees them; a C library then takes clone(). */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
	REFUSE(ENOSYS),
	REFUSED(unshare),
	REFUSED(setns),
	REFUSED(mount),
	REFUSED(umount2),
	REFUSED(pivot_root),
	REFUSED(chroot),
	REFUSED(open_tree),
	REFUSED(move_mount),
	REFUSED(fsopen),
	REFUSED(fsconfig),
	REFUSED(fsmount),
	REFUSED(fspick),
	REFUSED(mount_setattr),
	REFUSED(open_by_handle_at),
	REFUSED(name_to_handle_at),
	REFUSED(quotactl),
	REFUSED(ptrace),
	REFUSED(process_vm_readv),
	REFUSED(process_vm_writev),
	REFUSED(process_madvise),
	REFUSED(pidfd_getfd),
	REFUSED(kcmp),
	REFUSED(add_key),
	REFUSED(request_key),
	REFUSED(keyctl),
	REFUSED(bpf),
	REFUSED(perf_event_open),
	REFUSED(userfaultfd),
	REFUSED(io_uring_setup),
	REFUSED(io_uring_enter),
	REFUSED(io_uring_register),
	REFUSED(fanotify_init),
	REFUSED(init_module),
	REFUSED(finit_module),
	REFUSED(delete_module),
#ifdef __NR_kexec_file_load
	REFUSED(kexec_file_load),
#endif
	REFUSED(kexec_load),
	REFUSED(reboot),
	REFUSED(swapon),
	REFUSED(swapoff),
	REFUSED(acct),
	REFUSED(syslog),
	REFUSED(vhangup),
	REFUSED(settimeofday),
	REFUSED(clock_settime),
	REFUSED(adjtimex),
	REFUSED(clock_adjtime),
#ifdef __NR_iopl
	REFUSED(iopl),
	REFUSED(ioperm),
	REFUSED(modify_ldt),
#endif
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
	LOAD(args[0]), /* the lower half: sys.h knows little-endian machines alone */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1),
	REFUSE(EPERM),
	RETURN(SECCOMP_RET_ALLOW),
};

long filter_install(void)
{
	const struct sock_fprog filter = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = (struct sock_filter *)program,
	};

	return SYS(seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}
