// SPDX-License-Identifier: LGPL-2.1-or-later
/* Storms: very many openings and closings, very many ports, very many listeners. Afterwards the
 * inventory is the truth, and memory is where it was. HEARKEN_STORM says how many pairs (make
 * check-slow: a million). */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "listen.h"
#include "observe/kernel/observer.h"

#define PAIRS	     20000
#define GROWTH_MAX   4096 /* kB */
#define OVER_FULL    100
#define HOLDERS	     8 /* processes, for the limit of open files */
#define LAST_PORT    65535
#define PATIENCE     2000  /* ms */
#define ARRIVALS_MAX 16384 /* counts of arrivals that are kept, see listener.bpf.c */
#define NAMES_EACH   2048
#define FRESH_PORT   60001 /* that nothing else here opens */

static struct observer *observer;
static uint32_t own_netns;
static uint64_t n_opened, n_closed, n_gone, n_flooded;
static struct observer_state troubles[8];
static size_t n_troubles;

static void on_change(const struct listener_change *change, void *userdata)
{
	if (change->listener->netns != own_netns)
		return;
	n_opened += change->kind == LISTENER_OPENED;
	n_closed += change->kind == LISTENER_CLOSED;
	n_gone += change->kind == LISTENER_GONE;
	n_flooded += change->kind == LISTENER_FLOODED && change->listener->port == 587;
}

