/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attaches programs to tracepoints where the tracing file system may not be mounted. */
#ifndef TRACEPOINT_H
#define TRACEPOINT_H

#include <bpf/libbpf.h>

/* The tracing file system where it is mounted, else one that is mounted nowhere: in a container and
 * on small systems it often is not, and we leave no mount behind. Returns a descriptor to close, or
 * -errno. */
int tracepoint_open(void);

/* As bpf_program__attach_tracepoint(), which needs it mounted. @name: "syscalls/sys_exit_bind".
 * Returns 0 with a link for bpf_link__destroy(), or -errno (-ENOENT: this kernel has no such
 * tracepoint). */
int tracepoint_attach(int tracefs, const char *name, struct bpf_program *program,
		      struct bpf_link **ret);

#endif
