// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connections taken from the queues of watched listeners: how many, and when the last. Counted for
 * each listener and each processor, never streamed.
 *
 * Two rungs, of which userspace loads the first that works: fexit of inet_csk_accept(), or the end
 * of the system calls accept and accept4. The second has to find the listener behind a file
 * descriptor, and reads the kernel's memory for it. Calls that give no connection cost a
 * comparison. */
#include <linux/bpf.h>
#include "bpf/kernel_types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf/watched.h"

#define ACCEPTS_MAX 16384

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set before loading: false under lockdown=confidentiality, which refuses bpf_probe_read_kernel().
 */
const volatile bool kernel_may_be_read = false;

struct { /* by the listener's cookie; userspace removes those that are gone */
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ACCEPTS_MAX);
	__type(key, __u64);
	__type(value, struct accept_count);
} accepts SEC(".maps");

static __always_inline void count(__u64 cookie)
{
	struct accept_count *count = bpf_map_lookup_elem(&accepts, &cookie), none = { 0 };

	if (!count) {
		/* Fails where another processor is quicker, which is as good. */
		(void)bpf_map_update_elem(&accepts, &cookie, &none, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&accepts, &cookie);
	}
	if (!count) {
		__sync_fetch_and_add(&dropped, 1);
		return;
	}
	count->accepted++;
	count->last_ns = bpf_ktime_get_ns();
}

/* A MPTCP listener accepts from the TCP socket below it, and is known by its own cookie. No typed
 * load leads from one to the other: where the kernel may not be read, such accepts are not counted.
 */
static __always_inline void count_listener(struct sock *sk)
{
	const struct mptcp_subflow_context *below;
	const struct tcp_sock *tcp;
	const struct sock *above;
	__s64 cookie;

	if (!bpf_core_field_exists(struct tcp_sock, is_mptcp)) {
		count(bpf_get_socket_cookie(sk));
		return;
	}
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || !BPF_CORE_READ_BITFIELD(tcp, is_mptcp)) {
		count(bpf_get_socket_cookie(sk));
		return;
	}
	if (!kernel_may_be_read || !bpf_core_type_exists(struct mptcp_subflow_context))
		return;
	below = tcp->inet_conn.icsk_ulp_data;
	if (BPF_CORE_READ_INTO(&above, below, conn) == 0 &&
	    BPF_CORE_READ_INTO(&cookie, above, __sk_common.skc_cookie.counter) == 0 && cookie)
		count(cookie);
}

/* Until Linux 6.10 the arguments were sk, flags, err, kern; since then sk and arg. The result
 * follows them; the branch not taken is dead when the verifier sees it. */
SEC("fexit/inet_csk_accept")
int after_accept(unsigned long long *ctx)
{
	struct sock *listener = (void *)ctx[0];

	if (bpf_core_type_exists(struct proto_accept_arg)) {
		if (!ctx[2])
			return 0;
	} else {
		if (!ctx[4])
			return 0;
	}
	if (is_watched(listener->__sk_common.skc_num))
		count_listener(listener);
	return 0;
}

static __always_inline unsigned long first_argument(struct pt_regs *regs)
{
	if (bpf_core_field_exists(struct pt_regs___x86, di))
		return ((struct pt_regs___x86 *)regs)->di;
	if (bpf_core_field_exists(struct pt_regs___arm64, orig_x0))
		return ((struct pt_regs___arm64 *)regs)->orig_x0;
	return ((struct pt_regs___riscv *)regs)->orig_a0;
}

static __always_inline bool read_socket(unsigned int fd, const struct sock **ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct socket *socket;
	struct file *file;

	if (fd >= table->max_fds)
		return false;
	return bpf_core_read(&file, sizeof(file), table->fd + fd) == 0 &&
	       BPF_CORE_READ_INTO(&socket, file, private_data) == 0 &&
	       BPF_CORE_READ_INTO(ret, socket, sk) == 0 && *ret;
}

/* The descriptor was a listening socket when the call began, or the call would have failed. Other
 * sockets than TCP's have no port there, or one that is not watched by chance: so the state is
 * looked at too. */
static __always_inline int after_call(long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct sock *sk;
	__u16 port, protocol;
	__s64 cookie;

	if (result < 0)
		return 0;
	if (!read_socket(first_argument((void *)bpf_task_pt_regs(task)), &sk))
		return 0;
	if (BPF_CORE_READ_INTO(&port, sk, __sk_common.skc_num) || !is_watched(port))
		return 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		return 0;
	protocol = BPF_CORE_READ(sk, sk_protocol);
	cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	if ((protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP) && cookie)
		count(cookie);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_accept")
int on_exit_accept(struct trace_event_raw_sys_exit *ctx)
{
	return after_call(ctx->ret);
}

SEC("tracepoint/syscalls/sys_exit_accept4")
int on_exit_accept4(struct trace_event_raw_sys_exit *ctx)
{
	return after_call(ctx->ret);
}
