/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The number of a process where the reader's /proc is. Behind the declarations of what it asks:
 * pid_namespace_is_nested and pid_namespace. */
#ifndef PIDS_BPF_H
#define PIDS_BPF_H

#include "bpf/kernel_types.h"

#define PID_LEVELS_MAX 6 /* a process deeper than this cannot be seen */

/* 0 when it cannot be seen from there. No typed load leads to the numbers of nested namespaces:
 * what this takes, lockdown refuses. */
static __always_inline __u32 visible_pid(const struct task_struct *task)
{
	struct pid *pid;
	__u32 level;

	if (!pid_namespace_is_nested)
		return task->tgid;
	if (!pid_namespace)
		return 0;
	pid = task->group_leader->thread_pid;
	level = pid->level;
#pragma unroll
	for (__u32 i = 1; i <= PID_LEVELS_MAX; i++) {
		__u32 offset = bpf_core_field_offset(struct pid, numbers) +
			       i * bpf_core_type_size(struct upid);
		struct pid_namespace *ns = NULL;
		unsigned int inum = 0;
		int nr = 0;

		if (i > level)
			return 0;
		if (bpf_probe_read_kernel(&ns, sizeof(ns),
					  (void *)pid + offset +
						  bpf_core_field_offset(struct upid, ns)) ||
		    bpf_core_read(&inum, sizeof(inum), &ns->ns.inum) || inum != pid_namespace)
			continue;
		if (bpf_probe_read_kernel(&nr, sizeof(nr),
					  (void *)pid + offset +
						  bpf_core_field_offset(struct upid, nr)))
			return 0;
		return nr;
	}
	return 0;
}

#endif
