/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a process ends, and whether its container does. Behind the declaration of kernel_may_be_read,
 * which it asks. */
#ifndef ENDING_BPF_H
#define ENDING_BPF_H

#include "bpf/kernel_types.h"
#include "bpf/listener_event.h"

static __always_inline int exit_code_of(const struct task_struct *task)
{
	int code = task->signal->group_exit_code;

	/* A lone thread that calls exit(2) sets no group code. */
	return code ? code : task->exit_code;
}

/* The pid namespace that @task lives in, where it has left all others behind in its exit: its pid
 * stays. No typed load leads there. */
static __always_inline struct pid_namespace *left_namespace(const struct task_struct *task)
{
	struct pid *pid = task->group_leader->thread_pid;
	struct pid_namespace *ns = NULL;
	__u32 offset;

	if (!kernel_may_be_read)
		return NULL;
	offset = bpf_core_field_offset(struct pid, numbers) +
		 pid->level * bpf_core_type_size(struct upid);
	(void)bpf_probe_read_kernel(&ns, sizeof(ns),
				    (void *)pid + offset + bpf_core_field_offset(struct upid, ns));
	return ns;
}

/* When the first process of a pid namespace exits, the kernel kills all others there: that is its
 * end, and none of theirs. */
static __always_inline void describe_init(struct listener_event *event,
					  const struct task_struct *task)
{
	struct task_struct *init = NULL;
	struct pid_namespace *left;
	unsigned int flags = 0;

	if (task->nsproxy) {
		init = task->nsproxy->pid_ns_for_children->child_reaper;
		if (!(init->flags & PF_EXITING))
			return;
		event->task.init_exiting = 1;
		event->init_exit_code = exit_code_of(init);
		return;
	}
	left = left_namespace(task);
	if (!left || bpf_core_read(&init, sizeof(init), &left->child_reaper) || !init ||
	    bpf_core_read(&flags, sizeof(flags), &init->flags) || !(flags & PF_EXITING))
		return;
	event->task.init_exiting = 1;
	event->init_exit_code = BPF_CORE_READ(init, signal, group_exit_code);
	if (!event->init_exit_code)
		event->init_exit_code = BPF_CORE_READ(init, exit_code);
}

#endif
