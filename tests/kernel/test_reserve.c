// SPDX-License-Identifier: LGPL-2.1-or-later
/* More processes of another namespace than can be followed have opened a watched port: the end of one in a namespace
 * that matters is told all the same, with its cause. Needs root and BPF; skips with the reason. */
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/netns.h"
#include "listen.h"
#include "observe/kernel/observer.h"
#include "patience.h"

#define PORT	  587
#define OTHERS	  8300 /* the kernel side's OPENERS_MAX, and some */
#define STACK	  16384
#define AT_A_TIME 128
#define PATIENCE  5000 /* ms */

static struct observer *observer;
static uint32_t own_netns;
static bool closed;
static struct task_end end;

static void on_change(const struct listener_change *change, void *userdata)
{
	if (change->kind != LISTENER_CLOSED || change->listener->netns != own_netns)
		return;
	closed = true;
	end = change->end;
}

static atomic_int *listening;

/* In a process that shares its creator's memory: only system calls. */
static int open_and_wait(void *number)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(0x7f020001U + (uint32_t)(uintptr_t)number);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1) < 0)
		return 1;
	(*listening)++;
	for (;;)
		pause();
}

/* A namespace of many openers; it ends when it is killed, since they are in a pid namespace of their own. */
static void be_many(void)
{
	for (uintptr_t i = 0; i < OTHERS; i++) {
		char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (stack == MAP_FAILED || clone(open_and_wait, stack + STACK, CLONE_VM | SIGCHLD, (void *)i) < 0)
			break;
		if (i % AT_A_TIME == AT_A_TIME - 1)
			usleep(20000);
	}
	for (;;)
		pause();
}

static pid_t begin_many(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") != 0 || unshare(CLONE_NEWPID) < 0)
		_exit(1);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		be_many();
	}
	(void)waitpid(pid, NULL, 0);
	_exit(0);
}

static void consume_until(bool (*done)(void))
{
	struct pollfd pfd = { .fd = observer_fd(observer), .events = POLLIN };

	for (int64_t until = patience_now_ms() + patience_ms(PATIENCE); !done() && patience_now_ms() < until;) {
		(void)poll(&pfd, 1, 20);
		assert_int_equal(observer_consume(observer), 0);
	}
}

static bool all_listen(void)
{
	return *listening >= OTHERS;
}

static bool is_closed(void)
{
	return closed;
}

static void test_who_matters_is_followed(void **state)
{
	pid_t many = begin_many(), ours;

	for (int i = 0; i < 6 && !all_listen(); i++)
		consume_until(all_listen);
	if (!all_listen()) {
		print_message("SKIP: only %d of %d processes can be had\n", *listening, OTHERS);
		kill(many, SIGKILL);
		(void)waitpid(many, NULL, 0);
		skip();
	}
	ours = fork();
	assert_true(ours >= 0);
	if (ours == 0) {
		pid_t follower;

		(void)listen_on(AF_INET, PORT, 0, false);
		follower = fork(); /* holds the listener too, and leaves with 0 after its master */
		if (follower == 0) {
			pid_t master = getppid();

			while (getppid() == master)
				usleep(20000);
			_exit(0);
		}
		for (;;)
			pause();
	}
	usleep(300000);
	assert_int_equal(observer_consume(observer), 0);
	kill(ours, SIGKILL);
	assert_int_equal(waitpid(ours, NULL, 0), ours);
	consume_until(is_closed);
	/* The pid namespace's first process ends all of it. */
	kill(many, SIGKILL);
	(void)waitpid(many, NULL, 0);
	assert_true(closed);
	assert_int_equal(end.signal, SIGKILL);
}

static int begin(void **state)
{
	static const uint16_t ports[] = { PORT };

	listening = mmap(NULL, sizeof(*listening), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (listening == MAP_FAILED || unshare(CLONE_NEWNET) < 0 || netns_inode(NULL, &own_netns) < 0)
		return -1;
	observer_watch(observer, ports, 1);
	observer_expect(observer, &own_netns, 1);
	return observer_snapshot(observer);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_who_matters_is_followed) };
	int r = observer_new(on_change, NULL, &observer), failed;

	if (r < 0) {
		printf("SKIP reserve: %s\n", strerror(-r));
		return 77;
	}
	failed = cmocka_run_group_tests_name("reserve", tests, begin, NULL);
	observer_free(observer);
	return failed;
}
