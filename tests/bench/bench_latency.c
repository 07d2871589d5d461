// SPDX-License-Identifier: LGPL-2.1-or-later
/* From the kernel's close of a listener to the alert handed to journald, over many outages.
 *
 *   bench_latency OUTAGES MONIT_OUTAGES   in a network and mount namespace of its own (bench.sh makes them)
 *   bench_latency --ping                  what monit runs when it notices
 *
 * Beside the daemon, in the same process as nothing but a clock: a bare reader of the same ring buffer (the
 * floor), and a socket in journald's place that takes the alerts. The daemon is already running. All times
 * count from the kernel's own timestamp of the close. */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/netns.h"
#include "bpf/listener.skel.h"
#include "bpf/listener_event.h"

#define PORT	     587
#define JOURNAL_PATH "/run/systemd/journal/socket"
#define PING_PATH    "/run/bench-ping"
#define PATIENCE_MS  8000

static uint32_t own_netns; /* others on this machine may close the same port */
static volatile uint64_t closed_ns, floor_ns, opened_alert_ns, closed_alert_ns;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int on_event(void *context, void *data, size_t size)
{
	const struct listener_event *event = data;
	uint64_t now = now_ns();

	if (event->kind == LISTENER_EVENT_CLOSED && event->socket.port == PORT && event->socket.netns == own_netns) {
		closed_ns = event->time_ns;
		floor_ns = now;
	}
	return 0;
}

static void *read_ring(void *ring)
{
	for (;;)
		(void)ring_buffer__poll(ring, -1);
	return NULL;
}

static int unix_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(path);
	return fd;
}

static void *read_journal(void *argument)
{
	int fd = *(int *)argument;
	char entry[16384];

	for (;;) {
		ssize_t n = recv(fd, entry, sizeof(entry) - 1, 0);
		uint64_t now = now_ns();

		if (n <= 0)
			continue;
		entry[n] = '\0';
		if (strstr(entry, "HEARKEN_EVENT=incident-opened"))
			opened_alert_ns = now;
		else if (strstr(entry, "HEARKEN_EVENT=incident-closed"))
			closed_alert_ns = now;
	}
	return NULL;
}

/* A submission server without TLS, as little as a conversation needs. */
static void serve(int listener)
{
	for (;;) {
		static const char greeting[] = "220 bench.example.test ESMTP\r\n";
		int fd = accept(listener, NULL, NULL);
		char line[512];
		ssize_t n;

		if (fd < 0 || write(fd, greeting, strlen(greeting)) < 0)
			continue;
		while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
			const char *reply = "250 bench.example.test\r\n";

			line[n] = '\0';
			if (strncasecmp(line, "EHLO", 4) == 0)
				reply = "250-bench.example.test\r\n250 AUTH PLAIN\r\n";
			if (strncasecmp(line, "QUIT", 4) == 0)
				reply = "221 bye\r\n";
			if (write(fd, reply, strlen(reply)) < 0 || reply[1] == '2')
				break;
		}
		close(fd);
	}
}

static pid_t start_server(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
		int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 64) < 0)
			die("bench server");
		serve(fd);
	}
	return pid;
}

static int await(volatile uint64_t *what)
{
	for (int i = 0; i < PATIENCE_MS * 10 && !*what; i++)
		usleep(100);
	return *what ? 0 : -ETIMEDOUT;
}

static int by_size(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void print(const char *name, double *usec, size_t n)
{
	qsort(usec, n, sizeof(*usec), by_size);
	printf("%-34s p50 %10.1f us   p99 %10.1f us   max %10.1f us   (%zu outages)\n", name, usec[n / 2],
	       usec[n * 99 / 100], usec[n - 1], n);
}

static void run_hearken(size_t n)
{
	double *bare = calloc(n, sizeof(*bare)), *alert = calloc(n, sizeof(*alert));

	for (size_t i = 0; i < n; i++) {
		pid_t pid;

		closed_alert_ns = 0;
		pid = start_server();
		if (i == 0)
			sleep(1);
		else if (await(&closed_alert_ns) < 0)
			die("no incident-closed");
		opened_alert_ns = floor_ns = 0;
		usleep(2000); /* the daemon has gone to sleep again */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (await(&opened_alert_ns) < 0 || await(&floor_ns) < 0)
			die("no incident-opened");
		bare[i] = (double)(floor_ns - closed_ns) / 1000;
		alert[i] = (double)(opened_alert_ns - closed_ns) / 1000;
	}
	print("floor: a bare ring buffer reader", bare, n);
	print("Hearken: alert handed to journald", alert, n);
	printf("ratio at p50: %.2f of the floor (aim: 3), and %.3f ms (aim: 1)\n", alert[n / 2] / bare[n / 2],
	       alert[n / 2] / 1000);
	free(bare);
	free(alert);
}

static void run_monit(size_t n)
{
	int fd = unix_socket(PING_PATH);
	double *notice = calloc(n, sizeof(*notice));
	char byte;

	for (size_t i = 0; i < n; i++) {
		pid_t pid = start_server();
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		usleep(2500000 + rand() % 1000000); /* seen as up, and killed at any phase of the cycle */
		while (recv(fd, &byte, 1, MSG_DONTWAIT) > 0)
			;
		floor_ns = 0;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (await(&floor_ns) < 0 || poll(&pfd, 1, PATIENCE_MS) <= 0)
			die("monit did not notice");
		notice[i] = (double)(now_ns() - closed_ns) / 1000;
	}
	print("monit, cycle of 1 s: exec", notice, n);
	free(notice);
}

static int ping(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = PING_PATH };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	return sendto(fd, "!", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct listener_bpf *skel;
	struct ring_buffer *ring;
	pthread_t threads[2];
	int journal;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "--ping") == 0)
		return ping();
	if (argc != 3)
		return 2;
	if (netns_inode(NULL, &own_netns) < 0)
		die("network namespace");
	skel = listener_bpf__open();
	if (!skel)
		die("BPF");
	bpf_program__set_autoload(skel->progs.dump_tags, false); /* an iterator over a map: for snapshots */
	if (listener_bpf__load(skel) < 0)
		die("BPF");
	skel->bss->watched_ports[PORT / 64] = 1ULL << PORT % 64;
	ring = ring_buffer__new(bpf_map__fd(skel->maps.events), on_event, NULL, NULL);
	if (!ring || listener_bpf__attach(skel) < 0)
		die("BPF");
	journal = unix_socket(JOURNAL_PATH);
	puts("ready");
	if (getchar() == EOF) /* bench.sh starts the daemon now, and says so */
		return 1;
	pthread_create(&threads[0], NULL, read_ring, ring);
	pthread_create(&threads[1], NULL, read_journal, &journal);
	if (atoi(argv[1]) > 0)
		run_hearken((size_t)atoi(argv[1]));
	if (atoi(argv[2]) > 0)
		run_monit((size_t)atoi(argv[2]));
	return 0;
}
