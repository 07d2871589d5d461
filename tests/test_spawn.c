// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/spawn.h"

#define RUN(max, timeout, script) \
	spawn_run(0, (const char *const[]){ "/bin/sh", "-c", script, NULL }, max, timeout, &status, &output)

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC;
}

static void keeps_output_and_status(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	int status;

	assert_int_equal(RUN(100, 5 * USEC_PER_SEC, "echo out; echo err >&2"), 0);
	assert_int_equal(status, 0);
	assert_string_equal(output, "out\n");
}

static void a_failure_quotes_stderr(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	char text[64];
	int status;

	assert_int_equal(RUN(100, 5 * USEC_PER_SEC, "echo out; echo err >&2; exit 89"), 0);
	spawn_show_status(status, text, sizeof(text));
	assert_string_equal(text, "exited with status 89");
	assert_string_equal(output, "out\nerr\n");
}

static void only_the_end_of_stderr_is_kept(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	int status;

	assert_int_equal(
		RUN(100, 5 * USEC_PER_SEC, "i=0; while [ $i -lt 3000 ]; do echo $i >&2; i=$((i+1)); done; exit 1"), 0);
	assert_int_equal(strlen(output), SPAWN_ERRORS_SIZE);
	assert_string_equal(output + SPAWN_ERRORS_SIZE - 6, "\n2999\n");
}

static void the_limit_is_exact(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	int status;

	assert_int_equal(RUN(4, 5 * USEC_PER_SEC, "printf 12345"), -EFBIG);
	assert_null(output);
	assert_int_equal(RUN(5, 5 * USEC_PER_SEC, "printf 12345"), 0);
	assert_string_equal(output, "12345");
}

static void endless_output_is_killed(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	int status;
	uint64_t start = now_usec();

	assert_int_equal(RUN(1000, 10 * USEC_PER_SEC, "while :; do echo y; done"), -EFBIG);
	assert_true(now_usec() - start < 5 * USEC_PER_SEC);
}

/* The child's child holds the write end of a pipe of ours by a fifo; it must be gone too. */
static void the_deadline_kills_the_group(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	char script[256], file[] = "/tmp/hearken-spawn-XXXXXX";
	int status, fd = mkstemp(file);
	uint64_t start = now_usec();
	pid_t pid = 0;
	FILE *f;

	assert_true(fd >= 0);
	(void)snprintf(script, sizeof(script), "sleep 100 & echo $! >%s; wait", file);
	assert_int_equal(RUN(100, 300 * USEC_PER_MSEC, script), -ETIMEDOUT);
	assert_true(now_usec() - start >= 300 * USEC_PER_MSEC);
	assert_true(now_usec() - start < 3 * USEC_PER_SEC);
	f = fdopen(fd, "r");
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	(void)fclose(f);
	(void)unlink(file);
	for (int i = 0; i < 100 && kill(pid, 0) == 0; i++) {
		char path[64], line[256] = "";
		FILE *stat;

		/* Nobody may reap it here: a zombie is dead enough. */
		(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		stat = fopen(path, "r");
		if (!stat)
			return;
		(void)!fgets(line, sizeof(line), stat);
		(void)fclose(stat);
		if (strstr(line, ") Z "))
			return;
		(void)usleep(20000);
	}
	assert_int_equal(kill(pid, 0), -1);
}

static void a_straggler_is_not_waited_for(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	int status;
	uint64_t start = now_usec();

	assert_int_equal(RUN(100, 5 * USEC_PER_SEC, "sleep 100 & echo done"), 0);
	assert_true(now_usec() - start < 3 * USEC_PER_SEC);
	assert_string_equal(output, "done\n");
}

/* A daemon's first process ends at once, often before the second has its own session. */
static void what_a_good_child_left_lives_on(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	int status = -1;
	const char *const argv[] = { "/bin/sh", "-c", "sleep 20 >/dev/null 2>&1 & echo $!", NULL };
	pid_t pid;

	assert_int_equal(spawn_run(0, argv, 100, 5 * USEC_PER_SEC, &status, &output), 0);
	assert_int_equal(status, 0);
	pid = atoi(output);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, 0), 0);
	kill(pid, SIGKILL);
}

static void a_killed_child_says_so(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	char text[64];
	int status;

	assert_int_equal(RUN(100, 5 * USEC_PER_SEC, "kill -SEGV $$"), 0);
	assert_true(WIFSIGNALED(status));
	spawn_show_status(status, text, sizeof(text));
	assert_string_equal(text, "was killed by signal 11 (Segmentation fault)");
}

