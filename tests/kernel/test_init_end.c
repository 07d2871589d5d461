// SPDX-License-Identifier: LGPL-2.1-or-later
/* The end of a pid namespace's first process is the end of all in it: the kernel kills the others, and that is
 * told from a crash of theirs. Needs root and BPF; skips with the reason. */
#include <errno.h>
#include <poll.h>
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
#include <cmocka.h>

#include "listen.h"
#include "observe/kernel/observer.h"
#include "patience.h"

static struct observer *observer;
static uint32_t own_netns;
static struct task_end closed; /* how the listener's server ended */
static bool is_closed;

static void on_change(const struct listener_change *change, void *userdata)
{
	if (change->listener->netns != own_netns || change->kind != LISTENER_CLOSED)
		return;
	closed = change->end;
	is_closed = true;
}

struct container {
	pid_t init, starter; /* its first process, and who waits for it */
};

/* @server_opens: else the first process opened, and the server got it from there. */
static struct container start(bool server_opens)
{
	struct container container = { 0 };
	int report[2], ready[2];
	pid_t starter;

	assert_int_equal(pipe(report), 0);
	assert_int_equal(pipe(ready), 0);
	starter = fork();
	assert_true(starter >= 0);
	if (starter == 0) {
		pid_t pid;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		pid = fork();
		if (pid > 0) {
			(void)!write(report[1], &pid, sizeof(pid));
			(void)waitpid(pid, NULL, 0);
			_exit(0);
		}
		if (!server_opens)
			(void)listen_on(AF_INET, 143, 0, false);
		if (fork() == 0 && server_opens)
			(void)listen_on(AF_INET, 143, 0, false);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	close(report[1]);
	close(ready[1]);
	assert_int_equal(read(report[0], &container.init, sizeof(pid_t)), sizeof(pid_t));
	for (int i = 0; i < 2; i++) /* both are ready */
		assert_int_equal(read(ready[0], &(char){ 0 }, 1), 1);
	close(report[0]);
	close(ready[0]);
	container.starter = starter;
	return container;
}

static void await_close(void)
{
	struct pollfd pfd = { .fd = observer_fd(observer), .events = POLLIN };

	for (int64_t end = patience_now_ms() + patience_ms(2000); !is_closed && patience_now_ms() < end;) {
		poll(&pfd, 1, 20);
		assert_int_equal(observer_consume(observer), 0);
	}
	assert_true(is_closed);
}

static void test_end_of_all(void **state)
{
	static const struct {
		const char *why;
		bool server_opens;
	} rows[] = {
		{ "the server opened", true },
		{ "the first process opened", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container container = start(rows[i].server_opens);

		is_closed = false;
		assert_int_equal(observer_consume(observer), 0);
		assert_int_equal(kill(container.init, SIGKILL), 0);
		await_close();
		(void)waitpid(container.starter, NULL, 0);
		if (!closed.exiting || !closed.init_exiting || closed.init_signal != SIGKILL)
			fail_msg("%s: exiting %d, init exiting %d by signal %d", rows[i].why, closed.exiting,
				 closed.init_exiting, closed.init_signal);
	}
}

/* Its server's own crash, while the first process lives. */
static void test_crash_inside(void **state)
{
	struct container container = start(true);
	char command[96];

	is_closed = false;
	assert_int_equal(observer_consume(observer), 0);
	(void)snprintf(command, sizeof(command), "kill -KILL $(cat /proc/%d/task/%d/children)", container.init,
		       container.init);
	assert_int_equal(system(command), 0);
	await_close();
	assert_true(closed.exiting);
	assert_int_equal(closed.signal, SIGKILL);
	assert_false(closed.init_exiting);
	assert_int_equal(kill(container.init, SIGKILL), 0);
	(void)waitpid(container.starter, NULL, 0);
}

static int begin(void **state)
{
	static const uint16_t ports[] = { 143 };
	struct stat st;
	int r;

	if (unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP init_end: needs root for a network namespace\n");
		exit(77);
	}
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	own_netns = (uint32_t)st.st_ino;
	r = observer_new(on_change, NULL, &observer);
	if (r < 0) {
		printf("# SKIP init_end: no BPF here: %s\n", strerror(-r));
		exit(77);
	}
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	return observer_snapshot(observer);
}

static int end(void **state)
{
	observer_free(observer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_of_all),
		cmocka_unit_test(test_crash_inside),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
