// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/enter.h"
#include "base/inside/order.h"
#include "base/text.h"

#define READ_STEP 4096

extern char **environ;

struct spawn {
	pid_t pid; /* 0: never started, or reaped */
	int pidfd;
	int epoll;
	int out; /* -1: ended */
	int err;
	char *output; /* max_output + 1 bytes at most */
	size_t size;
	size_t room;
	size_t max_output;
	char errors[SPAWN_ERRORS_SIZE];
	size_t n_errors;
};

/* What a child has besides 1 and 2, and 0. */
struct handed {
	int from, to;
};

static int set_up_files(posix_spawn_file_actions_t *actions, int out, int err,
			const struct handed *more, size_t n_more)
{
	int r, last = STDERR_FILENO;

	r = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, err, STDERR_FILENO);
	for (size_t i = 0; i < n_more && r == 0; i++, last++)
		r = posix_spawn_file_actions_adddup2(actions, more[i].from, more[i].to);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(actions, last + 1);
	return -r;
}

static int set_up_child(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	r = posix_spawnattr_setpgroup(attr, 0);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							   POSIX_SPAWN_SETSIGDEF);
	return -r;
}

struct launching {
	const char *program;
	const char *const *argv;
	char *const *environment;
	int out, err;
	const struct handed *handed; /* to 3, 4, ...; from beyond the last of these */
	size_t n_handed;
};

static int launch(const struct launching *what, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r;

	r = -posix_spawn_file_actions_init(&actions);
	if (r < 0)
		return r;
	r = -posix_spawnattr_init(&attr);
	if (r < 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return r;
	}
	r = set_up_files(&actions, what->out, what->err, what->handed, what->n_handed);
	if (r == 0)
		r = set_up_child(&attr);
	if (r == 0)
		r = -posix_spawn(ret, what->program, &actions, &attr, (char *const *)what->argv,
				 what->environment);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* The child is inside/'s program, and what becomes of the one that it starts is told as its own
 * end. Nothing of our memory or environment goes with it, and it kills what is left behind it. */
static int launch_inside(const struct enter_process *place, const char *const argv[], int out,
			 int err, pid_t *ret)
{
	static const char *const bare[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
		NULL
	};
	struct handed handed[ORDER_CGROUP + CGROUP_PROCS_MAX];
	const char *words[ENTER_NUMBERS + 1 + SPAWN_ARGV_MAX];
	char numbers[ENTER_NUMBERS][16], image[32];
	struct launching what = { .program = image,
				  .argv = words,
				  .out = out,
				  .err = err,
				  .environment = (char *const *)bare,
				  .handed = handed };
	struct enter enter;
	int r = enter_open(place, &enter);

	if (r < 0)
		return r;
	handed[what.n_handed++] = (struct handed){ enter.pidfd, ORDER_PIDFD };
	handed[what.n_handed++] = (struct handed){ enter.image, ORDER_ITSELF };
	for (size_t i = 0; i < enter.cgroups.n; i++)
		handed[what.n_handed++] =
			(struct handed){ enter.cgroups.fds[i], ORDER_CGROUP + (int)i };
	(void)text_format(image, sizeof(image), "/proc/self/fd/%d", ORDER_ITSELF);
	r = enter_argv(&enter, argv, words, ARRAY_SIZE(words), numbers);
	if (r >= 0)
		r = launch(&what, ret);
	enter_close(&enter);
	return r;
}

/* A pipe whose reading end does not block and is watched. Both ends lie above the standard three,
 * so that putting them in their places in the child cannot close one of them. */
static int open_pipe(int epoll, int *ret_read, int *ret_write)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		int high = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1), r = -errno;

		(void)close(ends[i]);
		if (high < 0) {
			(void)close(ends[!i]);
			return r;
		}
		ends[i] = high;
	}
	event.data.fd = ends[0];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) < 0) {
		int r = -errno;

		(void)close(ends[0]);
		(void)close(ends[1]);
		return r;
	}
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

int spawn_start(struct spawn **ret, const struct enter_process *inside, const char *const argv[],
		size_t max_output)
{
	cleanup(spawn_freep) struct spawn *spawn = NULL;
	cleanup(fd_closep) int out = -1;
	cleanup(fd_closep) int err = -1;
	int r;

	if (!argv[0] || argv[0][0] != '/')
		return -EINVAL;
	spawn = calloc(1, sizeof(*spawn));
	if (!spawn)
		return -ENOMEM;
	spawn->pidfd = spawn->out = spawn->err = -1;
	spawn->max_output = max_output;
	spawn->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (spawn->epoll < 0)
		return -errno;
	r = open_pipe(spawn->epoll, &spawn->out, &out);
	if (r < 0)
		return r;
	r = open_pipe(spawn->epoll, &spawn->err, &err);
	if (r < 0)
		return r;
	if (inside)
		r = launch_inside(inside, argv, out, err, &spawn->pid);
	else
		r = launch(&(struct launching){ .program = argv[0],
						.argv = argv,
						.environment = environ,
						.out = out,
						.err = err },
			   &spawn->pid);
	if (r < 0) {
		spawn->pid = 0;
		return r;
	}
	/* Only we reap it, so the number cannot have become another process's. */
	spawn->pidfd = (int)syscall(SYS_pidfd_open, spawn->pid, 0);
	if (spawn->pidfd < 0)
		return -errno;
	*ret = TAKE_PTR(spawn);
	return 0;
}

pid_t spawn_pid(const struct spawn *spawn)
{
	return spawn->pid;
}

int spawn_fd(const struct spawn *spawn)
{
	return spawn->epoll;
}

int spawn_pidfd(const struct spawn *spawn)
{
	return spawn->pidfd;
}

