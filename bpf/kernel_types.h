/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The few kernel structures and fields that are read, relocated at load time by their names
 * (CO-RE), so that a build needs no BTF of the build host. Names are the kernel's. */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include <linux/types.h>
#include <stdbool.h>

#define CORE __attribute__((preserve_access_index))

#define AF_INET	      2
#define AF_INET6      10
#define IPPROTO_TCP   6
#define IPPROTO_MPTCP 262
#define TCP_SYN_RECV  3
#define TCP_CLOSE     7
#define TCP_LISTEN    10
#define PF_EXITING    0x4 /* include/linux/sched.h */
#define SI_USER	      0	  /* include/uapi/asm-generic/siginfo.h */
#define SI_QUEUE      -1
#define SI_TKILL      -6

struct in6_addr {
	__u8 s6_addr[16];
};

struct ns_common {
	unsigned int inum;
} CORE;

struct net {
	struct ns_common ns;
} CORE;

typedef struct {
	struct net *net;
} CORE possible_net_t;

typedef struct {
	__s64 counter;
} CORE atomic64_t;

struct sock_common {
	__be32 skc_rcv_saddr;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_ipv6only : 1;
	possible_net_t skc_net;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
} CORE;

struct sock {
	struct sock_common __sk_common;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	__u16 sk_protocol;
} CORE;

struct inet_connection_sock {
	void *icsk_ulp_data; /* of the TCP socket below a MPTCP one: its struct
				mptcp_subflow_context */
} CORE;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u8 is_mptcp : 1;
} CORE;

struct mptcp_sock {
	struct sock *first; /* the TCP socket below it; of a listener, the one that has the queue */
} CORE;

struct mptcp_subflow_context {
	struct sock *conn; /* the MPTCP socket above */
} CORE;

struct socket {
	struct sock *sk;
} CORE;

struct file {
	void *private_data; /* of a socket's file: its struct socket */
} CORE;

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} CORE;

struct files_struct {
	struct fdtable *fdt;
} CORE;

typedef struct {
	int counter;
} CORE atomic_t;

struct mm_struct;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	struct mm_struct *oom_mm;
} CORE;

struct kernfs_node {
	__u64 id;
	const char *name;
} CORE;

struct cgroup_subsys_state {
	struct cgroup_subsys_state *parent;
} CORE;

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
} CORE;

struct css_set {
	struct cgroup *dfl_cgrp;
} CORE;

struct kernel_siginfo {
	int si_code;
} CORE;

struct task_struct;

struct pid_namespace {
	struct task_struct *child_reaper; /* its first process; another thread of it, at times */
	struct ns_common ns;
} CORE;

struct upid {
	int nr;
	struct pid_namespace *ns;
} CORE;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} CORE;

struct nsproxy {
	struct net *net_ns;
	struct pid_namespace *pid_ns_for_children;
} CORE;

struct task_struct {
	unsigned int flags;
	int exit_code;
	int tgid;
	__u64 start_time;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
	struct files_struct *files;
	struct signal_struct *signal;
	char comm[16];
} CORE;

struct trace_event_raw_sys_enter {
	unsigned long args[6];
} CORE;

struct trace_event_raw_sys_exit {
	long ret;
} CORE;

/* The first argument of a system call, where each architecture keeps it until the end of the call.
 */
struct pt_regs;

struct pt_regs___x86 {
	unsigned long di;
} CORE;

struct pt_regs___arm64 {
	__u64 orig_x0;
} CORE;

struct pt_regs___riscv {
	unsigned long orig_a0;
} CORE;

/* What inet_csk_accept() is given since Linux 6.10 (92ef0fd55ac8). */
struct proto_accept_arg {
	int err;
} CORE;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} CORE;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
} CORE;

struct bpf_map;

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
} CORE;

#endif
