/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another holder of our sockets, for the kernel tests; after <cmocka.h>. */
#ifndef HOLDER_H
#define HOLDER_H

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

/* A child that holds what we hold, until the gate closes; in the cgroup behind @cgroup (cgroup.procs), if told. */
static inline pid_t fork_holder(int *ret_gate, const char *cgroup)
{
	int gate[2], ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(gate), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = cgroup ? open(cgroup, O_WRONLY) : -1;

		close(gate[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (cgroup && write(fd, "0", 1) != 1)
			_exit(1);
		(void)!write(ready[1], "r", 1);
		(void)!read(gate[0], &c, 1);
		_exit(0);
	}
	close(gate[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	*ret_gate = gate[1];
	return pid;
}

#endif
