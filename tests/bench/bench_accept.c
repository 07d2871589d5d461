// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench_accept - what it costs to be watched: an accepted connection, a bind, and a system call that has
 * nothing to do with either, with each part of the observer attached and without, in turn, in one run.
 *
 *   bench_accept          the table, and what the kernel says each program takes a run
 *   bench_accept plain    one line, "NS_A_CONNECTION NS_A_BIND NS_A_CALL", for what others attach
 *   $ROUNDS (15) of each, of which the least disturbed one counts; $SCALE (100) percent of the usual work in each. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "observe/kernel/accept_watch.h"
#include "observe/kernel/bind_watch.h"
#include "observe/kernel/observer.h"

#define ROUNDS_MAX 101
#define PORT	   587
#define PAUSE_NS   20000000 /* after attaching: the kernel patches its code */

static int rounds = 15, scale = 100;
static int listener;

struct parts { /* what is attached; NULL: is not */
	struct observer *observer;
	struct bind_watch *binds;
	struct accept_watch *accepts;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void die(const char *what, int error)
{
	fprintf(stderr, "bench_accept: %s: %s\n", what, strerror(error));
	exit(1);
}

static struct sockaddr_in here(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* One thread is both sides: on loopback the handshake is done when connect() returns. */
static void connect_and_accept(void)
{
	const struct linger reset = { .l_onoff = 1 }; /* leaves no TIME_WAIT */
	struct sockaddr_in to = here(PORT);
	int client = socket(AF_INET, SOCK_STREAM, 0), server;

	if (connect(client, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect", errno);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		die("accept4", errno);
	setsockopt(server, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(server);
	close(client);
}

static void bind_once(void)
{
	struct sockaddr_in to = here(465);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("bind", errno);
	close(fd);
}

static void call(void)
{
	(void)syscall(SYS_getppid);
}

static const struct load {
	const char *name;
	void (*run)(void);
	int times;
} loads[] = {
	{ "connect, accept, close", connect_and_accept, 4000 },
	{ "socket, bind, close", bind_once, 20000 },
	{ "getppid", call, 400000 },
};

static double measure(const struct load *load)
{
	int times = load->times * scale / 100;
	uint64_t begun = now_ns();

	for (int i = 0; i < times; i++)
		load->run();
	return (double)(now_ns() - begun) / times;
}

static double least(const double *list, int n)
{
	double ns = list[0];

	for (int i = 1; i < n; i++)
		if (list[i] < ns)
			ns = list[i];
	return ns;
}

static void on_change(const struct listener_change *change, void *userdata)
{
}

static void on_failed(const struct failed_bind *failed, void *userdata)
{
}

/* @accepts: the rung, or "best"; NULL: not counted. False: this kernel does not let us have it. */
static bool attach(struct parts *parts, bool observer, bool binds, const char *accepts)
{
	static const uint16_t ports[] = { 465, PORT };
	struct timespec pause = { .tv_nsec = PAUSE_NS };
	int r = 0;

	memset(parts, 0, sizeof(*parts));
	if (observer)
		r = observer_new(on_change, NULL, &parts->observer);
	if (r < 0)
		die("observer", -r);
	if (observer) {
		observer_watch(parts->observer, ports, ARRAY_SIZE(ports));
		(void)observer_snapshot(parts->observer);
	}
	/* What this kernel refuses stays away, and the rung's name says so. */
	if (binds && bind_watch_new(on_failed, NULL, &parts->binds) >= 0)
		bind_watch_ports(parts->binds, ports, ARRAY_SIZE(ports));
	if (accepts)
		r = accept_watch_new(strcmp(accepts, "best") == 0 ? NULL : accepts, &parts->accepts);
	if (parts->accepts)
		accept_watch_ports(parts->accepts, ports, ARRAY_SIZE(ports));
	nanosleep(&pause, NULL);
	return r >= 0;
}

static void detach(struct parts *parts)
{
	struct timespec pause = { .tv_nsec = PAUSE_NS };

	accept_watch_free(parts->accepts);
	bind_watch_free(parts->binds);
	observer_free(parts->observer);
	nanosleep(&pause, NULL);
}

static const struct config {
	const char *name;
	bool observer, binds;
	const char *accepts;
} configs[] = {
	{ "nothing attached", false, false, NULL },	{ "listeners and arrivals (tp_btf)", true, false, NULL },
	{ "+ accepts by fexit", true, false, "fexit" }, { "+ accepts by tracepoint", true, false, "tracepoint" },
	{ "+ failed binds", true, true, NULL },		{ "+ both, as the daemon does", true, true, "best" },
};

static void print_table(void)
{
	static double seen[ARRAY_SIZE(configs)][ARRAY_SIZE(loads)][ROUNDS_MAX];
	double bare[ARRAY_SIZE(loads)];
	bool refused[ARRAY_SIZE(configs)];

	for (size_t k = 0; k < ARRAY_SIZE(loads); k++)
		(void)measure(&loads[k]); /* the first is slow whatever is attached */
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
			struct parts parts;

			refused[i] = !attach(&parts, configs[i].observer, configs[i].binds, configs[i].accepts);
			for (size_t k = 0; k < ARRAY_SIZE(loads) && !refused[i]; k++)
				seen[i][k][round] = measure(&loads[k]);
			detach(&parts);
		}
	}
	printf("%-34s", "ns (against nothing)");
	for (size_t k = 0; k < ARRAY_SIZE(loads); k++)
		printf(" %24s", loads[k].name);
	putchar('\n');
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		printf("%-34s%s", configs[i].name, refused[i] ? " refused by this kernel" : "");
		for (size_t k = 0; k < ARRAY_SIZE(loads) && !refused[i]; k++) {
			double ns = least(seen[i][k], rounds);

			if (i == 0)
				bare[k] = ns;
			printf(" %9.0f (%+6.0f, x%.3f)", ns, ns - bare[k], ns / bare[k]);
		}
		putchar('\n');
	}
}

static const char *const programs[] = { "on_state_change", "after_accept",  "on_exit_accept", "on_exit_accept4",
					"after_inet_bind", "on_enter_bind", "on_exit_bind" };

/* Whoever attached to a system call has switched its tax on for all of them, in every row of the table. */
static void warn_of_others(void)
{
	unsigned int n = 0;
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		int fd = bpf_prog_get_fd_by_id(id);
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			n += info.type == BPF_PROG_TYPE_TRACEPOINT;
		if (fd >= 0)
			close(fd);
	}
	if (n)
		printf("note: %u programs of others are on tracepoints already, so the first row is not without their "
		       "tax\n",
		       n);
}

static uint32_t newest_program(void)
{
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0)
		;
	return id;
}

