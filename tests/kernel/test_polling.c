// SPDX-License-Identifier: LGPL-2.1-or-later
/* The second way to look, on real listeners, in a network namespace of its own and in a child's. */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "base/netns.h"
#include "listen.h"
#include "observe/kernel/observer.h"

#define SEEN_MAX 16
#define MANY	 700 /* listeners: more than one datagram of replies holds */

struct seen {
	enum listener_change_kind kind;
	struct listener listener;
	uint64_t at_ns;
	bool end_said;
};

static struct observer *observer;
static char netns_path[64]; /* empty: our own */
static struct seen seen[SEEN_MAX];
static size_t n_seen;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void on_change(const struct listener_change *change, void *userdata)
{
	static const struct task_end none;

	seen[n_seen++ % SEEN_MAX] = (struct seen){ change->kind, *change->listener, change->at_ns,
						   memcmp(&change->end, &none, sizeof(none)) != 0 };
}

static void look(void)
{
	n_seen = 0;
	assert_int_equal(observer_snapshot(observer), 0);
}

static void test_open_and_close(void **state)
{
	int fd = listen_on(AF_INET, 587, 0, true), unwatched = listen_on(AF_INET, 12345, 0, true);
	uint64_t before = now_ns(), cookie = 0;
	uint32_t own;
	socklen_t size = sizeof(cookie);

	assert_string_equal(observer_mode(observer), "polling");
	assert_int_equal(netns_inode(NULL, &own), 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
	look();
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].kind, LISTENER_OPENED);
	assert_int_equal(seen[0].listener.port, 587);
	assert_int_equal(seen[0].listener.cookie, cookie);
	assert_int_equal(seen[0].listener.netns, own);
	assert_int_equal(seen[0].listener.backlog, 17);
	assert_int_equal(seen[0].listener.opened_ns, 0);
	assert_int_equal(seen[0].listener.n_holders, 0);
	assert_int_equal(seen[0].listener.address.family, AF_INET);
	assert_true(address_is_wildcard(&seen[0].listener.address));
	look();
	assert_int_equal(n_seen, 0);
	close(fd);
	close(unwatched);
	look();
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].kind, LISTENER_GONE);
	assert_int_equal(seen[0].listener.cookie, cookie);
	assert_true(seen[0].at_ns >= before && seen[0].at_ns <= now_ns());
	assert_false(seen[0].end_said);
	assert_int_equal(observer_inventory(observer)->n, 0);
	assert_int_equal(observer_events_lost(observer), 0);
}

static void test_queue(void **state)
{
	int fd = listen_on(AF_INET, 587, 0, true), client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(587),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	look();
	assert_int_equal(observer_inventory(observer)->list[0]->queued, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
	look();
	assert_int_equal(n_seen, 0);
	assert_int_equal(observer_inventory(observer)->list[0]->queued, 1);
	observer_count_arrivals(observer); /* cannot, and does not fall over it */
	close(client);
	close(fd);
	look();
}

static void test_dual_stack(void **state)
{
	int fd = listen_on(AF_INET6, 4190, 0, true);

	look();
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].listener.address.family, AF_INET6);
	assert_false(seen[0].listener.v6only);
	close(fd);
	fd = listen_on(AF_INET6, 4190, 1, true);
	look();
	assert_int_equal(n_seen, 2);
	assert_int_equal(seen[0].kind, LISTENER_OPENED);
	assert_true(seen[0].listener.v6only);
	assert_int_equal(seen[1].kind, LISTENER_GONE);
	close(fd);
	look();
}

/* A restart between two looks: the new one is told before the old one goes, so there is no gap. */
static void test_replaced(void **state)
{
	int old = listen_on(AF_INET, 993, 0, true), fresh;

	look();
	close(old);
	fresh = listen_on(AF_INET, 993, 0, true);
	look();
	assert_int_equal(n_seen, 2);
	assert_int_equal(seen[0].kind, LISTENER_OPENED);
	assert_int_equal(seen[1].kind, LISTENER_GONE);
	assert_int_not_equal(seen[0].listener.cookie, seen[1].listener.cookie);
	close(fresh);
	look();
}

