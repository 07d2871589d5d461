/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contract between the kernel side and userspace: what the ring buffer and the snapshot carry.
 * Fields widest first, no padding, sizes asserted. Ports in host order, addresses in network order.
 */
#ifndef LISTENER_EVENT_H
#define LISTENER_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define LISTENER_COMMAND_SIZE 16 /* TASK_COMM_LEN */
#define LISTENER_PORT_WORDS   (65536 / 64)

enum listener_event_kind {
	LISTENER_EVENT_OPENED = 1,    /* a socket went CLOSE -> LISTEN; the task is its opener */
	LISTENER_EVENT_CLOSED,	      /* LISTEN -> CLOSE; the task is the last holder */
	LISTENER_EVENT_OPENER_EXITED, /* the process that opened a listener ended; no socket fields
				       */
	LISTENER_EVENT_CROWDED, /* a client arrived while others waited; the socket is the client's;
				   no task */
	LISTENER_EVENT_LOOK, /* more happened than events say: a snapshot is due; netns and port, no
				task fields */
};

struct listener_socket {
	__u64 cookie;
	__u32 netns; /* inode */
	__u32 backlog;
	__u32 queued;
	__u16 port;
	__u8 family; /* AF_INET, AF_INET6 */
	__u8 v6only;
	__u8 address[16]; /* AF_INET in the first four */
};

struct listener_task {
	__u64 started_ns; /* task_struct.start_time of the thread group's leader: CLOCK_MONOTONIC */
	__u64 cgroup_id;  /* in the unified hierarchy */
	__u32 kernel_pid; /* thread group, initial pid namespace */
	__u32 pid;	  /* the same where the reader's /proc is; 0: not visible */
	__s32 exit_code;  /* as wait(2) has it; meaningful while exiting */
	__u8 exiting;
	__u8 oom;
	__u8 init_exiting; /* the first process of its pid namespace, or itself where it is that */
	__u8 reserved;
	char command[LISTENER_COMMAND_SIZE];
};

struct listener_event {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	struct listener_socket socket;
	struct listener_task task;
	__u32 kind;
	__s32 init_exit_code; /* of that process, while it exits */
};

/* One record of the snapshot: a socket and one of its holders. The task is all zero, but for the
 * opener's cgroup, where it was found by its tag: nobody may hold it just now (it is on its way to
 * another process). */
struct listener_holding {
	struct listener_socket socket;
	struct listener_task task;
	__u64 opened_ns; /* CLOCK_MONOTONIC; 0: it was there before we looked */
	__u32 opener;	 /* kernel pid; 0: not seen */
	__u32 is_mptcp;	 /* of what is listed; else 0 */
};

/* What is kept with the socket itself: the kernel's own list of what listens, exact at any time and
 * of any length. */
struct listener_tag {
	__u64 opened_ns;
	__u64 cgroup_id;
	__u32 opener;
	__u16 port;	/* at the end the socket may have lost its own; 0: not known yet */
	__u8 listening; /* as the last event said */
	__u8 reserved;
};

struct bind_event {	  /* a bind() to a watched port that the kernel refused; bind.bpf.c */
	__u64 time_ns;	  /* CLOCK_MONOTONIC */
	__u64 started_ns; /* as in struct listener_task */
	__u64 cgroup_id;
	__u32 netns; /* inode */
	__u32 kernel_pid;
	__u32 pid;   /* as in struct listener_task */
	__s32 error; /* errno, positive */
	__u16 port;
	__u8 family; /* AF_INET, AF_INET6 */
	__u8 reserved[5];
	__u8 address[16]; /* AF_INET in the first four */
	char command[LISTENER_COMMAND_SIZE];
};

/* Of the newest signals some are kept, each at its place: signal_place(). */
#define SIGNAL_PLACES	512
#define SIGNAL_WAY	6  /* cgroups from the innermost outwards */
#define SIGNAL_WAY_SIZE 96 /* of a cgroup's name, cut where it is longer */

struct signal_note { /* who was sent which, and who sent it, as he was then */
	__u64 time_ns;
	__u64 started_ns; /* as in struct listener_task */
	__u64 cgroup_id;
	__u32 target; /* kernel pid; 0: none */
	__u32 signal;
	__u32 kernel_pid; /* the sender's */
	__u32 pid;	  /* as in struct listener_task */
	__u32 uid;
	__u32 reserved;
	char command[LISTENER_COMMAND_SIZE];
	/* Names, "" at the end: a session that was opened for one command has gone with its cgroup
	 * before anybody can ask for it. */
	char way[SIGNAL_WAY][SIGNAL_WAY_SIZE];
};

static inline __attribute__((always_inline)) __u32 signal_place(__u32 target, __u32 signal)
{
	return (target * 31 + signal) % SIGNAL_PLACES;
}

struct accept_count { /* of one listener, by its cookie; accept.bpf.c */
	__u64 accepted;
	__u64 last_ns; /* CLOCK_MONOTONIC */
};

/* Arrivals cannot be told apart by socket: a child knows its port, not its listener. */
struct arrival_key {
	__u32 netns;
	__u16 port;
	__u16 family;
};

_Static_assert(sizeof(struct listener_socket) == 40, "no padding");
_Static_assert(sizeof(struct listener_task) == 48, "no padding");
_Static_assert(sizeof(struct listener_event) == 104, "no padding");
_Static_assert(sizeof(struct listener_holding) == 104, "no padding");
_Static_assert(sizeof(struct listener_tag) == 24, "no padding");
_Static_assert(sizeof(struct bind_event) == 80, "no padding");
_Static_assert(sizeof(struct signal_note) == 64 + SIGNAL_WAY * SIGNAL_WAY_SIZE, "no padding");
_Static_assert(sizeof(struct accept_count) == 16, "no padding");
_Static_assert(sizeof(struct arrival_key) == 8, "no padding");

#endif
