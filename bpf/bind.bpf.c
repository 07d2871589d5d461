// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Binds to watched ports that the kernel refused: who, where to, and with which errno.
 *
 * Two rungs, of which userspace loads the first that works: fexit of inet_bind() and inet6_bind(),
 * or the tracepoints of the bind system call. Both take the port from the address that was asked
 * for: the socket has none when bind() failed. Nothing is emitted for a bind that succeeds. */
#include <linux/bpf.h>
#include "bpf/kernel_types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/flood.h"
#include "bpf/watched.h"

#define EVENTS_SIZE (64 * 1024)
#define BINDS_MAX   4096 /* under way at once */

/* struct sockaddr_in and sockaddr_in6 begin alike: family, port. */
#define IN_SIZE		     8
#define IN_ADDRESS	     4
#define IN6_SIZE	     24 /* SIN6_LEN_RFC2133: the kernel asks for no more */
#define BINDS_PER_SECOND     64 /* of one port in one namespace that are told */
#define ALL_BINDS_PER_SECOND 1024
#define IN6_ADDRESS	     8

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set before loading, as in listener.bpf.c. */
const volatile bool pid_namespace_is_nested = false;
const volatile __u32 pid_namespace = 0;

#include "bpf/pids.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENTS_SIZE);
} events SEC(".maps");

struct asked { /* what a system call that is under way was given */
	const void *address;
	__u64 size;
};

struct { /* by pid_tgid */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BINDS_MAX);
	__type(key, __u64);
	__type(value, struct asked);
} under_way SEC(".maps");

/* Where an address lies decides which helper may read it. */
static __always_inline long copy(void *to, __u32 size, const void *from, bool is_user)
{
	return is_user ? bpf_probe_read_user(to, size, from)
		       : bpf_probe_read_kernel(to, size, from);
}

static __always_inline void report(const void *address, __u64 size, bool is_user, __u32 netns,
				   long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct {
		__u16 family;
		__be16 port;
	} head;
	struct bind_event *event;
	__u16 port;

	if (result >= 0 || size < sizeof(head) || copy(&head, sizeof(head), address, is_user))
		return;
	if (head.family != AF_INET && head.family != AF_INET6)
		return;
	port = __builtin_bswap16(head.port);
	if (!is_watched(port))
		return;
	/* Who tries again and again is told often enough; and so is who tries in many namespaces.
	 */
	if (flood_ask(netns, port, BINDS_PER_SECOND) != FLOOD_TELL ||
	    flood_ask(0, 0, ALL_BINDS_PER_SECOND) != FLOOD_TELL)
		return;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&dropped, 1);
		return;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->started_ns = task->group_leader->start_time;
	event->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	event->netns = netns;
	event->kernel_pid = task->tgid;
	event->pid = visible_pid(task);
	event->error = -result;
	event->port = port;
	event->family = head.family;
	__builtin_memset(event->reserved, 0, sizeof(event->reserved));
	__builtin_memset(event->address, 0, sizeof(event->address));
	/* Without its address it is told all the same. */
	if (head.family == AF_INET && size >= IN_SIZE)
		(void)copy(event->address, 4, address + IN_ADDRESS, is_user);
	else if (head.family == AF_INET6 && size >= IN6_SIZE)
		(void)copy(event->address, 16, address + IN6_ADDRESS, is_user);
#pragma unroll
	for (int i = 0; i < LISTENER_COMMAND_SIZE; i++)
		event->command[i] = task->group_leader->comm[i];
	bpf_ringbuf_submit(event, 0);
}

static __always_inline int after_bind(const struct socket *socket, const void *address, int size,
				      int result)
{
	const struct sock *sk = socket->sk;

	if (result >= 0 || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	report(address, size, false, sk->__sk_common.skc_net.net->ns.inum, result);
	return 0;
}

SEC("fexit/inet_bind")
int BPF_PROG(after_inet_bind, struct socket *socket, void *address, int size, int result)
{
	return after_bind(socket, address, size, result);
}

SEC("fexit/inet6_bind")
int BPF_PROG(after_inet6_bind, struct socket *socket, void *address, int size, int result)
{
	return after_bind(socket, address, size, result);
}

/* Since Linux 6.6 MPTCP goes around these two. Userspace leaves this out where it does not, or each
 * failure would be told twice. */
SEC("fexit/mptcp_bind")
int BPF_PROG(after_mptcp_bind, struct socket *socket, void *address, int size, int result)
{
	if (result < 0)
		report(address, size, false, socket->sk->__sk_common.skc_net.net->ns.inum, result);
	return 0;
}

/* Only where the address lies is kept: reading cannot fault here, and a constant of a fresh program
 * is in memory only once the kernel itself has copied it. So it is read at the end, and only on
 * failure. */
SEC("tracepoint/syscalls/sys_enter_bind")
int on_enter_bind(struct trace_event_raw_sys_enter *ctx)
{
	__u64 key = bpf_get_current_pid_tgid();
	struct asked asked = { .address = (const void *)ctx->args[1], .size = (__u32)ctx->args[2] };

	if (bpf_map_update_elem(&under_way, &key, &asked, BPF_ANY))
		__sync_fetch_and_add(&dropped, 1);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_bind")
int on_exit_bind(struct trace_event_raw_sys_exit *ctx)
{
	__u64 key = bpf_get_current_pid_tgid();
	struct asked *found = bpf_map_lookup_elem(&under_way, &key), asked;
	struct task_struct *task = bpf_get_current_task_btf();

	if (!found)
		return 0;
	asked = *found;
	bpf_map_delete_elem(&under_way, &key);
	report(asked.address, asked.size, true, task->nsproxy->net_ns->ns.inum, ctx->ret);
	return 0;
}
