// SPDX-License-Identifier: LGPL-2.1-or-later
/* Real kernel events, in a network namespace of its own. Needs root and BPF; skips with the reason. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "listen.h"
#include "observe/kernel/observer.h"
#include "patience.h"

#define SEEN_MAX 64
#define PATIENCE 2000 /* ms an event may take unless HEARKEN_PATIENCE_MS says; it takes microseconds */

struct seen {
	enum listener_change_kind kind;
	struct listener listener;
	struct task_end end;
};

static struct observer *observer;
static struct seen seen[SEEN_MAX];
static size_t n_seen;
static uint32_t own_netns;

static void on_change(const struct listener_change *change, void *userdata)
{
	if (change->listener->netns != own_netns)
		return; /* somebody else's, on a machine that is in use */
	seen[n_seen % SEEN_MAX] = (struct seen){ change->kind, *change->listener, change->end };
	n_seen++;
}

static struct seen *await(enum listener_change_kind kind, uint16_t port)
{
	struct pollfd pfd = { .fd = observer_fd(observer), .events = POLLIN };
	int patience = patience_ms(PATIENCE);

	for (int64_t end = patience_now_ms() + patience; patience_now_ms() < end;) {
		for (size_t i = 0; i < n_seen && i < SEEN_MAX; i++)
			if (seen[i].kind == kind && seen[i].listener.port == port)
				return &seen[i];
		poll(&pfd, 1, 20);
		assert_int_equal(observer_consume(observer), 0);
	}
	fail_msg("no %s of port %u within %d ms", kind == LISTENER_OPENED ? "opening" : "closing", port, patience);
	return NULL;
}

/* Nothing of this kind comes within a tenth of a second. */
static void await_none(enum listener_change_kind kind, uint16_t port)
{
	struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };

	nanosleep(&pause, NULL);
	assert_int_equal(observer_consume(observer), 0);
	for (size_t i = 0; i < n_seen && i < SEEN_MAX; i++)
		if (seen[i].kind == kind && seen[i].listener.port == port)
			fail_msg("an event of port %u that nobody caused", port);
}

static size_t count_listening(uint16_t port)
{
	const struct inventory *inventory = observer_inventory(observer);
	size_t n = 0;

	for (size_t i = 0; i < inventory->n; i++)
		n += inventory->list[i]->port == port && inventory->list[i]->netns == own_netns;
	return n;
}

static int forget(void **state)
{
	assert_int_equal(observer_consume(observer), 0);
	n_seen = 0;
	return 0;
}

static void test_open_and_close(void **state)
{
	int fd = listen_on(AF_INET, 587, 0, false);
	struct seen *opened = await(LISTENER_OPENED, 587), *closed;

	assert_int_equal(opened->listener.address.family, AF_INET);
	assert_true(address_is_wildcard(&opened->listener.address));
	assert_int_equal(opened->listener.backlog, 17);
	assert_true(opened->listener.opened_ns > 0);
	assert_int_equal(opened->listener.holders[0].pid, getpid());
	assert_string_equal(opened->listener.holders[0].command, "test_observer");
	assert_int_equal(count_listening(587), 1);
	close(fd);
	closed = await(LISTENER_CLOSED, 587);
	assert_int_equal(closed->listener.cookie, opened->listener.cookie);
	assert_false(closed->end.exiting); /* we live, and let it go */
	assert_int_equal(count_listening(587), 0);
}

static void test_unwatched_port_is_silent(void **state)
{
	int fd = listen_on(AF_INET, 12345, 0, false);

	await_none(LISTENER_OPENED, 12345);
	close(fd);
}

