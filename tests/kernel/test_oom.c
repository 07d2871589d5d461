// SPDX-License-Identifier: LGPL-2.1-or-later
/* The OOM killer ends the process that opened a listener, of a memory cgroup and of the whole machine: the
 * closing says so, also when a child that follows with 0 is the last holder. The machine's own memory is
 * used up only where HEARKEN_OOM allows it (run-matrix.sh: in a guest). Needs root and BPF; skips with the
 * reason. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "listen.h"
#include "observe/kernel/observer.h"
#include "patience.h"

#define PORT	 587
#define PATIENCE 10000 /* ms; to run out of memory takes its time */
#define LIMIT	 "16M"
#define STEP	 (1 << 20)
#define LEAST	 "1000" /* oom_score_adj: this one first */

static struct observer *observer;
static uint32_t own_netns;
static char cgroup[64];
static bool closed;
static struct task_end end;

static void on_change(const struct listener_change *change, void *userdata)
{
	if (change->kind != LISTENER_CLOSED || change->listener->netns != own_netns)
		return;
	closed = true;
	end = change->end;
}

static bool put(const char *directory, const char *file, const char *text)
{
	char path[128];
	ssize_t n = -1;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = write(fd, text, strlen(text));
		close(fd);
	}
	return n >= 0;
}

/* A cgroup with little memory; both versions of the hierarchy are in use. */
static bool make_cgroup(void)
{
	static const struct {
		const char *root, *limit, *swap, *none;
	} versions[] = {
		{ "/sys/fs/cgroup", "memory.max", "memory.swap.max", "0" },
		{ "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.swappiness", "0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		(void)put(versions[i].root, "cgroup.subtree_control", "+memory"); /* of version 2 */
		(void)snprintf(cgroup, sizeof(cgroup), "%s/hearken-oom-%d", versions[i].root, getpid());
		if (mkdir(cgroup, 0755) < 0)
			continue;
		if (put(cgroup, versions[i].limit, LIMIT)) {
			(void)put(cgroup, versions[i].swap, versions[i].none);
			return true;
		}
		(void)rmdir(cgroup);
	}
	return false;
}

static void devour(void)
{
	for (;;) {
		char *page = mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page != MAP_FAILED)
			memset(page, 1, STEP);
	}
}

static void leave(int number)
{
	_exit(0);
}

/* As a master that dies, and a login process that has its socket too, and leaves when the master is gone. */
static void serve_and_devour(bool in_cgroup)
{
	int ready[2];
	char c;

	if (in_cgroup && !put(cgroup, "cgroup.procs", "0"))
		_exit(1);
	(void)put("/proc/self", "oom_score_adj", LEAST);
	(void)listen_on(AF_INET, PORT, 0, false);
	if (pipe(ready) < 0)
		_exit(1);
	if (fork() == 0) {
		signal(SIGUSR1, leave);
		prctl(PR_SET_PDEATHSIG, SIGUSR1);
		(void)put("/proc/self", "oom_score_adj", "0");
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	(void)!read(ready[0], &c, 1);
	devour();
}

static void run_out(bool in_cgroup)
{
	struct pollfd pfd = { .fd = observer_fd(observer), .events = POLLIN };
	int64_t until = patience_now_ms() + PATIENCE + patience_ms(0);
	int status = 0;
	pid_t master = fork();

	closed = false;
	if (master == 0)
		serve_and_devour(in_cgroup);
	while (!closed && patience_now_ms() < until) {
		poll(&pfd, 1, 20);
		assert_int_equal(observer_consume(observer), 0);
	}
	if (!closed)
		kill(master, SIGKILL);
	waitpid(master, &status, 0);
	assert_true(closed);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(end.exiting);
	assert_true(end.oom);
	assert_int_equal(end.signal, SIGKILL);
	assert_string_equal(end.command, "test_oom");
}

static void test_of_a_cgroup(void **state)
{
	if (!make_cgroup()) {
		printf("# no memory cgroup can be made here\n");
		skip();
	}
	run_out(true);
	for (int i = 0; rmdir(cgroup) < 0 && errno == EBUSY && i < 100; i++)
		usleep(10000); /* its last process is leaving */
}

static void test_of_the_machine(void **state)
{
	if (!getenv("HEARKEN_OOM")) {
		printf("# not on a machine that is in use\n");
		skip();
	}
	run_out(false);
}

/* A SIGKILL that is none of the OOM killer's. */
static void test_of_somebody(void **state)
{
	pid_t pid = fork();

	closed = false;
	if (pid == 0) {
		(void)listen_on(AF_INET, PORT, 0, false);
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
	assert_int_equal(observer_consume(observer), 0);
	assert_true(closed && end.exiting);
	assert_false(end.oom);
	assert_int_equal(end.signal, SIGKILL);
}

static int start(void **state)
{
	static const uint16_t ports[] = { PORT };
	struct stat st;

	if (stat("/proc/self/ns/net", &st) < 0)
		return -1;
	own_netns = (uint32_t)st.st_ino;
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	return observer_snapshot(observer);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_somebody),
		cmocka_unit_test(test_of_a_cgroup),
		cmocka_unit_test(test_of_the_machine),
	};
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP oom: no network namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	r = observer_new(on_change, NULL, &observer);
	if (r < 0) {
		printf("# SKIP oom: BPF cannot be used here (%s)\n", strerror(-r));
		return 77;
	}
	r = cmocka_run_group_tests_name("oom", tests, start, NULL);
	observer_free(observer);
	return r;
}
