// SPDX-License-Identifier: LGPL-2.1-or-later
/* Accepts of real listeners are counted, each exactly once, in a network namespace of its own. Needs root
 * and BPF; skips with the reason. */
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
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "connect.h"
#include "observe/kernel/accept_watch.h"
#include "observe/kernel/observer.h"
#include "observe/polling/sockdiag.h"
#include "patience.h"
#include "rung.h"

#define PATIENCE 2000 /* ms, unless HEARKEN_PATIENCE_MS says */
#define LIMIT	 100  /* s */
#define BACKLOG	 64
#define THREADS	 4
#define CLIENTS	 400 /* of each thread */

static struct accept_watch *watch;
static uint32_t own_netns;
static const uint16_t ports[] = { 25, 465, 587, 993 };

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
	return cookie;
}

/* As the observer does at LISTEN, this gives it a cookie. */
static int listen_as(int family, uint16_t port, int flags, int protocol)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, protocol), one = 1, zero = 0;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
		assert_int_equal(bind(fd, (struct sockaddr *)&in6, sizeof(in6)), 0);
	} else {
		assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	}
	assert_int_equal(listen(fd, BACKLOG), 0);
	(void)cookie_of(fd);
	return fd;
}

static int listen_on(int family, uint16_t port, int flags)
{
	return listen_as(family, port, flags, 0);
}

/* What @from has counted for the socket. */
static struct listener look(const struct accept_watch *from, int fd)
{
	struct listener listener = { .cookie = cookie_of(fd), .netns = own_netns };
	struct inventory inventory = { 0 };

	assert_non_null(inventory_put(&inventory, &listener));
	accept_watch_count(from, &inventory);
	listener = *inventory.list[0];
	inventory_clear(&inventory);
	return listener;
}

static uint64_t accepted(int fd)
{
	return look(watch, fd).accepted;
}

/* Connects, accepts with accept4() or accept(), and closes both ends. */
static void serve_one(int listener, int family, uint16_t port, bool four)
{
	int client = connect_to(family, port), server;

	assert_true(client >= 0);
	server = four ? accept4(listener, NULL, NULL, SOCK_NONBLOCK) : accept(listener, NULL, NULL);
	assert_true(server >= 0);
	close(server);
	close(client);
}

static void test_accept_and_accept4(void **state)
{
	int fd = listen_on(AF_INET, 587, 0);

	assert_int_equal(accepted(fd), 0);
	assert_int_equal(look(watch, fd).last_accept_ns, 0);
	serve_one(fd, AF_INET, 587, false);
	assert_int_equal(accepted(fd), 1);
	serve_one(fd, AF_INET, 587, true);
	assert_int_equal(accepted(fd), 2);
	for (int i = 0; i < 98; i++)
		serve_one(fd, AF_INET, 587, i % 2);
	assert_int_equal(accepted(fd), 100);
	close(fd);
}

static void test_time_of_the_last(void **state)
{
	int fd = listen_on(AF_INET, 587, 0);
	struct timespec before, after;
	uint64_t at;

	clock_gettime(CLOCK_MONOTONIC, &before);
	serve_one(fd, AF_INET, 587, false);
	clock_gettime(CLOCK_MONOTONIC, &after);
	at = look(watch, fd).last_accept_ns;
	assert_true(at >= (uint64_t)before.tv_sec * 1000000000 + (uint64_t)before.tv_nsec);
	assert_true(at <= (uint64_t)after.tv_sec * 1000000000 + (uint64_t)after.tv_nsec);
	close(fd);
}

static void test_what_gives_nothing_is_not_counted(void **state)
{
	int fd = listen_on(AF_INET, 587, SOCK_NONBLOCK);

	for (int i = 0; i < 10; i++) {
		assert_int_equal(accept(fd, NULL, NULL), -1);
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(accept4(fd, NULL, NULL, 0), -1);
	}
	assert_int_equal(accepted(fd), 0);
	serve_one(fd, AF_INET, 587, true);
	assert_int_equal(accepted(fd), 1);
	close(fd);
}