/* Programs of ours that were loaded after @id, by their names: what the kernel measured. */
static void print_programs(uint32_t id)
{
	while (bpf_prog_get_next_id(id, &id) == 0) {
		int fd = bpf_prog_get_fd_by_id(id);
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.run_cnt > 100)
			for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
				if (strncmp(info.name, programs[i], sizeof(info.name) - 1) == 0)
					printf("  %-16s %8.0f ns a run, %ju runs\n", info.name,
					       (double)info.run_time_ns / (double)info.run_cnt,
					       (uintmax_t)info.run_cnt);
		if (fd >= 0)
			close(fd);
	}
}

static void print_runs(void)
{
	uint32_t before = newest_program();
	struct parts parts;
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (stats < 0) {
		printf("the kernel does not measure programs here: %s\n", strerror(errno));
		return;
	}
	(void)attach(&parts, true, true, "best");
	(void)measure(&loads[0]);
	(void)measure(&loads[1]);
	printf("rungs: bind %s, accept %s; with run time statistics on, which cost themselves:\n",
	       bind_watch_rung(parts.binds), accept_watch_rung(parts.accepts));
	print_programs(before);
	detach(&parts);
	close(stats);
}

int main(int argc, char **argv)
{
	bool plain = argc > 1 && strcmp(argv[1], "plain") == 0;
	struct sockaddr_in at = here(PORT);
	double seen[ARRAY_SIZE(loads)][ROUNDS_MAX];
	int one = 1;

	if (getenv("ROUNDS"))
		rounds = atoi(getenv("ROUNDS"));
	if (getenv("SCALE"))
		scale = atoi(getenv("SCALE"));
	if (rounds < 1 || rounds > ROUNDS_MAX || scale < 1)
		die("ROUNDS or SCALE", ERANGE);
	if (!plain && (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") != 0))
		die("a network namespace", errno);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 64) < 0)
		die("listen", errno);
	if (!plain) {
		warn_of_others();
		print_table();
		print_runs();
		return 0;
	}
	for (int round = 0; round < rounds; round++)
		for (size_t k = 0; k < ARRAY_SIZE(loads); k++)
			seen[k][round] = measure(&loads[k]);
	for (size_t k = 0; k < ARRAY_SIZE(loads); k++)
		printf("%.0f%c", least(seen[k], rounds), k + 1 < ARRAY_SIZE(loads) ? ' ' : '\n');
	return 0;
}