static void test_many(void **state)
{
	static int fds[MANY];

	for (size_t i = 0; i < MANY; i++)
		fds[i] = listen_on(i % 2 ? AF_INET : AF_INET6, 587, 1, true);
	look();
	assert_int_equal(n_seen, MANY);
	assert_int_equal(observer_inventory(observer)->n, MANY);
	for (size_t i = 0; i < MANY; i++)
		close(fds[i]);
	look();
	assert_int_equal(n_seen, MANY);
	assert_int_equal(observer_inventory(observer)->n, 0);
}

static void test_ports_that_are_watched_no_longer(void **state)
{
	static const uint16_t all[] = { 587, 993, 4190 }, one[] = { 993 };
	int fd = listen_on(AF_INET, 587, 0, true);

	look();
	assert_int_equal(observer_inventory(observer)->n, 1);
	observer_watch(observer, one, 1);
	look();
	assert_int_equal(n_seen, 0);
	assert_int_equal(observer_inventory(observer)->n, 0);
	observer_watch(observer, all, ARRAY_SIZE(all));
	look();
	assert_int_equal(n_seen, 1);
	close(fd);
	look();
}

/* A process in a namespace of its own that listens on 587, until it is killed. */
static pid_t start_elsewhere(void)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) < 0)
			_exit(1);
		(void)listen_on(AF_INET, 587, 0, true);
		(void)!write(ready[1], "r", 1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void test_another_namespace_by_path(void **state)
{
	pid_t pid = start_elsewhere();
	int here = listen_on(AF_INET, 993, 0, true);
	uint32_t own, there;

	snprintf(netns_path, sizeof(netns_path), "/proc/%d/ns/net", pid);
	look();
	assert_int_equal(netns_inode(NULL, &own), 0);
	assert_int_equal(netns_inode(netns_path, &there), 0);
	assert_int_not_equal(own, there);
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].listener.port, 587);
	assert_int_equal(seen[0].listener.netns, there);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	look(); /* there is no such namespace now: nothing listens there */
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].kind, LISTENER_GONE);
	*netns_path = '\0';
	look(); /* and we are still at home */
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].listener.netns, own);
	close(here);
	look();
}

static void test_a_path_that_leads_elsewhere_by_now(void **state)
{
	pid_t pid = start_elsewhere();
	char path[64];
	uint32_t own;
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	assert_int_equal(netns_inode(NULL, &own), 0);
	assert_int_equal(netns_socket(path, own, AF_INET, SOCK_STREAM, 0, &fd), -ESTALE);
	assert_int_equal(fd, -1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata)
{
	return sd_event_exit(userdata, 0);
}

/* The loop looks by itself, again and again, once a second. */
static void test_loop(void **state)
{
	sd_event *event = NULL;
	uint64_t before = observer_snapshots(observer), n;
	int fd;

	assert_int_equal(sd_event_new(&event), 0);
	assert_true(observer_attach(observer, event) >= 0);
	assert_true(sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 2500 * USEC_PER_MSEC, 1, on_late, event) >=
		    0);
	fd = listen_on(AF_INET, 993, 0, true);
	n_seen = 0;
	assert_int_equal(sd_event_loop(event), 0);
	n = observer_snapshots(observer) - before;
	assert_int_equal(n, 2);
	assert_int_equal(n_seen, 1);
	close(fd);
	observer_free(observer);
	observer = NULL;
	sd_event_unref(event);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_and_close),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_dual_stack),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_ports_that_are_watched_no_longer),
		cmocka_unit_test(test_another_namespace_by_path),
		cmocka_unit_test(test_a_path_that_leads_elsewhere_by_now),
		cmocka_unit_test(test_loop),
	};
	static const uint16_t ports[] = { 587, 993, 4190 };
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP polling: no network namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	r = observer_new_polling(on_change, NULL, netns_path, &observer);
	if (r < 0) {
		printf("# SKIP polling: this kernel has no sock_diag for TCP (%s)\n", strerror(-r));
		return 77;
	}
	if (system("ip link set lo up") != 0)
		return 1;
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	r = cmocka_run_group_tests_name("polling", tests, NULL, NULL);
	observer_free(observer);
	return r;
}
