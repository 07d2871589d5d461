// SPDX-License-Identifier: LGPL-2.1-or-later
#include "actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKETS_MAX  24
#define CHILDREN_MAX 6
#define FLYING_MAX   4
#define BACKLOG_MAX  40

const uint16_t actor_ports[8] = { 25, 110, 143, 465, 587, 993, 995, 4190 };

struct stage {
	uint64_t seed;
	int sockets[SOCKETS_MAX]; /* -1: free */
	pid_t children[CHILDREN_MAX];
	int mail[2]; /* a socket pair, through which descriptors fly */
	size_t flying;
};

uint64_t actor_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t pick(struct stage *stage, size_t n)
{
	return actor_random(&stage->seed) % n;
}

/* A used place when @used, else a free one; NULL when there is none. */
static int *find_place(struct stage *stage, bool used)
{
	size_t from = pick(stage, SOCKETS_MAX);

	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		int *place = &stage->sockets[(from + i) % SOCKETS_MAX];

		if ((*place >= 0) == used)
			return place;
	}
	return NULL;
}

/* Names an address of the socket's family, and a port: a mail port, none (0), or one not watched.
 */
static int bind_somewhere(struct stage *stage, int fd, int family)
{
	size_t which = pick(stage, 10);
	uint16_t port = htons(which < 7 ? actor_ports[pick(stage, 8)] : which < 9 ? 0 : 12345);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = port };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = port };

	if (pick(stage, 3) == 0)
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)pick(stage, 3));
	if (pick(stage, 3) == 0)
		in6.sin6_addr = in6addr_loopback;
	return family == AF_INET ? bind(fd, (struct sockaddr *)&in, sizeof(in))
				 : bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

static void open_one(struct stage *stage)
{
	int *place = find_place(stage, false), one = 1, v6only = (int)pick(stage, 2), fd;
	int family = pick(stage, 2) ? AF_INET : AF_INET6;

	if (!place)
		return;
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (pick(stage, 4))
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	/* One in eight lets the kernel choose everything, in listen(). */
	if ((pick(stage, 8) && bind_somewhere(stage, fd, family) < 0) ||
	    listen(fd, 1 + (int)pick(stage, BACKLOG_MAX)) < 0)
		close(fd);
	else
		*place = fd;
}

static void close_one(struct stage *stage)
{
	int *place = find_place(stage, true);

	if (!place)
		return;
	close(*place);
	*place = -1;
}

static void dup_one(struct stage *stage)
{
	int *from = find_place(stage, true), *to = find_place(stage, false);

	if (from && to)
		*to = fcntl(*from, F_DUPFD_CLOEXEC, 0);
}

/* Another backlog, or again after it was shut down. */
static void listen_again(struct stage *stage)
{
	int *place = find_place(stage, true);

	if (place)
		(void)listen(*place, 1 + (int)pick(stage, BACKLOG_MAX));
}

static void shut_down(struct stage *stage)
{
	int *place = find_place(stage, true);

	if (place)
		(void)shutdown(*place, SHUT_RDWR);
}

/* The same socket lets go of its port and takes another one. */
static void move_one(struct stage *stage)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int *place = find_place(stage, true), family = 0;
	socklen_t size = sizeof(family);

	if (!place || getsockopt(*place, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0)
		return;
	(void)connect(*place, &nowhere, sizeof(nowhere));
	(void)bind_somewhere(stage, *place, family);
	(void)listen(*place, 1 + (int)pick(stage, BACKLOG_MAX));
}

/* A child that holds all that we have, and perhaps lives in another namespace. */
static void fork_holder(struct stage *stage)
{
	size_t i = pick(stage, CHILDREN_MAX);
	bool leaves = pick(stage, 4) == 0;
	pid_t parent = getpid();

	if (stage->children[i])
		return;
	stage->children[i] = fork();
	if (stage->children[i] == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) /* it died before that */
			_exit(1);
		if (leaves)
			(void)unshare(CLONE_NEWNET);
		for (;;)
			pause();
	}
	if (stage->children[i] < 0)
		stage->children[i] = 0;
}