/* Forks a holder that does @how with the inherited listener, and waits until it is ready. */
static pid_t fork_holder(int fd, int *ret_gate)
{
	int gate[2];
	pid_t pid;

	assert_int_equal(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		char c;

		close(gate[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "submission-login");
		(void)!read(gate[0], &c, 1); /* until the gate closes */
		_exit(0);
	}
	close(gate[0]);
	*ret_gate = gate[1];
	return pid;
}

static void test_last_of_several_holders(void **state)
{
	int fd = listen_on(AF_INET, 465, 0, false), gate;
	pid_t pid = fork_holder(fd, &gate);

	await(LISTENER_OPENED, 465);
	close(fd);
	await_none(LISTENER_CLOSED, 465);
	assert_int_equal(observer_snapshot(observer), 0);
	assert_int_equal(count_listening(465), 1);
	close(gate);
	waitpid(pid, NULL, 0);
	await(LISTENER_CLOSED, 465);
}

/* A process that listens, forks a holder, and ends as told; the holder outlives it a little. */
static void start_master(uint16_t port, int end_signal, int end_code)
{
	pid_t master = fork();
	int status;

	if (master == 0) {
		int death[2], fd;

		prctl(PR_SET_NAME, "dovecot");
		assert_int_equal(pipe(death), 0);
		fd = listen_on(AF_INET, port, 0, false);
		if (fork() == 0) {
			struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
			char c;

			close(death[1]);
			(void)!read(death[0], &c, 1); /* as Dovecot's login processes do */
			nanosleep(&pause, NULL);
			_exit(0);
		}
		(void)fd;
		if (end_signal)
			raise(end_signal);
		_exit(end_code);
	}
	waitpid(master, &status, 0);
}

static void test_killed_master_with_children_that_close_last(void **state)
{
	struct seen *closed;

	start_master(993, SIGKILL, 0);
	closed = await(LISTENER_CLOSED, 993);
	assert_true(closed->end.exiting);
	assert_int_equal(closed->end.signal, SIGKILL);
	assert_string_equal(closed->end.command, "dovecot");
}

static void test_exit_code_of_the_master(void **state)
{
	struct seen *closed;

	start_master(995, 0, 89);
	closed = await(LISTENER_CLOSED, 995);
	assert_true(closed->end.exiting);
	assert_int_equal(closed->end.signal, 0);
	assert_int_equal(closed->end.exit_code, 89);
}

/* A daemon's first process opens, forks and leaves with 0: its heir's crash must still be seen. */
static void test_daemonised_master(void **state)
{
	int report[2];
	pid_t first, heir = 0;
	struct seen *closed;

	assert_int_equal(pipe(report), 0);
	first = fork();
	if (first == 0) {
		int fd = listen_on(AF_INET, 143, 0, false);
		pid_t pid = fork();

		if (pid == 0) {
			int death[2];

			setsid();
			assert_int_equal(pipe(death), 0);
			if (fork() == 0) { /* the login process */
				struct timespec nap = { .tv_nsec = 50 * 1000 * 1000 };
				char c;

				close(death[1]);
				(void)!read(death[0], &c, 1);
				nanosleep(&nap, NULL);
				_exit(0);
			}
			pid = getpid();
			(void)!write(report[1], &pid, sizeof(pid));
			pause();
		}
		(void)fd;
		_exit(0);
	}
	waitpid(first, NULL, 0);
	assert_int_equal(read(report[0], &heir, sizeof(heir)), sizeof(heir));
	await(LISTENER_ORPHANED, 143);
	assert_int_equal(observer_snapshot(observer), 0);
	kill(heir, SIGABRT); /* dumps core: a flag beside the signal's number */
	closed = await(LISTENER_CLOSED, 143);
	assert_int_equal(closed->end.signal, SIGABRT);
}

static void *end_at_once(void *argument)
{
	return argument;
}

static void test_a_thread_of_the_opener_ends(void **state)
{
	int fd = listen_on(AF_INET, 587, 0, false);
	pthread_t thread;

	await(LISTENER_OPENED, 587);
	assert_int_equal(pthread_create(&thread, NULL, end_at_once, NULL), 0);
	pthread_join(thread, NULL);
	await_none(LISTENER_ORPHANED, 587);
	close(fd);
}

static void test_dual_stack(void **state)
{
	int fd = listen_on(AF_INET6, 4190, 0, false);
	struct seen *opened = await(LISTENER_OPENED, 4190);

	assert_int_equal(opened->listener.address.family, AF_INET6);
	assert_false(opened->listener.v6only);
	close(fd);
	await(LISTENER_CLOSED, 4190);
	n_seen = 0;
	fd = listen_on(AF_INET6, 4190, 1, false);
	assert_true(await(LISTENER_OPENED, 4190)->listener.v6only);
	close(fd);
}

static void test_reuseport_of_which_one_closes(void **state)
{
	int one = listen_on(AF_INET, 25, 0, true), other = listen_on(AF_INET, 25, 0, true);

	await(LISTENER_OPENED, 25);
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(count_listening(25), 2);
	close(one);
	await(LISTENER_CLOSED, 25);
	assert_int_equal(count_listening(25), 1);
	close(other);
}

static void test_listener_from_before(void **state)
{
	struct observer *late = NULL, *early = observer;
	int fd = listen_on(AF_INET, 110, 0, false);
	const uint16_t port = 110;
	const struct listener *found;

	assert_int_equal(observer_new(on_change, NULL, &late), 0);
	observer_watch(late, &port, 1);
	n_seen = 0;
	observer = late;
	assert_int_equal(observer_snapshot(late), 0);
	assert_int_equal(count_listening(110), 1);
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].listener.opened_ns, 0);
	found = inventory_find(observer_inventory(late), seen[0].listener.cookie);
	assert_int_equal(found->holders[0].pid, getpid());
	assert_int_equal(found->opener, found->holders[0].kernel_pid);
	close(fd);
	await(LISTENER_CLOSED, 110);
	observer_free(late);
	observer = early;
}

