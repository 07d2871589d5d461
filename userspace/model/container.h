/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container by the word of its runtime: what it is called, whose it is, what it publishes, how it
 * fares and who asked for that. Data, and the few questions that it answers. Pure. */
#ifndef MODEL_CONTAINER_H
#define MODEL_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/address.h"
#include "model/listener.h"

#define CONTAINER_RUNTIME_SIZE	 16
#define CONTAINER_IMAGE_SIZE	 128
#define CONTAINER_LABEL_SIZE	 96
#define CONTAINER_DIRECTORY_SIZE 512
#define CONTAINER_NETWORK_SIZE	 96
#define CONTAINER_PORTS_MAX	 32
#define CONTAINER_DETAIL_SIZE	 256

enum container_state {
	CONTAINER_UNKNOWN,
	CONTAINER_CREATED, /* and never started */
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_RESTARTING, /* it ended, and the runtime is about to start it again */
	CONTAINER_EXITED,
	CONTAINER_REMOVED,
};

enum container_restart { /* what the runtime does when it ends by itself */
			 RESTART_NO,
			 RESTART_ON_FAILURE,
			 RESTART_UNLESS_STOPPED,
			 RESTART_ALWAYS,
};

enum container_health { HEALTH_NONE, HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

struct container_port {		/* TCP */
	struct address address; /* of the host; family 0: all of both families */
	uint16_t host_port;
	uint16_t port; /* inside */
};

struct container {
	char id[CONTAINER_ID_SIZE];
	char name[CONTAINER_NAME_SIZE];
	char runtime[CONTAINER_RUNTIME_SIZE]; /* its command: "docker" */
	char image[CONTAINER_IMAGE_SIZE];
	char project[CONTAINER_LABEL_SIZE]; /* compose's, and its service there; or empty */
	char service[CONTAINER_LABEL_SIZE];
	char directory[CONTAINER_DIRECTORY_SIZE];    /* where that project lies */
	char config_files[CONTAINER_DIRECTORY_SIZE]; /* of it, ',' between several */
	char unit[UNIT_NAME_SIZE]; /* the systemd unit that podman was told runs it; or empty */
	char network[CONTAINER_NETWORK_SIZE]; /* mode: "host", "container:ID", "bridge", ... */
	enum container_state state;
	enum container_restart restart;
	unsigned int restart_max; /* on failure; 0: no limit */
	enum container_health health;
	pid_t pid;	     /* its first process, as the runtime sees it; 0: none */
	bool pid_is_foreign; /* that is not our pid namespace: here, the number is another's */
	int exit_code;	     /* of the last end */
	bool oom;	     /* the OOM killer was in it before that */
	bool is_left;	     /* its runtime has seen that end, and does not start it again */
	bool asked;	     /* somebody had the runtime end it */
	bool shot;  /* by SIGKILL and nothing before it: whether a stop was meant is not known */
	int signal; /* sent for that; 0: not known */
	uint64_t killed_ns; /* when a signal was sent that is not said; wall clock, 0: none */
	bool auto_remove;
	bool is_cut_off; /* alive, and nothing that it is to publish leads to it: no network */
	struct container_port ports[CONTAINER_PORTS_MAX];
	size_t n_ports;
};

struct container_set { /* the caller's list */
	const struct container *list;
	size_t n;
};

bool container_is_alive(const struct container *container);    /* running or paused */
bool container_shares_host(const struct container *container); /* the host's network is its own */

/* Whether a client of the host's @port is led to this container; *@ret_port: to which of its own.
 */
bool container_publishes(const struct container *container, uint16_t port, uint16_t *ret_port);

/* The one that a client of the host's @port is led to, or would be if it ran; NULL: none. */
const struct container *container_set_publisher(const struct container_set *set, uint16_t port,
						uint16_t *ret_port);

/* The one of this name, as it is now: one that runs before one that ended, the newest of these. */
const struct container *container_set_find(const struct container_set *set, const char *name);

/* Whether its end was somebody's wish, so no accident: it was stopped or removed. One that was shot
 * and lies there is as dead as of the OOM killer, and nobody may have meant that. */
bool container_was_stopped(const struct container *container);

/* How it fares, and who asked for that: a sentence without its end. */
void container_tell(const struct container *container, char to[static CONTAINER_DETAIL_SIZE]);

/* What an administrator types to have it run again. */
void container_remedy(const struct container *container, char to[static CONTAINER_DETAIL_SIZE]);

/* Its runtime starts it again without being asked. */
bool container_comes_back(const struct container *container);

#endif
