// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "report/pulse.h"

static char directory[64], status[512], beside[600];

static int make_directory(void **state)
{
	(void)strcpy(directory, "/tmp/hearken-pulse-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)text_format(status, sizeof(status), "%s/status.json", directory);
	(void)text_format(beside, sizeof(beside), "%s.alive", status);
	return 0;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)text_format(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

static void is_there_while_it_is_held(void **state)
{
	int fd = -1;

	assert_int_equal(pulse_ask(status), -ESRCH);
	assert_int_equal(pulse_begin(status, &fd), 0);
	for (int i = 0; i < 1000; i++) /* asked however often, it has room for the next */
		assert_int_equal(pulse_ask(status), 0);
	pulse_end(status, &fd);
	assert_int_equal(fd, -1);
	assert_int_equal(pulse_ask(status), -ESRCH);
	assert_int_equal(access(beside, F_OK), -1);
	pulse_end(status, &fd);
}

static pid_t start_holder(void)
{
	int fd = -1, tell[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(tell), 0);
	pid = fork();
	if (pid == 0) {
		if (pulse_begin(status, &fd) < 0 || write(tell[1], "", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_true(pid > 0);
	assert_int_equal(read(tell[0], &byte, 1), 1);
	(void)close(tell[0]);
	(void)close(tell[1]);
	return pid;
}

static void ends_with_its_process(void **state)
{
	pid_t pid = start_holder();
	int fd = -1;

	assert_int_equal(pulse_ask(status), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(access(beside, F_OK), 0); /* and is left behind */
	assert_int_equal(pulse_ask(status), -ESRCH);
	assert_int_equal(pulse_begin(status, &fd), 0);
	assert_int_equal(pulse_ask(status), 0);
	pulse_end(status, &fd);
}

/* By everybody, whatever the umask of its holder says. */
static void may_be_asked_by_all(void **state)
{
	mode_t before = umask(0077);
	struct stat st;
	int fd = -1;

	assert_int_equal(pulse_begin(status, &fd), 0);
	(void)umask(before);
	assert_int_equal(stat(beside, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	pulse_end(status, &fd);
}

static void a_long_path_is_no_hindrance(void **state)
{
	char far[512], part[201];
	int fd = -1;

	(void)memset(part, 'x', 200);
	part[200] = '\0';
	(void)text_format(far, sizeof(far), "%s/%s", directory, part);
	assert_int_equal(mkdir(far, 0755), 0);
	(void)text_format(far, sizeof(far), "%s/%s/status.json", directory, part);
	assert_int_equal(pulse_begin(far, &fd), 0);
	assert_int_equal(pulse_ask(far), 0);
	pulse_end(far, &fd);
}

static void says_why_it_cannot(void **state)
{
	char nowhere[128];
	int fd = -1;

	(void)text_format(nowhere, sizeof(nowhere), "%s/nowhere/status.json", directory);
	assert_int_equal(pulse_begin(nowhere, &fd), -ENOENT);
	assert_int_equal(pulse_ask(nowhere), -ENOENT);
	assert_int_equal(fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_there_while_it_is_held, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(ends_with_its_process, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(may_be_asked_by_all, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(a_long_path_is_no_hindrance, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(says_why_it_cannot, make_directory, remove_directory),
	};

	return cmocka_run_group_tests_name("pulse", tests, NULL, NULL);
}
