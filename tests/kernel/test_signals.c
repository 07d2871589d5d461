// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who sent the signal that ended a server: noted by the kernel in that moment, whoever is gone since. Needs root and
 * BPF; skips with the reason. */
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
#include <unistd.h>
#include <cmocka.h>

#include "listen.h"
#include "observe/kernel/observer.h"
#include "patience.h"

#define PORT 143

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

enum manners {
	ENDS,	  /* by the signal itself */
	LETS_GO,  /* takes it for its order to end: closes, and lives on for a while */
	LEAVES,	  /* exits with 0 */
	FOLLOWED, /* a child of it has the listener until it ends, too */
};

static int listener_fd;
static enum manners manners;

static void on_order(int signal)
{
	if (manners == LEAVES)
		_exit(0);
	close(listener_fd);
}

static void serve(int ready)
{
	(void)prctl(PR_SET_NAME, "server");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGSEGV, SIG_DFL); /* cmocka has it */
	if (manners == LETS_GO || manners == LEAVES)
		(void)signal(SIGTERM, on_order);
	listener_fd = listen_on(AF_INET, PORT, 0, false);
	if (manners == FOLLOWED && fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* as a login process ends with its master */
		for (;;)
			pause();
	}
	(void)!write(ready, "", 1);
	for (;;)
		pause();
}

static pid_t start_server(enum manners how)
{
	int ready[2];
	pid_t pid;

	manners = how;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		serve(ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &(char){ 0 }, 1), 1);
	close(ready[0]);
	return pid;
}

/* One that is gone before anybody can look at it. */
static pid_t send_by(const char *name, pid_t to, int signal)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, name);
		_exit(kill(to, signal) < 0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
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

static void end_server(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	assert_int_equal(observer_consume(observer), 0);
}

static void test_who_sent_it(void **state)
{
	static const struct {
		const char *why;
		enum manners manners;
		int signal;
	} rows[] = {
		{ "it does not handle it", ENDS, SIGTERM },
		{ "nobody can", ENDS, SIGKILL },
		{ "as a fault", ENDS, SIGSEGV },
		{ "closes first", LETS_GO, SIGTERM },
		{ "leaves with 0", LEAVES, SIGTERM },
		{ "the last to let go is another", FOLLOWED, SIGTERM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pid_t server = start_server(rows[i].manners), sender;

		is_closed = false;
		assert_int_equal(observer_consume(observer), 0);
		sender = send_by("earlyoom", server, rows[i].signal);
		await_close();
		if (closed.sent.signal != rows[i].signal || closed.sent.kernel_pid == 0 ||
		    strcmp(closed.sent.command, "earlyoom") != 0 || closed.sent.uid != 0)
			fail_msg("%s: signal %d by \"%s\" (pid %u, not %d)", rows[i].why, closed.sent.signal,
				 closed.sent.command, closed.sent.kernel_pid, sender);
		end_server(server);
	}
}

static void test_nobody_did(void **state)
{
	pid_t server = start_server(ENDS);

	/* Reloaded a moment ago, and then ended by itself: that is no story of the reload. */
	is_closed = false;
	send_by("doveadm", server, SIGCONT);
	send_by("strace", server, 0);
	assert_int_equal(kill(server, SIGUSR1), 0); /* nothing that is noted */
	await_close();
	assert_int_equal(closed.signal, SIGUSR1);
	assert_int_equal(closed.sent.signal, 0);
	end_server(server);

	/* What a process that had the pid, or the server before its listener, was sent is not looked at. */
	server = start_server(LEAVES);
	is_closed = false;
	send_by("earlyoom", server, SIGTERM);
	await_close();
	assert_int_equal(closed.sent.signal, SIGTERM);
	end_server(server);
	server = start_server(ENDS);
	is_closed = false;
	assert_int_equal(kill(server, SIGUSR1), 0);
	await_close();
	assert_int_equal(closed.sent.signal, 0);
	end_server(server);
}

/* Where the unified hierarchy is mounted. */
static bool find_cgroups(char *to, size_t size)
{
	FILE *mounts = fopen("/proc/self/mounts", "re");
	char line[1024], where[512];
	bool found = false;

	while (mounts && !found && fgets(line, sizeof(line), mounts))
		found = sscanf(line, "%*s %511s cgroup2 ", where) == 1 && strstr(line, " cgroup2 ");
	if (mounts)
		fclose(mounts);
	return found && snprintf(to, size, "%s/hearken-test-%d.slice", where, getpid()) < (int)size;
}

/* As "ssh HOST kill" does it: when the event is read, neither the sender nor his session is there any more. */
static void test_session_is_gone(void **state)
{
	char slice[600], session[700], procs[800];
	pid_t server, sender;

	if (!find_cgroups(slice, sizeof(slice)) || mkdir(slice, 0755) < 0)
		skip();
	(void)snprintf(session, sizeof(session), "%s/session-8.scope", slice);
	(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", session);
	assert_int_equal(mkdir(session, 0755), 0);
	server = start_server(ENDS);
	is_closed = false;
	assert_int_equal(observer_consume(observer), 0);
	sender = fork();
	if (sender == 0) {
		FILE *file = fopen(procs, "we");

		_exit(!file || fprintf(file, "0") < 0 || fclose(file) < 0 || kill(server, SIGTERM) < 0);
	}
	assert_int_equal(waitpid(sender, NULL, 0), sender);
	(void)waitpid(server, NULL, 0);
	assert_int_equal(rmdir(session), 0);
	assert_int_equal(rmdir(slice), 0);
	await_close();
	assert_int_equal(closed.sent.sender, SENDER_PERSON);
	assert_string_equal(closed.sent.whose, "session-8.scope");
}

static int begin(void **state)
{
	static const uint16_t ports[] = { PORT };
	struct stat st;
	int r;

	if (unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP signals: no network namespace of our own (%s)\n", strerror(errno));
		exit(77);
	}
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	own_netns = (uint32_t)st.st_ino;
	r = observer_new(on_change, NULL, &observer);
	if (r < 0) {
		printf("# SKIP signals: BPF cannot be used here (%s)\n", strerror(-r));
		exit(77);
	}
	if (strcmp(observer_signals(observer), "none") == 0) {
		printf("# SKIP signals: this kernel refuses that hook\n");
		exit(77);
	}
	observer_expect(observer, &own_netns, 1);
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	return observer_snapshot(observer);
}

static int finish(void **state)
{
	observer_free(observer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_sent_it),
		cmocka_unit_test(test_nobody_did),
		cmocka_unit_test(test_session_is_gone),
	};

	return cmocka_run_group_tests_name("signals", tests, begin, finish);
}
