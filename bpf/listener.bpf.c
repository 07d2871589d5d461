// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listeners opening and closing, why they closed, clients arriving, and who holds what.
 *
 * One tracepoint sees it all: inet_sock_set_state fires at CLOSE -> LISTEN (open), LISTEN -> CLOSE
 * (closed for good: the last holder let go) and, for the fresh child socket, at LISTEN -> SYN_RECV
 * (a client arrived). Kernel reads are typed loads, so they work under lockdown=confidentiality
 * too. Leave early, count what is lost, decide nothing. */
#include <linux/bpf.h>
#include "bpf/kernel_types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/flood.h"
#include "bpf/openers.h"
#include "bpf/watched.h"

#define EVENTS_SIZE  (256 * 1024)
#define ARRIVALS_MAX 16384
#define E2BIG	     7
#define CROWDED_NS   1000000000 /* one event of full queues in this time */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set before loading: our /proc is not that of the initial pid namespace, so pids need translating,
 * to that of this inode; 0: it is not known which, and nobody is seen. Translating takes
 * bpf_probe_read_kernel(), which lockdown refuses; left out by the verifier where it is not
 * needed. */
const volatile bool pid_namespace_is_nested = false;
const volatile __u32 pid_namespace = 0;

/* Set before loading: false under lockdown=confidentiality, which refuses bpf_probe_read_kernel().
 */
const volatile bool kernel_may_be_read = false;

#include "bpf/ending.h"
#include "bpf/pids.h"
#include "bpf/signals.h"

/* Set before loading: the kernel refuses iterators over maps and the storage of sockets (seen with
 * EPERM on a 6.18 that has been hardened so), and what has a tag is listed in a map of its own. */
const volatile bool tags_are_listed = false;

/* Through the mapped section, as those of watched.h. Bit 0 of the ports there stands for sockets
 * that get their port only after they went to LISTEN. */
__u64 flood_limit; /* events a second of one port in one namespace; 0: all; userspace writes it */
__u64 uncounted;   /* no room for a count of arrivals; userspace makes some, and sets it to 0 */
__u64 crowded_ns;  /* when an event of queues was last sent */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENTS_SIZE);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ARRIVALS_MAX);
	__type(key, struct arrival_key);
	__type(value, __u64);
} arrivals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct listener_tag);
} tags SEC(".maps");

struct { /* by cookie, as dump_tags would tell of them; userspace gives it its size where it is used
	  */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct listener_holding);
} listed SEC(".maps");

static __always_inline void describe_socket(struct listener_socket *to, const struct sock *sk)
{
	to->cookie = bpf_get_socket_cookie((void *)sk);
	to->netns = sk->__sk_common.skc_net.net->ns.inum;
	to->backlog = sk->sk_max_ack_backlog;
	to->queued = sk->sk_ack_backlog;
	to->port = sk->__sk_common.skc_num;
	to->family = sk->__sk_common.skc_family;
	to->v6only = BPF_CORE_READ_BITFIELD(&sk->__sk_common, skc_ipv6only);
	__builtin_memset(to->address, 0, sizeof(to->address));
	if (to->family == AF_INET6) {
#pragma unroll
		for (int i = 0; i < 16; i++)
			to->address[i] = sk->__sk_common.skc_v6_rcv_saddr.s6_addr[i];
	} else {
		__be32 address = sk->__sk_common.skc_rcv_saddr;

		__builtin_memcpy(to->address, &address, sizeof(address));
	}
}

static __always_inline void describe_task(struct listener_task *to, const struct task_struct *task)
{
	to->started_ns = task->group_leader->start_time;
	to->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	to->kernel_pid = task->tgid;
	to->pid = visible_pid(task);
	to->exiting = (task->flags & PF_EXITING) != 0;
	to->exit_code = exit_code_of(task);
	to->oom = task->signal->oom_mm != NULL;
	to->init_exiting = 0;
	to->reserved = 0;
#pragma unroll
	for (int i = 0; i < LISTENER_COMMAND_SIZE; i++)
		to->command[i] = task->group_leader->comm[i];
}

