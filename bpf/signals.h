/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who sends those whose end is followed a signal that may end them: noted, not told. Userspace asks
 * once there is an end to explain, so nobody can flood it. Behind the declaration of
 * kernel_may_be_read, which it asks. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <bpf/bpf_helpers.h>
#include "bpf/kernel_types.h"
#include "bpf/listener_event.h"
#include "bpf/openers.h"

/* SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGSEGV, SIGTERM: the same numbers on all
 * architectures that Debian has. */
#define SIGNALS_NOTED (1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9 | 1 << 11 | 1 << 15)
#define SIGNAL_BITS   31

/* What the kernel gives in place of a struct kernel_siginfo, include/linux/sched/signal.h. */
#define SEND_SIG_NOINFO 0UL /* by the current task */
#define SEND_SIG_PRIV	1UL /* by the kernel */

/* Of the results in include/trace/events/signal.h those in which nothing becomes of it. */
#define TRACE_SIGNAL_IGNORED	   1
#define TRACE_SIGNAL_OVERFLOW_FAIL 3

struct { /* by place: the newest of those that share one is there */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SIGNAL_PLACES);
	__type(key, __u32);
	__type(value, struct signal_note);
} signals SEC(".maps");

/* Whether somebody wants it, in a system call of his own. */
static __always_inline bool is_sent(const struct kernel_siginfo *info)
{
	int code;

	if ((unsigned long)info == SEND_SIG_NOINFO)
		return true;
	if ((unsigned long)info == SEND_SIG_PRIV)
		return false;
	code = info->si_code;
	return code == SI_USER || code == SI_QUEUE || code == SI_TKILL;
}

/* No typed load leads to a name. */
static __always_inline void describe_way(struct signal_note *note, const struct cgroup *cgroup)
{
#pragma unroll
	for (int i = 0; i < SIGNAL_WAY; i++) {
		note->way[i][0] = '\0';
		if (!kernel_may_be_read || !cgroup)
			continue;
		(void)bpf_probe_read_kernel_str(note->way[i], SIGNAL_WAY_SIZE,
						BPF_CORE_READ(cgroup, kn, name));
		/* The css of a cgroup itself is its first member. */
		cgroup = (const struct cgroup *)BPF_CORE_READ(cgroup, self.parent);
	}
}

static __always_inline void note_signal(int signal, const struct kernel_siginfo *info,
					const struct task_struct *target, int result)
{
	struct task_struct *sender = bpf_get_current_task_btf();
	__u32 pid = target->tgid, place = signal_place(pid, signal);
	struct signal_note *note;

	if (result == TRACE_SIGNAL_IGNORED || result == TRACE_SIGNAL_OVERFLOW_FAIL)
		return;
	/* What a server does to its own process group comes by at itself too. */
	if (!bpf_map_lookup_elem(&own_openers, &pid) || sender->tgid == (int)pid || !is_sent(info))
		return;
	note = bpf_map_lookup_elem(&signals, &place);
	if (!note)
		return;
	note->target = 0;
	note->time_ns = bpf_ktime_get_ns();
	note->started_ns = sender->group_leader->start_time;
	note->cgroup_id = sender->cgroups->dfl_cgrp->kn->id;
	note->signal = signal;
	note->kernel_pid = sender->tgid;
	note->pid = visible_pid(sender);
	note->reserved = 0;
	note->uid = (__u32)bpf_get_current_uid_gid();
#pragma unroll
	for (int i = 0; i < LISTENER_COMMAND_SIZE; i++)
		note->command[i] = sender->group_leader->comm[i];
	describe_way(note, sender->cgroups->dfl_cgrp);
	note->target = pid; /* it is whole */
}

#endif