static void kill_holder(struct stage *stage)
{
	size_t i = pick(stage, CHILDREN_MAX);

	if (!stage->children[i])
		return;
	kill(stage->children[i], pick(stage, 2) ? SIGKILL : SIGTERM);
	waitpid(stage->children[i], NULL, 0);
	stage->children[i] = 0;
}

/* Sends a listener off; then nobody holds it, unless others do. */
static void send_off(struct stage *stage)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	char c = 0;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int *place = find_place(stage, true);

	if (!place || stage->flying == FLYING_MAX)
		return;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), place, sizeof(int));
	if (sendmsg(stage->mail[0], &message, 0) < 0)
		return;
	stage->flying++;
	close(*place);
	*place = -1;
}

static void receive_one(struct stage *stage)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char c;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)
	};
	int *place = find_place(stage, false);

	if (!place || !stage->flying || recvmsg(stage->mail[1], &message, MSG_CMSG_CLOEXEC) < 0)
		return;
	stage->flying--;
	if (CMSG_FIRSTHDR(&message))
		memcpy(place, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
}

static void connect_some(struct stage *stage)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(actor_ports[pick(stage, 8)]),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	for (size_t n = pick(stage, 10); n > 0; n--) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
		close(fd);
	}
}

static const struct {
	void (*act)(struct stage *stage);
	size_t weight;
} acts[] = {
	{ open_one, 30 }, { close_one, 16 },  { dup_one, 5 },	   { listen_again, 6 },
	{ shut_down, 4 }, { move_one, 6 },    { fork_holder, 2 },  { kill_holder, 2 },
	{ send_off, 5 },  { receive_one, 5 }, { connect_some, 3 },
};

static void act(struct stage *stage)
{
	size_t sum = 0, at;

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		sum += acts[i].weight;
	at = pick(stage, sum);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (at < acts[i].weight) {
			acts[i].act(stage);
			return;
		}
		at -= acts[i].weight;
	}
}

static void storm(uint32_t n)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(ACTOR_STORM_PORT) };

	for (uint32_t i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(fd, 1) < 0)
			_exit(1);
		close(fd);
	}
}

static void play(int fd)
{
	struct stage stage = { 0 };
	struct actor_command command;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "actor");
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		stage.sockets[i] = -1;
	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, stage.mail) < 0 || write(fd, "r", 1) != 1)
		_exit(1);
	while (read(fd, &command, sizeof(command)) == sizeof(command)) {
		stage.seed = command.seed;
		if (command.kind == ACTOR_STORM)
			storm(command.n);
		for (uint32_t i = 0; command.kind == ACTOR_MIX && i < command.n; i++)
			act(&stage);
		if (write(fd, "d", 1) != 1)
			break;
	}
	_exit(0);
}

int actor_start(struct actor *actor)
{
	int pair[2];
	char path[64], c;
	struct stat st;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	actor->pid = fork();
	if (actor->pid == 0) {
		close(pair[0]);
		play(pair[1]);
	}
	close(pair[1]);
	actor->fd = pair[0];
	snprintf(path, sizeof(path), "/proc/%d/ns/net", actor->pid);
	if (actor->pid < 0 || read(actor->fd, &c, 1) != 1 || stat(path, &st) < 0)
		return -EIO;
	actor->netns = (uint32_t)st.st_ino;
	return 0;
}

int actor_begin(const struct actor *actor, enum actor_kind kind, uint32_t n, uint64_t seed)
{
	struct actor_command command = { .seed = seed, .n = n, .kind = kind };

	return write(actor->fd, &command, sizeof(command)) == sizeof(command) ? 0 : -EIO;
}

int actor_end(const struct actor *actor)
{
	char c;

	return read(actor->fd, &c, 1) == 1 ? 0 : -EIO;
}

/* Its children die with it (PR_SET_PDEATHSIG), and are ours then (PR_SET_CHILD_SUBREAPER). */
void actor_kill(struct actor *actor)
{
	if (actor->pid <= 0) /* kill(0) would be us, and whoever started us */
		return;
	kill(actor->pid, SIGKILL);
	close(actor->fd);
	waitpid(actor->pid, NULL, 0);
	actor->pid = 0;
}