static void the_child_inherits_nothing(void **state)
{
	cleanup(memory_freep) char *output = NULL;
	int status, fd = open("/dev/zero", O_RDONLY); /* not close-on-exec */

	assert_true(fd >= 0);
	assert_int_equal(RUN(1000, 5 * USEC_PER_SEC, "readlink /proc/self/fd/0; ls /proc/self/fd | wc -l"), 0);
	(void)close(fd);
	/* Those of ls, which has no pipe that is still being closed; the fourth is the directory. */
	assert_string_equal(output, "/dev/null\n4\n");
}

static void what_cannot_start_is_an_error(void **state)
{
	static const char *const missing[] = { "/nonexistent/program", NULL };
	static const char *const relative[] = { "sh", NULL };
	static const char *const nothing[] = { NULL };
	int status;

	assert_int_equal(spawn_run(0, missing, 10, USEC_PER_SEC, &status, NULL), -ENOENT);
	assert_int_equal(spawn_run(0, relative, 10, USEC_PER_SEC, &status, NULL), -EINVAL);
	assert_int_equal(spawn_run(0, nothing, 10, USEC_PER_SEC, &status, NULL), -EINVAL);
}

static void it_can_be_watched(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c", "read x; echo $?; sleep 100", NULL };
	cleanup(spawn_freep) struct spawn *spawn = NULL;
	int status;

	assert_int_equal(spawn_start(&spawn, 0, argv, 100), 0);
	assert_true(spawn_fd(spawn) >= 0 && spawn_pidfd(spawn) >= 0 && spawn_pid(spawn) > 0);
	assert_int_equal(spawn_read(spawn), 0);
	assert_int_equal(spawn_finish(spawn, &status, NULL), -EAGAIN);
}

/* A process is entered that was looked at, never another that has its number by now. */
static void who_is_gone_is_not_entered(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct enter_process process, nobody = { .pid = 0, .pidfd = -1 };
	cleanup(fd_closep) int root = -1;
	cleanup(spawn_freep) struct spawn *spawn = NULL;
	pid_t pid = fork();

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	assert_int_equal(enter_hold(pid, &process), 0);
	assert_int_equal(enter_root(&process, &root), 0);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	process.pid = getpid(); /* as if somebody else had got the number */
	fd_closep(&root);
	root = -1;
	assert_int_equal(enter_root(&process, &root), -ESRCH);
	assert_int_equal(spawn_start(&spawn, &process, argv, 100), -ESRCH);
	enter_release(&process);
	assert_int_equal(spawn_start(&spawn, &process, argv, 100), -ESRCH);
	assert_int_equal(spawn_start(&spawn, &nobody, argv, 100), -ESRCH);
	assert_int_equal(enter_hold(pid, &process), -ESRCH);
	assert_int_equal(enter_hold(-1, &process), -ESRCH);
}

static void splits_words(void **state)
{
	static const struct {
		const char *command;
		int r;
	} rows[] = {
		{ "/bin/echo a  b", 3 },
		{ "  /bin/true\t", 1 },
		{ "", -EINVAL },
		{ "   ", -EINVAL },
		{ "a b c d", -E2BIG },
		{ "0123456789012345678901234567890", 1 },
		{ "01234567890123456789012345678901", -E2BIG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *argv[4];
		char buffer[32];
		int r = spawn_split(rows[i].command, buffer, sizeof(buffer), argv, ARRAY_SIZE(argv));

		if (r != rows[i].r || (r > 0 && argv[r]))
			fail_msg("'%s': %d", rows[i].command, r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_output_and_status),	  cmocka_unit_test(a_failure_quotes_stderr),
		cmocka_unit_test(only_the_end_of_stderr_is_kept), cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(endless_output_is_killed),	  cmocka_unit_test(the_deadline_kills_the_group),
		cmocka_unit_test(a_straggler_is_not_waited_for),  cmocka_unit_test(what_a_good_child_left_lives_on),
		cmocka_unit_test(a_killed_child_says_so),	  cmocka_unit_test(the_child_inherits_nothing),
		cmocka_unit_test(what_cannot_start_is_an_error),  cmocka_unit_test(it_can_be_watched),
		cmocka_unit_test(who_is_gone_is_not_entered),	  cmocka_unit_test(splits_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