static void test_unwatched_ports_and_other_sockets(void **state)
{
	struct sockaddr_un here = { .sun_family = AF_UNIX, .sun_path = "\0hearken-test-accept" };
	int fd = listen_on(AF_INET, 12345, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0), server;

	serve_one(fd, AF_INET, 12345, false);
	assert_int_equal(accepted(fd), 0);
	assert_int_equal(bind(local, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(listen(local, 1), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&here, sizeof(here)), 0);
	server = accept(local, NULL, NULL);
	assert_true(server >= 0);
	assert_int_equal(accepted(local), 0);
	close(server);
	close(client);
	close(local);
	close(fd);
}

static void test_both_families_in_one_socket(void **state)
{
	int fd = listen_on(AF_INET6, 993, 0);

	serve_one(fd, AF_INET6, 993, false);
	assert_int_equal(accepted(fd), 1);
	serve_one(fd, AF_INET, 993, true); /* seen as ::ffff:127.0.0.1 */
	assert_int_equal(accepted(fd), 2);
	close(fd);
}

static void test_mptcp(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), client;

	if (fd < 0)
		skip(); /* no MPTCP here */
	close(fd);
	fd = listen_as(AF_INET, 587, 0, IPPROTO_MPTCP);
	client = connect_as(AF_INET, 587, IPPROTO_MPTCP);
	close(accept(fd, NULL, NULL)); /* of the socket below, which nobody knows */
	assert_int_equal(accepted(fd), 1);
	serve_one(fd, AF_INET, 587, true);
	assert_int_equal(accepted(fd), 2);
	close(client);
	close(fd);
}

/* Each socket of the group has its own count. */
static void test_reuseport(void **state)
{
	int fds[2] = { listen_on(AF_INET, 465, SOCK_NONBLOCK), listen_on(AF_INET, 465, SOCK_NONBLOCK) };
	uint64_t taken[2] = { 0 };
	int clients[40];

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		clients[i] = connect_to(AF_INET, 465);
		assert_true(clients[i] >= 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		for (int fd; (fd = accept(fds[i], NULL, NULL)) >= 0; taken[i]++)
			close(fd);
		assert_int_equal(accepted(fds[i]), taken[i]);
	}
	assert_int_equal(taken[0] + taken[1], ARRAY_SIZE(clients));
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
	close(fds[0]);
	close(fds[1]);
}

