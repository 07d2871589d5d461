/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this program has in the place of a C library: system calls, and the way from the kernel to
 * its main() (SYS_START, for one file to say). A library would be fifty times its size, and would
 * read the environment and the memory's layout before we do. Each returns what the kernel does: a
 * result, or -errno. */
#ifndef SYS_H
#define SYS_H

#include <asm/unistd.h>
#include <linux/audit.h>

#if defined(__x86_64__)

#define SYS_AUDIT_ARCH AUDIT_ARCH_X86_64

static inline long sys(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return r;
}

#define SYS_START                                                                         \
	".text\n.globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, " \
	"%rsp\n\tcall inside_start\n"

#elif defined(__aarch64__)

#define SYS_AUDIT_ARCH AUDIT_ARCH_AARCH64

static inline long sys(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory", "cc");
	return x0;
}

#define SYS_START                                                                          \
	".text\n.globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl " \
	"inside_start\n"

#elif defined(__riscv) && __riscv_xlen == 64

#define SYS_AUDIT_ARCH AUDIT_ARCH_RISCV64

static inline long sys(long nr, long a, long b, long c, long d, long e)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4)
			 : "memory");
	return a0;
}

#define SYS_START \
	".text\n.globl _start\n_start:\n\tmv a0, sp\n\tandi sp, sp, -16\n\tcall inside_start\n"

#else
#error "sys.h: say how this architecture calls its kernel and starts a program"
#endif

/* The arguments that are not given are zero: several calls refuse anything else. */
#define SYS_PICK(nr, a, b, c, d, e, ...) \
	sys(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#define SYS(name, ...) SYS_PICK(__NR_##name, __VA_ARGS__ __VA_OPT__(, ) 0, 0, 0, 0, 0, 0)

#endif