static void test_arrivals_are_counted(void **state)
{
	int fd = listen_on(AF_INET, 587, 0, false);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(587),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint64_t cookie = await(LISTENER_OPENED, 587)->listener.cookie;
	uint64_t before;

	observer_count_arrivals(observer);
	before = inventory_find(observer_inventory(observer), cookie)->arrived;
	for (int i = 0; i < 5; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
		close(client);
	}
	observer_count_arrivals(observer);
	assert_int_equal(inventory_find(observer_inventory(observer), cookie)->arrived, before + 5);
	close(fd);
}

/* The kernel chooses the port, and takes it back before it tells of the end. */
static void test_a_port_that_the_kernel_chose(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in any = { .sin_family = AF_INET };

	assert_int_equal(system("echo 4190 4190 >/proc/sys/net/ipv4/ip_local_port_range"), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, LISTEN_BACKLOG), 0);
	await(LISTENER_OPENED, 4190);
	close(fd);
	await(LISTENER_CLOSED, 4190);
	assert_int_equal(system("echo 32768 60999 >/proc/sys/net/ipv4/ip_local_port_range"), 0);
}

/* Closed and opened while nobody wanted to know of its port. */
static void test_a_port_that_is_watched_again(void **state)
{
	const uint16_t all[] = { 25, 110, 143, 465, 587, 993, 995, 4190 }, one[] = { 25 };
	int fd = listen_on(AF_INET, 587, 0, false);

	await(LISTENER_OPENED, 587);
	observer_watch(observer, one, 1);
	assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
	assert_int_equal(listen(fd, LISTEN_BACKLOG), 0);
	observer_watch(observer, all, ARRAY_SIZE(all));
	assert_int_equal(count_listening(587), 0);
	assert_int_equal(observer_snapshot(observer), 0);
	assert_int_equal(count_listening(587), 1);
	close(fd);
	await(LISTENER_CLOSED, 587);
}

/* More events than the ring holds, unread: afterwards the inventory is the truth again. */
static void test_storm(void **state)
{
	const int pairs = 5000; /* test_storm has the longer ones */
	int kept = -1, lost_one = listen_on(AF_INET, 465, 0, false);

	await(LISTENER_OPENED, 465);
	for (int i = 0; i < pairs; i++)
		close(listen_on(AF_INET, 587, 0, false));
	close(lost_one);
	kept = listen_on(AF_INET, 993, 0, false);
	assert_int_equal(observer_consume(observer), 0);
	assert_true(observer_events_lost(observer) > 0);
	assert_int_equal(count_listening(587), 0);
	assert_int_equal(count_listening(465), 0);
	assert_int_equal(count_listening(993), 1);
	close(kept);
	await(LISTENER_CLOSED, 993);
}

static int start(void **state)
{
	static const uint16_t ports[] = { 25, 110, 143, 465, 587, 993, 995, 4190 };
	struct stat st;

	if (system("ip link set lo up") != 0)
		return -1;
	stat("/proc/self/ns/net", &st);
	own_netns = (uint32_t)st.st_ino;
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	return observer_snapshot(observer);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_open_and_close, forget),
		cmocka_unit_test_setup(test_unwatched_port_is_silent, forget),
		cmocka_unit_test_setup(test_last_of_several_holders, forget),
		cmocka_unit_test_setup(test_killed_master_with_children_that_close_last, forget),
		cmocka_unit_test_setup(test_exit_code_of_the_master, forget),
		cmocka_unit_test_setup(test_daemonised_master, forget),
		cmocka_unit_test_setup(test_a_thread_of_the_opener_ends, forget),
		cmocka_unit_test_setup(test_dual_stack, forget),
		cmocka_unit_test_setup(test_reuseport_of_which_one_closes, forget),
		cmocka_unit_test_setup(test_listener_from_before, forget),
		cmocka_unit_test_setup(test_arrivals_are_counted, forget),
		cmocka_unit_test_setup(test_a_port_that_the_kernel_chose, forget),
		cmocka_unit_test_setup(test_a_port_that_is_watched_again, forget),
		cmocka_unit_test_setup(test_storm, forget),
	};
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP kernel: no network namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	r = observer_new(on_change, NULL, &observer);
	if (r < 0) {
		printf("# SKIP kernel: BPF cannot be used here (%s)\n", strerror(-r));
		return 77;
	}
	r = cmocka_run_group_tests_name("kernel", tests, start, NULL);
	observer_free(observer);
	return r;
}