static void test_another_process_and_another_namespace(void **state)
{
	int fd = listen_on(AF_INET, 587, 0), status;
	pid_t heir = fork(), stranger;

	if (heir == 0) {
		serve_one(fd, AF_INET, 587, false);
		_exit(0);
	}
	waitpid(heir, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(accepted(fd), 1);
	stranger = fork();
	if (stranger == 0) {
		if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") != 0)
			_exit(1);
		close(fd);
		fd = listen_on(AF_INET, 587, 0);
		serve_one(fd, AF_INET, 587, false);
		serve_one(fd, AF_INET, 587, false);
		_exit(accepted(fd) == 2 ? 0 : 2);
	}
	waitpid(stranger, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(accepted(fd), 1);
	close(fd);
}

static void *serve_many(void *userdata)
{
	int fd = *(const int *)userdata;

	for (int i = 0; i < CLIENTS; i++) {
		int client = connect_to(AF_INET, 587), server = accept4(fd, NULL, NULL, 0);

		close(server);
		close(client);
	}
	return NULL;
}

static void test_several_threads_at_once(void **state)
{
	int fd = listen_on(AF_INET, 587, 0);
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, serve_many, &fd), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(accepted(fd), THREADS * CLIENTS);
	close(fd);
}

static bool is_blocked(pid_t pid)
{
	char path[64], line[64] = "";
	FILE *file;
	bool blocked;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	blocked = file && fgets(line, sizeof(line), file) && strstr(line, ") S ");
	if (file)
		fclose(file);
	return blocked;
}

/* Who waits in accept() already when we come is counted when it returns; by fexit from its next call on. */
static void test_a_call_that_is_under_way(void **state)
{
	struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int fd = listen_on(AF_INET, 587, 0), client, status;
	struct accept_watch *late;
	uint64_t expected = strcmp(accept_watch_rung(watch), "fexit") == 0 ? 1 : 2;
	pid_t server = fork();

	if (server == 0)
		_exit(accept(fd, NULL, NULL) >= 0 && accept(fd, NULL, NULL) >= 0 ? 0 : 1);
	for (int waited = 0; !is_blocked(server) && waited < patience_ms(PATIENCE); waited += 10)
		nanosleep(&pause, NULL);
	nanosleep(&pause, NULL);
	assert_int_equal(accept_watch_new(accept_watch_rung(watch), &late), 0);
	accept_watch_ports(late, ports, ARRAY_SIZE(ports));
	for (int i = 0; i < 2; i++) {
		client = connect_to(AF_INET, 587);
		assert_true(client >= 0);
		close(client);
	}
	waitpid(server, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(look(late, fd).accepted, expected);
	accept_watch_free(late);
	close(fd);
}

static void test_a_closed_listener_is_forgotten(void **state)
{
	int fd = listen_on(AF_INET, 587, 0);

	serve_one(fd, AF_INET, 587, false);
	assert_int_equal(accepted(fd), 1);
	accept_watch_forget(watch, cookie_of(fd));
	assert_int_equal(accepted(fd), 0);
	close(fd);
}

static void test_room_is_made(void **state)
{
	int kept = listen_on(AF_INET, 587, 0), gone = listen_on(AF_INET, 25, 0);
	struct listener listener = { .cookie = cookie_of(kept) };
	struct inventory inventory = { 0 };

	serve_one(kept, AF_INET, 587, false);
	serve_one(gone, AF_INET, 25, false);
	assert_non_null(inventory_put(&inventory, &listener));
	accept_watch_make_room(watch, &inventory);
	assert_int_equal(accepted(kept), 1);
	assert_int_equal(accepted(gone), 0);
	inventory_clear(&inventory);
	close(gone);
	close(kept);
}

/* Where the better rung is to be had, the other one must be right too. */
static void test_the_next_rung(void **state)
{
	struct accept_watch *next;

	if (accept_watch_new("tracepoint", &next) < 0) {
		print_message("# no other rung here\n");
		return;
	}
	accept_watch_ports(next, ports, ARRAY_SIZE(ports));
	assert_int_equal(accept_watch_lost(watch), 0);
	accept_watch_free(watch);
	watch = next;
}

static size_t n_crowded;

static void on_change(const struct listener_change *change, void *userdata)
{
	if (change->kind == LISTENER_CROWDED && change->listener->netns == own_netns) {
		assert_int_equal(change->listener->port, 587);
		n_crowded++;
	}
}

static void assert_queue(const struct listener *listener, uint32_t queued)
{
	const struct listener mptcp = { .netns = own_netns, .port = 587, .cookie = 1 };
	struct inventory inventory = { 0 };
	int r;

	assert_non_null(inventory_put(&inventory, listener));
	r = sockdiag_refresh(NULL, own_netns, &inventory);
	if (r == -ENOENT) /* a module, which the guest of run-matrix.sh does not have */
		printf("# no sock_diag here\n");
	else
		assert_int_equal(r, 0);
	assert_int_equal(inventory.list[0]->queued, r < 0 ? 0 : queued);
	assert_int_equal(inventory.list[0]->backlog, r < 0 ? 0 : BACKLOG);
	/* One that is not TCP's: not told of, and said so. */
	assert_non_null(inventory_put(&inventory, &mptcp));
	assert_int_equal(sockdiag_refresh(NULL, own_netns, &inventory), r < 0 ? r : -ENODATA);
	inventory_clear(&inventory);
}

/* Who comes to an empty queue causes no event; a second one does, the third is within the second. */
static void test_a_crowd_is_noticed(void **state)
{
	int fd = listen_on(AF_INET, 587, SOCK_NONBLOCK), clients[3];
	struct listener listener = { .netns = own_netns, .port = 587, .cookie = cookie_of(fd) };
	struct timespec pause = { .tv_sec = 1, .tv_nsec = 100 * 1000 * 1000 };
	struct observer *observer;

	assert_int_equal(observer_new(on_change, NULL, &observer), 0);
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	observer_expect(observer, &own_netns, 1); /* others on this machine may have crowds of their own */
	serve_one(fd, AF_INET, 587, false);
	serve_one(fd, AF_INET, 587, false);
	clients[0] = connect_to(AF_INET, 587);
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(n_crowded, 0);
	for (size_t i = 1; i < ARRAY_SIZE(clients); i++)
		clients[i] = connect_to(AF_INET, 587);
	for (int64_t end = patience_now_ms() + patience_ms(PATIENCE); n_crowded == 0 && patience_now_ms() < end;) {
		struct pollfd pfd = { .fd = observer_fd(observer), .events = POLLIN };

		poll(&pfd, 1, 20);
		assert_int_equal(observer_consume(observer), 0);
	}
	assert_int_equal(n_crowded, 1);
	assert_queue(&listener, ARRAY_SIZE(clients));
	/* Whose crowd it is, is asked before anything is said. */
	observer_expect(observer, &(uint32_t){ own_netns + 1 }, 1);
	nanosleep(&pause, NULL);
	close(connect_to(AF_INET, 587));
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(n_crowded, 1);
	observer_expect(observer, &own_netns, 1);
	close(connect_to(AF_INET, 587));
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(n_crowded, 2);
	observer_free(observer);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
	close(fd);
}

static int start(void **state)
{
	struct stat st;

	if (system("ip link set lo up") != 0)
		return -1;
	stat("/proc/self/ns/net", &st);
	own_netns = (uint32_t)st.st_ino;
	accept_watch_ports(watch, ports, ARRAY_SIZE(ports));
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept_and_accept4),
		cmocka_unit_test(test_time_of_the_last),
		cmocka_unit_test(test_what_gives_nothing_is_not_counted),
		cmocka_unit_test(test_unwatched_ports_and_other_sockets),
		cmocka_unit_test(test_both_families_in_one_socket),
		cmocka_unit_test(test_reuseport),
		cmocka_unit_test(test_mptcp),
		cmocka_unit_test(test_another_process_and_another_namespace),
		cmocka_unit_test(test_several_threads_at_once),
		cmocka_unit_test(test_a_call_that_is_under_way),
		cmocka_unit_test(test_a_closed_listener_is_forgotten),
		cmocka_unit_test(test_room_is_made),
		cmocka_unit_test(test_a_crowd_is_noticed),
		cmocka_unit_test(test_the_next_rung),
		cmocka_unit_test(test_accept_and_accept4),
		cmocka_unit_test(test_time_of_the_last),
		cmocka_unit_test(test_what_gives_nothing_is_not_counted),
		cmocka_unit_test(test_unwatched_ports_and_other_sockets),
		cmocka_unit_test(test_both_families_in_one_socket),
		cmocka_unit_test(test_reuseport),
		cmocka_unit_test(test_mptcp),
		cmocka_unit_test(test_another_process_and_another_namespace),
		cmocka_unit_test(test_several_threads_at_once),
		cmocka_unit_test(test_a_call_that_is_under_way),
		cmocka_unit_test(test_a_closed_listener_is_forgotten),
	};
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP accept: no network namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	r = accept_watch_new(NULL, &watch);
	if (r < 0) {
		printf("# SKIP accept: accepts cannot be counted here (%s)\n", strerror(-r));
		return 77;
	}
	if (!rung_is_right(accept_watch_rung(watch)))
		return 1;
	alarm(LIMIT); /* a client that a failed test has left may take another's place for ever */
	r = cmocka_run_group_tests_name("accept", tests, start, NULL);
	if (r == 0 && accept_watch_lost(watch)) {
		printf("# %ju accepts were not counted\n", (uintmax_t)accept_watch_lost(watch));
		r = 1;
	}
	accept_watch_free(watch);
	return r;
}