static void on_trouble(const struct observer_state *state, void *userdata)
{
	if (n_troubles < ARRAY_SIZE(troubles))
		troubles[n_troubles++] = *state;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double cpu(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static long rss_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static size_t count_own(void)
{
	const struct inventory *inventory = observer_inventory(observer);
	size_t n = 0;

	for (size_t i = 0; i < inventory->n; i++)
		n += inventory->list[i]->netns == own_netns;
	return n;
}

/* Whoever reads the open files of all processes, as a snapshot does, holds each for a moment: a close that falls
 * into it is carried out by that reader when it is done, and the port is taken until then. Such are counted: some
 * sandboxes have processes of their own that look so, and that their kernel does not trace. */
static int bind_soon(int fd, const struct sockaddr_in *in, int *deferred)
{
	for (int i = 0; i < 1000; i++) {
		if (bind(fd, (const struct sockaddr *)in, sizeof(*in)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -1;
		*deferred += i == 0;
		usleep(1000);
	}
	return -1;
}

/* Returns how many closes others carried out. */
static int storm(int pairs)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(587) };
	int deferred = 0;

	for (int i = 0; i < pairs; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || bind_soon(fd, &in, &deferred) < 0 || listen(fd, 1) < 0) {
			printf("# pair %d: %s\n", i, strerror(errno));
			fflush(stdout);
			_exit(1);
		}
		close(fd);
	}
	return deferred;
}

static void test_a_storm_that_is_watched(void **state)
{
	const char *longer = getenv("HEARKEN_STORM");
	int pairs = longer ? atoi(longer) : PAIRS, kept = listen_on(AF_INET, 993, 0, false), fresh, status, untold,
	    deferred, result[2];
	struct pollfd pfd = { .fd = observer_fd(observer), .events = POLLIN };
	uint64_t lost = observer_events_lost(observer), snapshots = observer_snapshots(observer);
	double began, spent;
	long rss;
	pid_t pid;

	assert_int_equal(observer_consume(observer), 0);
	n_opened = n_closed = n_gone = 0;
	malloc_trim(0);
	rss = rss_kb();
	began = now();
	spent = cpu();
	assert_int_equal(pipe2(result, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		deferred = storm(pairs);
		_exit(write(result[1], &deferred, sizeof(deferred)) != sizeof(deferred));
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		poll(&pfd, 1, 10);
		assert_int_equal(observer_consume(observer), 0);
	}
	assert_int_equal(status, 0);
	assert_int_equal(read(result[0], &deferred, sizeof(deferred)), sizeof(deferred));
	close(result[0]);
	close(result[1]);
	close(kept);
	fresh = listen_on(AF_INET, 465, 0, false);
	assert_int_equal(observer_consume(observer), 0);
	began = now() - began;
	spent = cpu() - spent;
	printf("# storm: %d pairs in %.2f s (%.0f events a second), %llu events lost, %llu "
	       "snapshots, %.2f s of "
	       "CPU, %ld kB more memory\n",
	       pairs, began, 2 * pairs / began, (unsigned long long)(observer_events_lost(observer) - lost),
	       (unsigned long long)(observer_snapshots(observer) - snapshots), spent, rss_kb() - rss);
	untold = (int)count_own() - 1;
	if (untold || deferred)
		printf("# %d closes were carried out by others, of %d of them the kernel told nothing\n", deferred,
		       untold);
	assert_in_range(untold, 0, deferred);
	if (observer_events_lost(observer) == lost)
		assert_int_equal(n_closed + untold, pairs + 1);
	if (untold)
		assert_int_equal(observer_snapshot(observer), 0);
	assert_int_equal(count_own(), 1);
	assert_int_equal(n_opened, n_closed + n_gone);
	assert_true(rss_kb() - rss <= GROWTH_MAX);
	close(fresh);
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(count_own(), 0);
}

static void watch_every_port(void)
{
	static uint16_t ports[LAST_PORT + 1];

	for (size_t i = 0; i <= LAST_PORT; i++)
		ports[i] = (uint16_t)i;
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	assert_int_equal(observer_snapshot(observer), 0);
}

static void test_every_port_is_watched(void **state)
{
	static const uint16_t some[] = { 1, 63, 64, 587, 32767, 32768, 65534, 65535 };
	int fds[ARRAY_SIZE(some) + 1];
	double began = now();
	long rss = rss_kb();

	watch_every_port();
	printf("# all 65536 ports: %.1f ms to watch them, %ld kB more memory\n", (now() - began) * 1000,
	       rss_kb() - rss);
	n_opened = n_closed = 0;
	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		fds[i] = listen_on(AF_INET, some[i], 0, false);
	fds[ARRAY_SIZE(some)] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(listen(fds[ARRAY_SIZE(some)], 1), 0); /* and one that nobody chose */
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(n_opened, ARRAY_SIZE(fds));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(n_closed, ARRAY_SIZE(fds));
	assert_int_equal(count_own(), 0);
}

/* Holds @n listeners, from the @first of all on, until it is killed. */
static pid_t hold(size_t first, size_t n)
{
	int ready[2];
	pid_t pid;
	char c = 0;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = first; i < first + n; i++) {
			struct sockaddr_in in = { .sin_family = AF_INET,
						  .sin_port = htons((uint16_t)(1 + i % 60000)),
						  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(i / 60000)) };
			int fd = socket(AF_INET, SOCK_STREAM, 0);

			if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(fd, 1) < 0)
				_exit(1);
		}
		(void)!write(ready[1], "r", 1);
		pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

/* More listeners than the inventory takes: it goes on, and counts who was left out. */
static void test_more_listeners_than_are_kept(void **state)
{
	const struct inventory *inventory = observer_inventory(observer);
	const size_t each = (INVENTORY_MAX + OVER_FULL) / HOLDERS + 1;
	uint64_t before = observer_left_out(observer);
	double began = now();
	pid_t pids[HOLDERS];

	if (!getenv("HEARKEN_STORM"))
		skip(); /* make check-slow */
	watch_every_port();
	for (size_t i = 0; i < HOLDERS; i++)
		pids[i] = hold(i * each, each);
	assert_int_equal(observer_consume(observer), 0);
	assert_true(inventory->n > INVENTORY_MAX - OVER_FULL); /* others on this machine may have left */
	assert_true(observer_left_out(observer) >= before + OVER_FULL);
	/* A snapshot, as full, must not take those for gone that it has no room for. */
	n_gone = 0;
	assert_int_equal(observer_snapshot(observer), 0);
	assert_true(inventory->n > INVENTORY_MAX - OVER_FULL);
	assert_int_equal(n_gone, 0);
	printf("# %zu listeners: opened and found in %.2f s, %ld kB of memory\n", HOLDERS * each, now() - began,
	       rss_kb());
	for (size_t i = 0; i < HOLDERS; i++)
		kill(pids[i], SIGKILL);
	for (size_t i = 0; i < HOLDERS; i++)
		waitpid(pids[i], NULL, 0);
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(count_own(), 0);
}