static __always_inline struct listener_event *reserve(__u32 kind)
{
	struct listener_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		/* A lost event is a fact too: userspace answers it with a fresh snapshot. */
		__sync_fetch_and_add(&dropped, 1);
		return NULL;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->kind = kind;
	event->init_exit_code = 0;
	return event;
}

/* Beyond E2BIG there is only that it is there already, and no memory: that may pass. The cast:
 * before Linux 6.4 the helper leaves the upper half undefined (d7ba4cc900bf). */
static __always_inline void begin_to_count(const struct arrival_key *key)
{
	__u64 none = 0;

	if ((int)bpf_map_update_elem(&arrivals, key, &none, BPF_NOEXIST) == -E2BIG)
		uncounted = 1;
}

static __always_inline void count_arrival(const struct sock *sk)
{
	struct arrival_key key = {
		.netns = sk->__sk_common.skc_net.net->ns.inum,
		.port = sk->__sk_common.skc_num,
		.family = sk->__sk_common.skc_family,
	};
	__u64 *count = bpf_map_lookup_elem(&arrivals, &key);

	if (count)
		(*count)++;
}

/* A MPTCP listener is two sockets, both of which come by: its own, which a file leads to, and a TCP
 * socket below it. Only the first counts. (Programs in Go listen so by default since Go 1.24.) SCTP
 * and DCCP go through the same states. */
static __always_inline bool counts(const struct sock *sk)
{
	const struct tcp_sock *tcp;

	if (sk->sk_protocol == IPPROTO_MPTCP)
		return true;
	if (sk->sk_protocol != IPPROTO_TCP)
		return false;
	if (!bpf_core_field_exists(struct tcp_sock, is_mptcp))
		return true;
	tcp = bpf_skc_to_tcp_sock((void *)sk);
	return !tcp || !BPF_CORE_READ_BITFIELD(tcp, is_mptcp);
}

/* Says that somebody should look at the queues, for all of them at once and at most once a second.
 * The fresh socket is a copy of its listener, so it still has the length of the queue that it will
 * join. */