static void kill_group(const struct spawn *spawn)
{
	/* Called before the leader is reaped: until then the group's number is ours. */
	if (spawn->pid > 0)
		(void)kill(-spawn->pid, SIGKILL);
}

static int keep_output(struct spawn *spawn, const char *data, size_t n)
{
	size_t fits = spawn->max_output - spawn->size;
	bool too_much = n > fits;

	if (too_much)
		n = fits;
	if (spawn->size + n + 1 > spawn->room) {
		size_t room = 2 * (spawn->size + n + 1);
		char *more = realloc(spawn->output, room);

		if (!more)
			return -ENOMEM;
		spawn->output = more;
		spawn->room = room;
	}
	memcpy(spawn->output + spawn->size, data, n);
	spawn->size += n;
	return too_much ? -EFBIG : 0;
}

static int keep_errors(struct spawn *spawn, const char *data, size_t n)
{
	size_t over;

	if (n > sizeof(spawn->errors)) {
		data += n - sizeof(spawn->errors);
		n = sizeof(spawn->errors);
	}
	over = spawn->n_errors + n > sizeof(spawn->errors)
		       ? spawn->n_errors + n - sizeof(spawn->errors)
		       : 0;
	memmove(spawn->errors, spawn->errors + over, spawn->n_errors - over);
	spawn->n_errors -= over;
	memcpy(spawn->errors + spawn->n_errors, data, n);
	spawn->n_errors += n;
	return 0;
}

static int drain(struct spawn *spawn, int *fd, int (*keep)(struct spawn *, const char *, size_t))
{
	char data[READ_STEP];

	/* Bounded: a child that writes as fast as we read must not hold up the loop. */
	for (size_t i = 0; *fd >= 0 && i < 64; i++) {
		ssize_t n = read(*fd, data, sizeof(data));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0) {
			(void)close(TAKE_FD(*fd)); /* which also takes it out of the epoll */
			return 0;
		}
		r = keep(spawn, data, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

int spawn_read(struct spawn *spawn)
{
	int r = drain(spawn, &spawn->out, keep_output);

	if (r >= 0)
		r = drain(spawn, &spawn->err, keep_errors);
	if (r < 0) {
		kill_group(spawn);
		return r;
	}
	return spawn->out < 0 && spawn->err < 0;
}

int spawn_finish(struct spawn *spawn, int *ret_status, char **ret_output)
{
	siginfo_t info = { 0 };
	int status = 0, r;

	assert(spawn->pid > 0);
	if (waitid(P_PID, (id_t)spawn->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return -errno;
	if (info.si_pid == 0)
		return -EAGAIN;
	if (waitpid(spawn->pid, &status, 0) < 0)
		return -errno;
	spawn->pid = 0;
	/* What it wrote last may still be in the pipes. */
	r = spawn_read(spawn);
	if (r < 0 && r != -EFBIG)
		return r;
	if (ret_output) {
		size_t n = status != 0 ? spawn->n_errors : 0;
		char *output = realloc(spawn->output, spawn->size + n + 1);

		if (!output)
			return -ENOMEM;
		spawn->output = NULL;
		memcpy(output + spawn->size, spawn->errors, n);
		output[spawn->size + n] = '\0';
		*ret_output = output;
	}
	*ret_status = status;
	return 0;
}

void spawn_free(struct spawn *spawn)
{
	if (!spawn)
		return;
	if (spawn->pid > 0) {
		kill_group(spawn);
		while (waitpid(spawn->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	fd_closep(&spawn->pidfd);
	fd_closep(&spawn->out);
	fd_closep(&spawn->err);
	fd_closep(&spawn->epoll);
	free(spawn->output);
	free(spawn);
}

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC;
}

/* Until the child has ended: a grandchild that holds the pipes open is not waited for. */
static int wait_for(struct spawn *spawn, uint64_t deadline)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = spawn->epoll, .events = POLLIN },
			{ .fd = spawn->pidfd, .events = POLLIN },
		};
		uint64_t now = now_usec();
		int r;

		if (now >= deadline)
			return -ETIMEDOUT;
		now = (deadline - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
		r = poll(fds, ARRAY_SIZE(fds), now > 60000 ? 60000 : (int)now);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r <= 0)
			continue;
		if (fds[0].revents) {
			r = spawn_read(spawn);
			if (r < 0)
				return r;
			continue;
		}
		return 0;
	}
}

int spawn_run(const struct enter_process *inside, const char *const argv[], size_t max_output,
	      uint64_t timeout_usec, int *ret_status, char **ret_output)
{
	cleanup(spawn_freep) struct spawn *spawn = NULL;
	uint64_t deadline;
	int r;

	if (__builtin_add_overflow(now_usec(), timeout_usec, &deadline))
		deadline = USEC_NEVER;
	r = spawn_start(&spawn, inside, argv, max_output);
	if (r < 0)
		return r;
	r = wait_for(spawn, deadline);
	if (r < 0)
		return r;
	return spawn_finish(spawn, ret_status, ret_output);
}

int spawn_split(const char *command, char *buffer, size_t size, const char *argv[], size_t max)
{
	char *cursor = buffer, *word;
	size_t n = 0;

	if (text_copy(buffer, size, command) < 0)
		return -E2BIG;
	while ((word = text_word(&cursor))) {
		if (n + 1 >= max)
			return -E2BIG;
		argv[n++] = word;
	}
	if (n == 0)
		return -EINVAL;
	argv[n] = NULL;
	return (int)n;
}

void spawn_show_status(int status, char *to, size_t size)
{
	if (WIFSIGNALED(status))
		(void)text_format(to, size, "was killed by signal %d (%s)", WTERMSIG(status),
				  strsignal(WTERMSIG(status)));
	else
		(void)text_format(to, size, "exited with status %d", WEXITSTATUS(status));
}