/* Namespaces come and go, each with ports of its own: the counts of those that are gone make room.
 */
static void test_counts_of_what_is_gone(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(FRESH_PORT),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct inventory *inventory = observer_inventory(observer);
	int fd, client;
	size_t found = 0;
	pid_t pid;

	watch_every_port();
	for (size_t begun = 0; begun <= ARRIVALS_MAX; begun += NAMES_EACH) {
		pid = fork();
		if (pid == 0) {
			if (unshare(CLONE_NEWNET) < 0)
				_exit(1);
			for (size_t i = 0; i < NAMES_EACH; i++)
				close(listen_on(AF_INET, (uint16_t)(1 + begun + i), 0, false));
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	fd = listen_on(AF_INET, FRESH_PORT, 0, false);
	assert_int_equal(observer_snapshot(observer), 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
	for (int waited = 0; found == 0 && waited < PATIENCE; waited += 10) { /* another processor counts it */
		usleep(10 * 1000);
		observer_count_arrivals(observer);
		for (size_t i = 0; i < inventory->n; i++)
			if (inventory->list[i]->netns == own_netns && inventory->list[i]->port == FRESH_PORT)
				found += inventory->list[i]->arrived;
	}
	assert_int_equal(found, 1);
	close(client);
	close(fd);
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(count_own(), 0);
}

static void run_for(sd_event *event, double seconds)
{
	double until = now() + seconds;

	while (now() < until)
		assert_true(sd_event_run(event, 50 * USEC_PER_MSEC) >= 0);
}

/* From the loop: a flood is told as one and looked up; so is a loss. Last: the loop keeps the
 * observer. */
static void test_troubles_are_told(void **state)
{
	sd_event *event = NULL;
	const uint16_t port = 587;
	int held;
	pid_t pid;

	assert_int_equal(sd_event_new(&event), 0);
	observer_watch(observer, &port, 1);
	observer_limit(observer, 8);
	observer_on_trouble(observer, on_trouble, NULL);
	assert_true(observer_attach(observer, event) >= 0);
	pid = fork();
	if (pid == 0) {
		(void)storm(500);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	held = listen_on(AF_INET, 587, 0, false);      /* nobody tells of this one */
	run_for(event, 1.5);			       /* more than a pause between snapshots */
	assert_true(n_flooded >= 1 && n_flooded <= 3); /* a second each */
	assert_int_equal(n_troubles, 0);
	assert_int_equal(count_own(), 1);
	close(held); /* nor of this */
	observer_limit(observer, 0);
	pid = fork();
	if (pid == 0) {
		(void)storm(3000);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	run_for(event, 1.5);
	assert_int_equal(n_troubles, 1);
	assert_int_equal(troubles[0].trouble, OBSERVER_LOSING);
	assert_true(troubles[0].begins && troubles[0].count > 0);
	assert_int_equal(count_own(), 0);
	sd_event_unref(event);
	event = NULL;
	observer_free(observer);
	observer = NULL;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_storm_that_is_watched),
		cmocka_unit_test(test_every_port_is_watched),
		cmocka_unit_test(test_more_listeners_than_are_kept),
		cmocka_unit_test(test_counts_of_what_is_gone),
		cmocka_unit_test(test_troubles_are_told),
	};
	static const uint16_t ports[] = { 465, 587, 993 };
	struct stat st;
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP storm: no network namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	r = observer_new(on_change, NULL, &observer);
	if (r < 0) {
		printf("# SKIP storm: BPF cannot be used here (%s)\n", strerror(-r));
		return 77;
	}
	if (system("ip link set lo up") != 0 || stat("/proc/self/ns/net", &st) < 0)
		return 1;
	own_netns = (uint32_t)st.st_ino;
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	r = cmocka_run_group_tests_name("storm", tests, NULL, NULL);
	observer_free(observer);
	return r;
}