static __always_inline void notice_crowd(const struct sock *sk)
{
	struct listener_event *event;
	__u64 now;

	if (sk->sk_ack_backlog == 0)
		return;
	if (!is_own(sk->__sk_common.skc_net.net->ns.inum))
		return;
	now = bpf_ktime_get_ns();
	if (now - crowded_ns < CROWDED_NS)
		return;
	crowded_ns = now;
	event = reserve(LISTENER_EVENT_CROWDED);
	if (!event)
		return;
	describe_socket(&event->socket, sk);
	__builtin_memset(&event->task, 0, sizeof(event->task));
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void say_look(const struct sock *sk, __u16 port)
{
	struct listener_event *event = reserve(LISTENER_EVENT_LOOK);

	if (!event)
		return;
	__builtin_memset(&event->socket, 0, sizeof(event->socket));
	__builtin_memset(&event->task, 0, sizeof(event->task));
	event->socket.netns = sk->__sk_common.skc_net.net->ns.inum;
	event->socket.port = port;
	bpf_ringbuf_submit(event, 0);
}

/* Whether the event may be told. Who opens and closes a port as fast as he can is heard
 * @flood_limit times a second; that there is more is told once in each, and the snapshot that
 * follows brings the end of the story. */
static __always_inline bool admit(const struct sock *sk, __u16 port)
{
	enum flood_answer answer = FLOOD_TELL;

	if (flood_limit)
		answer = flood_ask(sk->__sk_common.skc_net.net->ns.inum, port, flood_limit);
	if (answer == FLOOD_BEGINS)
		say_look(sk, port);
	return answer == FLOOD_TELL;
}

/* Best effort: who finds no room is found by its holders. */
static __always_inline void list_tagged(const struct sock *sk, const struct listener_tag *tag)
{
	struct listener_holding holding;

	describe_socket(&holding.socket, sk);
	__builtin_memset(&holding.task, 0, sizeof(holding.task));
	holding.task.cgroup_id = tag->cgroup_id;
	holding.opened_ns = tag->opened_ns;
	holding.opener = tag->opener;
	holding.is_mptcp = sk->sk_protocol == IPPROTO_MPTCP;
	bpf_map_update_elem(&listed, &holding.socket.cookie, &holding, BPF_ANY);
}

static __always_inline void strike_off(const struct sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie((void *)sk);

	bpf_map_delete_elem(&listed, &cookie);
}

static __always_inline void on_listen(const struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u16 port = sk->__sk_common.skc_num;
	struct listener_event *event;
	struct listener_tag *tag;
	struct arrival_key key = {
		.netns = sk->__sk_common.skc_net.net->ns.inum,
		.port = port,
		.family = sk->__sk_common.skc_family,
	};
	__u32 opener = task->tgid;
	__u8 yes = 1;

	/* One that has a tag keeps it right, watched or not: it may be watched again. */
	tag = bpf_sk_storage_get(&tags, (void *)sk, NULL,
				 is_watched(port) ? BPF_SK_STORAGE_GET_F_CREATE : 0);
	if (tag) {
		tag->opened_ns = bpf_ktime_get_ns();
		tag->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
		tag->opener = opener;
		tag->port = port;
		tag->listening = 1;
		if (tags_are_listed)
			list_tagged(sk, tag);
	}
	if (!is_watched(port) || !admit(sk, port))
		return;
	if (!port) { /* listen() without bind(): the kernel chooses a port next */
		say_look(sk, port);
		return;
	}
	/* Before the event: what follows this one must find its entries. */
	if (!is_own(key.netns)) {
		bpf_map_update_elem(&openers, &opener, &yes, BPF_ANY);
	} else {
		begin_to_count(&key);
		if (bpf_map_update_elem(&own_openers, &opener, &yes, BPF_ANY))
			__sync_fetch_and_add(&unfollowed, 1);
	}
	event = reserve(LISTENER_EVENT_OPENED);
	if (!event)
		return;
	describe_socket(&event->socket, sk);
	describe_task(&event->task, task);
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void on_close(const struct sock *sk)
{
	struct listener_tag *tag = bpf_sk_storage_get(&tags, (void *)sk, NULL, 0);
	struct task_struct *task = bpf_get_current_task_btf();
	__u16 port = sk->__sk_common.skc_num;
	struct listener_event *event;

	if (tags_are_listed)
		strike_off(sk);
	/* A port that the kernel chose was given back a moment ago. */
	if (!port && tag)
		port = tag->port;
	if (!tag) {
		if (!is_watched(port))
			return;
		/* From before us: a snapshot that runs just now must not take it for open. */
		tag = bpf_sk_storage_get(&tags, (void *)sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	}
	if (tag)
		tag->listening = 0;
	if (!is_watched(port) || !admit(sk, port))
		return;
	event = reserve(LISTENER_EVENT_CLOSED);
	if (!event)
		return;
	describe_socket(&event->socket, sk);
	event->socket.port = port;
	describe_task(&event->task, task);
	if (task->flags & PF_EXITING)
		describe_init(event, task);
	bpf_ringbuf_submit(event, 0);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_change, const struct sock *sk, int from, int to)
{
	/* Almost every call is an ordinary connection: leave before reading anything. */
	if (from != TCP_LISTEN && to != TCP_LISTEN)
		return 0;
	if (to == TCP_LISTEN && counts(sk))
		on_listen(sk);
	else if (to == TCP_CLOSE && counts(sk))
		on_close(sk);
	else if (to == TCP_SYN_RECV && is_watched(sk->__sk_common.skc_num)) {
		count_arrival(sk);
		notice_crowd(sk);
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_process_exit, struct task_struct *task)
{
	struct listener_event *event;
	__u32 pid = task->tgid;

	if (!bpf_map_lookup_elem(&own_openers, &pid) && !bpf_map_lookup_elem(&openers, &pid))
		return 0;
	if (task->signal->live.counter > 0)
		return 0; /* a thread of it: the process lives on */
	bpf_map_delete_elem(&own_openers, &pid);
	bpf_map_delete_elem(&openers, &pid);
	event = reserve(LISTENER_EVENT_OPENER_EXITED);
	if (!event)
		return 0;
	__builtin_memset(&event->socket, 0, sizeof(event->socket));
	describe_task(&event->task, task);
	event->task.exiting = 1;
	describe_init(event, task);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Left out by userspace where a kernel does not let us have it. */
SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int signal, struct kernel_siginfo *info, struct task_struct *target,
	     int group, int result)
{
	if ((unsigned int)signal <= SIGNAL_BITS && SIGNALS_NOTED & 1U << signal)
		note_signal(signal, info, target, result);
	return 0;
}

/* The queue of a MPTCP listener is that of the TCP socket below it; no typed load leads there. */
static __always_inline void describe_queue(struct listener_socket *to, const struct sock *sk)
{
	const struct sock *first;

	if (sk->sk_protocol != IPPROTO_MPTCP || !kernel_may_be_read ||
	    !bpf_core_type_exists(struct mptcp_sock))
		return;
	if (bpf_probe_read_kernel(&first, sizeof(first),
				  (void *)sk + bpf_core_field_offset(struct mptcp_sock, first)) ||
	    !first)
		return;
	(void)bpf_probe_read_kernel(&to->queued, sizeof(to->queued),
				    (void *)first +
					    bpf_core_field_offset(struct sock, sk_ack_backlog));
	(void)bpf_probe_read_kernel(&to->backlog, sizeof(to->backlog),
				    (void *)first +
					    bpf_core_field_offset(struct sock, sk_max_ack_backlog));
}

/* Whether it is a listener that somebody wants to know of. Unix sockets use the state numbers of
 * TCP. */
static __always_inline bool is_listener(const struct sock *sk)
{
	return sk->__sk_common.skc_state == TCP_LISTEN &&
	       (sk->sk_protocol == IPPROTO_TCP || sk->sk_protocol == IPPROTO_MPTCP) &&
	       (sk->__sk_common.skc_family == AF_INET || sk->__sk_common.skc_family == AF_INET6) &&
	       is_watched(sk->__sk_common.skc_num);
}

SEC("iter/task_file")
int dump_holders(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct listener_tag fresh = { .listening = 1 }, *tag;
	struct listener_holding holding;
	struct arrival_key key = { 0 };
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !is_listener(sk))
		return 0;
	/* Its state changes a moment after its event, so the tag is believed, not the state. */
	tag = bpf_sk_storage_get(&tags, sk, &fresh, BPF_SK_STORAGE_GET_F_CREATE);
	if (tag && !tag->listening)
		return 0;
	if (tag)
		tag->port = sk->__sk_common.skc_num;
	if (tag && tags_are_listed) {
		list_tagged(sk, tag);
		if (!tag->listening) /* shut down in this moment: its event came first */
			strike_off(sk);
	}
	describe_socket(&holding.socket, sk);
	describe_queue(&holding.socket, sk);
	describe_task(&holding.task, task);
	holding.opened_ns = tag ? tag->opened_ns : 0;
	holding.opener = tag ? tag->opener : 0;
	holding.is_mptcp = 0;
	key.netns = holding.socket.netns;
	key.port = holding.socket.port;
	key.family = holding.socket.family;
	if (is_own(key.netns))
		begin_to_count(&key);
	bpf_seq_write(ctx->meta->seq, &holding, sizeof(holding));
	return 0;
}

SEC("iter/bpf_sk_storage_map")
int dump_tags(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct sock *sk = ctx->sk;
	struct listener_tag *tag = ctx->value;
	struct listener_holding holding;

	if (!sk || !tag || !tag->listening || !is_listener(sk))
		return 0;
	tag->port = sk->__sk_common.skc_num;
	describe_socket(&holding.socket, sk);
	describe_queue(&holding.socket, sk);
	__builtin_memset(&holding.task, 0, sizeof(holding.task));
	holding.task.cgroup_id = tag->cgroup_id;
	holding.opened_ns = tag->opened_ns;
	holding.opener = tag->opener;
	holding.is_mptcp = 0;
	bpf_seq_write(ctx->meta->seq, &holding, sizeof(holding));
	return 0;
}
