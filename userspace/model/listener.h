/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A listener: one TCP socket in LISTEN, known by its cookie and network namespace, never by a pid
 * (masters bind, children inherit, the last holder closes). */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/address.h"
#include "model/service.h"

#define LISTENER_HOLDERS_MAX 8
#define COMMAND_SIZE	     16 /* TASK_COMM_LEN */
#define CONTAINER_ID_SIZE    80 /* 64 digits and a user's number before them, or a name */

enum unit_manager { /* whose word a unit's name is */
		    MANAGER_SYSTEM,
		    MANAGER_USER,      /* a user's own, below user@UID.service */
		    MANAGER_CONTAINER, /* systemd inside a container */
};

struct holder {
	pid_t pid;	     /* as our own pid namespace sees it; 0: not visible there */
	uint32_t kernel_pid; /* as the initial pid namespace sees it */
	uint64_t started_ns; /* CLOCK_BOOTTIME or what the kernel calls start_time; only compared */
	char command[COMMAND_SIZE];
};

struct listener {
	uint64_t cookie;
	uint64_t opened_ns; /* CLOCK_MONOTONIC; 0: it was there before we looked */
	uint64_t cgroup_id;
	uint64_t arrived;	 /* connections the kernel took for it since we look */
	uint64_t accepted;	 /* taken from its queue, since its port is watched */
	uint64_t last_accept_ns; /* CLOCK_MONOTONIC; 0: not seen */
	uint32_t netns;		 /* inode */
	uint32_t backlog;	 /* the limit */
	uint32_t queued;	 /* connections waiting for accept, at the last snapshot */
	uint32_t opener;	 /* kernel pid that called listen(); 0: not seen */
	uint16_t port;
	bool v6only;
	bool is_mptcp; /* known of those that were found by a list alone */
	struct address address;
	struct holder holders[LISTENER_HOLDERS_MAX];
	size_t n_holders; /* of these; more may exist */
	char unit[UNIT_NAME_SIZE];
	enum unit_manager manager;	   /* of @unit */
	char container[CONTAINER_ID_SIZE]; /* its id, or the name where there is no id (LXC, nspawn)
					    */
	char container_name[CONTAINER_NAME_SIZE]; /* empty: the runtime does not tell */
};

struct task_end;

#define PID_NOT_HERE  UINT32_MAX /* it is of a pid namespace that we do not see into */
#define PID_TEXT_SIZE 40

/* "pid 4711", or that it has no number here: another process may have it. Pure. */
void pid_show(const struct task_end *end, char to[static PID_TEXT_SIZE]);
void pid_show_here(pid_t pid, char to[static PID_TEXT_SIZE]); /* 0: not visible */

/* What people call the container: its @name, or else the beginning of its @id. Pure. */
void container_show(const char *id, const char *name, char to[static CONTAINER_NAME_SIZE]);

/* A bind() to a watched port that the kernel refused. */
struct failed_bind {
	uint64_t at_ns; /* CLOCK_MONOTONIC */
	int error;	/* errno, positive */
	uint32_t netns; /* inode */
	uint32_t kernel_pid;
	pid_t pid; /* as in struct holder */
	uint16_t port;
	struct address address; /* what was asked for */
	char command[COMMAND_SIZE];
	char unit[UNIT_NAME_SIZE];
	char container[CONTAINER_ID_SIZE];
};

enum sender {		      /* by his cgroup, in the moment when he sent it */
	      SENDER_NONE,    /* no signal, or nobody knows whose */
	      SENDER_OTHER,   /* another service, or whoever belongs to none */
	      SENDER_OWN,     /* of the unit or container of the server itself */
	      SENDER_PERSON,  /* somebody's session, or what he runs below user@ */
	      SENDER_SYSTEMD, /* the manager of this host */
};

/* A signal that may have ended a process, and who sent it. */
struct signal_sent {
	enum sender sender;
	uint8_t signal;
	uint32_t kernel_pid; /* the sender's, in our /proc; 0: it is not seen there */
	uint32_t uid;
	char command[COMMAND_SIZE];
	char whose[UNIT_NAME_SIZE]; /* its unit, or "container NAME"; "": neither is known */
};

/* How a process ended, from its task_struct. All zero: it lives. */
struct task_end {
	bool exiting;
	bool oom; /* the OOM killer chose it */
	uint8_t signal;
	uint8_t exit_code;
	uint32_t kernel_pid;
	uint32_t pid_here; /* its number in our /proc; 0: the same; PID_NOT_HERE */
	char command[COMMAND_SIZE];
	bool init_exiting; /* with the first process of its pid namespace, which ended by itself */
	uint8_t init_signal;
	uint8_t init_exit_code;
	struct signal_sent sent; /* to it, or to whoever opened the listener */
};

#endif
