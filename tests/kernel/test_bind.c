// SPDX-License-Identifier: LGPL-2.1-or-later
/* Binds that the real kernel refuses, in a network namespace of its own. Needs root and BPF. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "observe/kernel/bind_watch.h"
#include "patience.h"
#include "rung.h"

#define PATIENCE 2000 /* ms an event may take; it takes microseconds */
#define SEEN_MAX 16

static struct bind_watch *watch;
static struct failed_bind seen[SEEN_MAX];
static size_t n_seen;
static uint32_t own_netns;

static void on_failed(const struct failed_bind *failed, void *userdata)
{
	if (failed->netns == own_netns) /* else somebody else's, on a machine that is in use */
		seen[n_seen++ % SEEN_MAX] = *failed;
}

static struct failed_bind await(uint16_t port)
{
	struct pollfd pfd = { .fd = bind_watch_fd(watch), .events = POLLIN };

	for (int64_t end = patience_now_ms() + PATIENCE; patience_now_ms() < end;) {
		poll(&pfd, 1, 20);
		assert_int_equal(bind_watch_consume(watch), 0);
		if (n_seen == 0)
			continue;
		assert_int_equal(n_seen, 1);
		n_seen = 0;
		assert_int_equal(seen[0].port, port);
		return seen[0];
	}
	fail_msg("no failed bind of port %u within %d ms", port, PATIENCE);
	return seen[0];
}

static void await_none(void)
{
	struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };

	nanosleep(&pause, NULL);
	assert_int_equal(bind_watch_consume(watch), 0);
	if (n_seen)
		fail_msg("an event of port %u, errno %d, that nobody caused", seen[0].port, seen[0].error);
}

/* Returns the socket, or -errno. */
static int bind_to(const char *text, uint16_t port, int type)
{
	struct address address;
	struct sockaddr_storage to;
	socklen_t size;
	int fd, r;

	assert_int_equal(address_parse(text, &address), 0);
	size = address_to_sockaddr(&address, port, &to);
	fd = socket(address.family, type, 0);
	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&to, size) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static int forget(void **state)
{
	assert_int_equal(bind_watch_consume(watch), 0);
	n_seen = 0;
	return 0;
}

static void assert_address(const struct failed_bind *failed, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];

	address_show(&failed->address, text);
	assert_string_equal(text, expected);
}

static void test_address_in_use(void **state)
{
	int holder = bind_to("0.0.0.0", 587, SOCK_STREAM);
	struct failed_bind failed;

	assert_true(holder >= 0);
	assert_int_equal(listen(holder, 1), 0);
	assert_int_equal(bind_to("127.0.0.1", 587, SOCK_STREAM), -EADDRINUSE);
	failed = await(587);
	assert_int_equal(failed.error, EADDRINUSE);
	assert_int_equal(failed.address.family, AF_INET);
	assert_address(&failed, "127.0.0.1");
	assert_string_equal(failed.command, "test_bind");
	assert_int_not_equal(failed.kernel_pid, 0);
	assert_true(failed.at_ns > 0);
	close(holder);
}

/* Told once, whichever way the kernel takes. */
static void test_mptcp(void **state)
{
	int holder = bind_to("0.0.0.0", 587, SOCK_STREAM), fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(587) };

	assert_true(holder >= 0);
	if (fd < 0)
		skip(); /* no MPTCP here */
	assert_int_equal(listen(holder, 1), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), -1);
	assert_int_equal(await(587).error, EADDRINUSE);
	await_none();
	close(fd);
	close(holder);
}

static void test_address_not_available(void **state)
{
	struct failed_bind failed;

	assert_int_equal(bind_to("192.0.2.77", 465, SOCK_STREAM), -EADDRNOTAVAIL);
	failed = await(465);
	assert_int_equal(failed.error, EADDRNOTAVAIL);
	assert_address(&failed, "192.0.2.77");
}

static void test_no_permission(void **state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		_exit(bind_to("0.0.0.0", 25, SOCK_STREAM) == -EACCES ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(await(25).error, EACCES);
	/* It is told of a process that is gone. */
}

static void test_ipv6(void **state)
{
	struct failed_bind failed;

	assert_int_equal(bind_to("2001:db8::77", 993, SOCK_STREAM), -EADDRNOTAVAIL);
	failed = await(993);
	assert_int_equal(failed.error, EADDRNOTAVAIL);
	assert_int_equal(failed.address.family, AF_INET6);
	assert_address(&failed, "2001:db8::77");
}

static void test_wrong_family(void **state)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(587) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(errno, EAFNOSUPPORT);
	assert_int_equal(await(587).error, EAFNOSUPPORT);
	close(fd);
}

static void test_unwatched_port_is_silent(void **state)
{
	assert_int_equal(bind_to("192.0.2.77", 12345, SOCK_STREAM), -EADDRNOTAVAIL);
	await_none();
}

static void test_success_is_silent(void **state)
{
	int fd = bind_to("127.0.0.1", 587, SOCK_STREAM);

	assert_true(fd >= 0);
	await_none();
	close(fd);
}

/* A constant address of a program just started is in memory only once the kernel has read it. */
static void test_address_that_is_not_in_memory_yet(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(587), .sin_addr.s_addr = htonl(0xc000024d) };
	char path[] = "/tmp/hearken-bind-XXXXXX";
	int file = mkstemp(path), fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr *mapped;

	assert_true(file >= 0);
	unlink(path);
	assert_int_equal(write(file, &to, sizeof(to)), sizeof(to));
	mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	assert_int_equal(bind(fd, mapped, sizeof(to)), -1);
	assert_int_equal(await(587).error, EADDRNOTAVAIL);
	munmap(mapped, 4096);
	close(file);
	close(fd);
}

static void test_what_does_not_fit_is_counted(void **state)
{
	uint64_t before = bind_watch_lost(watch);

	for (int i = 0; i < 2000; i++)
		assert_int_equal(bind_to("192.0.2.77", 465, SOCK_STREAM), -EADDRNOTAVAIL);
	assert_int_equal(bind_watch_consume(watch), 0);
	assert_true(bind_watch_lost(watch) > before);
	assert_int_equal(n_seen + bind_watch_lost(watch) - before, 2000);
}

static int start(void **state)
{
	static const uint16_t ports[] = { 25, 465, 587, 993 };
	struct stat st;

	if (system("ip link set lo up") != 0)
		return -1;
	stat("/proc/self/ns/net", &st);
	own_netns = (uint32_t)st.st_ino;
	bind_watch_ports(watch, ports, ARRAY_SIZE(ports));
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_address_in_use, forget),
		cmocka_unit_test_setup(test_mptcp, forget),
		cmocka_unit_test_setup(test_address_not_available, forget),
		cmocka_unit_test_setup(test_no_permission, forget),
		cmocka_unit_test_setup(test_ipv6, forget),
		cmocka_unit_test_setup(test_wrong_family, forget),
		cmocka_unit_test_setup(test_unwatched_port_is_silent, forget),
		cmocka_unit_test_setup(test_success_is_silent, forget),
		cmocka_unit_test_setup(test_address_that_is_not_in_memory_yet, forget),
		cmocka_unit_test_setup(test_what_does_not_fit_is_counted, forget),
	};
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP bind: no network namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	r = bind_watch_new(on_failed, NULL, &watch);
	if (r < 0) {
		printf("# SKIP bind: failed binds cannot be seen here (%s)\n", strerror(-r));
		return 77;
	}
	if (!rung_is_right(bind_watch_rung(watch)))
		return 1;
	r = cmocka_run_group_tests_name("bind", tests, start, NULL);
	bind_watch_free(watch);
	return r;
}
