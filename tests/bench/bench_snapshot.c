// SPDX-License-Identifier: LGPL-2.1-or-later
/* What it costs to know all listeners: our whole snapshot (inventory built, owners named) beside
 * the bare iterator, read to its end and thrown away, and beside ss(8) in each namespace. And how
 * many events a second are held with nothing lost. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpf/listener.skel.h"
#include "observe/kernel/observer.h"

#define NAMESPACES     200
#define LISTENERS_EACH 50
#define FILES_EACH     500 /* open files, the listeners among them */
#define FIRST_PORT     20000
#define TIMES	       9 /* the best is told */
#define SS_SAMPLE      4 /* namespaces in which ss is run: all of them take minutes */
#define STORM_USEC     1000000

static size_t n_changes;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void on_change(const struct listener_change *change, void *userdata)
{
	n_changes++;
}

/* The best of all: what others on the machine do only ever adds. */
static double best(const double *values)
{
	double least = values[0];

	for (int i = 1; i < TIMES; i++)
		least = values[i] < least ? values[i] : least;
	return least;
}

static void live_in_a_namespace(int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	for (int i = 0; i < LISTENERS_EACH; i++) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST_PORT + i)) };
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(fd, 5) < 0)
			die("listen");
	}
	for (int i = LISTENERS_EACH; i < FILES_EACH; i++)
		if (open("/dev/null", O_RDONLY) < 0)
			die("/dev/null");
	if (write(ready, "r", 1) != 1)
		die("write");
	for (;;)
		pause();
}

static void populate(pid_t *pids)
{
	int ready[2];
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0)
		die("pipe");
	for (int i = 0; i < NAMESPACES; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			live_in_a_namespace(ready[1]);
	}
	for (int i = 0; i < NAMESPACES; i++)
		if (read(ready[0], &c, 1) != 1)
			die("a namespace");
	close(ready[0]);
	close(ready[1]);
}

static void watch(struct observer *observer)
{
	uint16_t ports[LISTENERS_EACH];

	for (int i = 0; i < LISTENERS_EACH; i++)
		ports[i] = (uint16_t)(FIRST_PORT + i);
	observer_watch(observer, ports, LISTENERS_EACH);
}

static double bare_iterator(struct listener_bpf *skel, size_t *bytes)
{
	static char buffer[256 * 1024];
	double began = now_ms();
	int fd = bpf_iter_create(bpf_link__fd(skel->links.dump_holders));
	ssize_t n;

	*bytes = 0;
	if (fd < 0)
		die("iterator");
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		*bytes += (size_t)n;
	close(fd);
	return now_ms() - began;
}

static double run_ss(const pid_t *pids)
{
	double began = now_ms();
	char command[128];

	for (int i = 0; i < SS_SAMPLE; i++) {
		snprintf(command, sizeof(command), "nsenter --net=/proc/%d/ns/net ss -lntpH >/dev/null",
			 pids[i * (NAMESPACES / SS_SAMPLE)]);
		if (system(command) != 0)
			die("ss");
	}
	return (now_ms() - began) * NAMESPACES / SS_SAMPLE;
}

static void bench_snapshot(void)
{
	static pid_t pids[NAMESPACES];
	double bare[TIMES], first[TIMES], again[TIMES], ss;
	struct listener_bpf *skel = listener_bpf__open();
	size_t bytes = 0, n = 0;

	populate(pids);
	if (!skel)
		die("skeleton");
	bpf_program__set_autoload(skel->progs.dump_tags, false);
	if (listener_bpf__load(skel) < 0 || listener_bpf__attach(skel) < 0)
		die("load");
	for (int i = 0; i < LISTENERS_EACH; i++)
		skel->bss->watched_ports[(FIRST_PORT + i) / 64] |= UINT64_C(1) << (FIRST_PORT + i) % 64;
	for (int i = 0; i < TIMES; i++) {
		struct observer *observer;

		bare[i] = bare_iterator(skel, &bytes);
		if (observer_new(on_change, NULL, &observer) < 0)
			die("observer");
		watch(observer);
		first[i] = now_ms();
		if (observer_snapshot(observer) < 0)
			die("snapshot");
		first[i] = now_ms() - first[i];
		again[i] = now_ms();
		if (observer_snapshot(observer) < 0)
			die("snapshot");
		again[i] = now_ms() - again[i];
		n = observer_inventory(observer)->n;
		observer_free(observer);
	}
	ss = run_ss(pids);
	printf("%zu listeners in %d namespaces among %d open files: bare iterator %.1f ms (%zu "
	       "kB), our first snapshot "
	       "%.1f ms (%.2f times that; aim: 1.5), a later one %.1f ms (%.2f)\n",
	       n, NAMESPACES, NAMESPACES * FILES_EACH, best(bare), bytes / 1024, best(first), best(first) / best(bare),
	       best(again), best(again) / best(bare));
	printf("ss -lntp in each namespace: %.1f s (run in %d of %d, and scaled): %.0f times our "
	       "first snapshot (aim: "
	       "1000)\n",
	       ss / 1e3, SS_SAMPLE, NAMESPACES, ss / best(first));
	listener_bpf__destroy(skel);
	for (int i = 0; i < NAMESPACES; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < NAMESPACES; i++)
		waitpid(pids[i], NULL, 0);
}

static long rss_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		die("statm");
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Opens and closes for a second, @per_second events or (0) as fast as it goes. */
static void storm(double per_second)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(FIRST_PORT) };
	double began = now_ms();

	for (double done = 0; now_ms() - began < STORM_USEC / 1e3; done += 2) {
		int fd;

		while (per_second > 0 && done / per_second * 1e3 > now_ms() - began)
			usleep(500);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(fd, 5) < 0)
			die("storm");
		close(fd);
	}
	_exit(0);
}

static void bench_storm(double per_second)
{
	struct observer *observer;
	struct rusage before, after;
	size_t changes = n_changes;
	long rss;
	pid_t pid;

	if (observer_new(on_change, NULL, &observer) < 0)
		die("observer");
	watch(observer);
	if (observer_snapshot(observer) < 0)
		die("snapshot");
	rss = rss_kb();
	getrusage(RUSAGE_SELF, &before);
	pid = fork();
	if (pid == 0)
		storm(per_second);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		struct pollfd pfd = { .fd = observer_fd(observer), .events = POLLIN };

		poll(&pfd, 1, 10);
		if (observer_consume(observer) < 0)
			die("consume");
	}
	getrusage(RUSAGE_SELF, &after);
	printf("storm of %.0f events in a second: %llu lost, %.2f s of CPU, %ld kB more memory\n",
	       (double)(n_changes - changes + observer_events_lost(observer)),
	       (unsigned long long)observer_events_lost(observer),
	       (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
			before.ru_stime.tv_sec) +
		       (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
				before.ru_stime.tv_usec) /
			       1e6,
	       rss_kb() - rss);
	observer_free(observer);
}

int main(void)
{
	static const double rates[] = { 1e4, 5e4, 1e5, 2e5, 0 };
	struct rlimit limit = { FILES_EACH + 64, FILES_EACH + 64 };

	(void)setrlimit(RLIMIT_NOFILE, &limit); /* less than we have needs no privilege */
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) /* first: to take down 200 namespaces keeps the kernel busy */
		bench_storm(rates[i]);
	bench_snapshot();
	return 0;
}
