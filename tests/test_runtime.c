// SPDX-License-Identifier: LGPL-2.1-or-later
/* The conversation with a runtime: a server of ours on a UNIX socket answers with what docker 20.10.24 said. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "observe/runtime/runtime.h"

#define RECORDED "tests/data/runtime-docker-20.10.24-"
#define ID	 "a2d58691de6caf5691b702fe731086eb411345e4ffb69beaf8d9b23bb61623cc"
#define WAIT	 (3 * USEC_PER_SEC)

static char directory[64], path[96];

struct seen {
	size_t n;
	struct container front; /* at the last change */
	int restarted;		/* -1: not yet */
};

static int begin(void **state)
{
	(void)text_copy(directory, sizeof(directory), "/tmp/hearken-test-runtime.XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)text_format(path, sizeof(path), "%s/sock", directory);
	return 0;
}

static int end(void **state)
{
	(void)unlink(path);
	return rmdir(directory);
}

static void say_file(int fd, const char *name)
{
	cleanup(memory_freep) char *text = NULL;
	char file[128];
	size_t n;

	(void)text_format(file, sizeof(file), RECORDED "%s", name);
	if (file_read(file, 1 << 20, &text, &n) < 0)
		_exit(1);
	(void)!write(fd, text, n);
}

static void say(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

/* Answers @answers questions, then ends; what it says on /events is the caller's. */
static pid_t serve(const char *events, bool nonsense)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	(void)text_copy(address.sun_path, sizeof(address.sun_path), path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	(void)alarm(20);
	for (;;) {
		int client = accept(fd, NULL, NULL);
		char line[1024] = "";

		(void)!read(client, line, sizeof(line) - 1);
		if (nonsense) {
			say(client, "SSH-2.0-nobody\r\n\r\n");
		} else if (text_starts_with(line, "GET /events?filters=")) {
			say(client, "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\n\r\n");
			usleep(100000);
			say(client, events);
			continue; /* it goes on */
		} else if (text_starts_with(line, "GET /containers/json?all=1 HTTP/1.0\r\n")) {
			say_file(client, "list.http");
		} else if (text_starts_with(line, "GET /containers/" ID "/json ")) {
			say_file(client, *events ? "stopped.http" : "running.http");
		} else if (text_starts_with(line, "POST /containers/" ID "/restart ")) {
			say(client, "HTTP/1.0 204 No Content\r\n\r\n");
		} else {
			say_file(client, "404.http");
		}
		close(client);
	}
}

static void stop(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void on_changed(struct runtime *runtime, const struct container *container, void *userdata)
{
	struct seen *seen = userdata;

	seen->n++;
	if (strcmp(container->id, ID) == 0)
		seen->front = *container;
}

static const struct runtime_callbacks callbacks = { .changed = on_changed };

static uint64_t now(sd_event *event)
{
	uint64_t usec = 0;

	(void)sd_event_now(event, CLOCK_MONOTONIC, &usec);
	return usec;
}

/* Runs the loop until @runtime is settled and @seen has @state. */
static void run_until(sd_event *event, const struct runtime *runtime, const struct seen *seen,
		      enum container_state state)
{
	uint64_t limit = now(event) + WAIT;

	while ((!runtime_is_settled(runtime) || seen->front.state != state) && now(event) < limit)
		assert_true(sd_event_run(event, 100000) >= 0);
	assert_true(runtime_is_settled(runtime));
	assert_int_equal(seen->front.state, state);
}

static void test_asked(void **state)
{
	sd_event *event = NULL;
	struct runtime *runtime = NULL;
	struct seen seen = { 0 };
	pid_t pid = serve("", false);

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(runtime_new(&runtime, event, "docker", path, NULL, &callbacks, &seen), 0);
	run_until(event, runtime, &seen, CONTAINER_RUNNING);
	assert_true(runtime_is_witness(runtime));
	assert_string_equal(runtime_trouble(runtime), "");
	assert_string_equal(seen.front.name, "mailu-front-1");
	assert_non_null(runtime_find(runtime, ID));
	assert_int_equal(runtime_count(runtime), 4); /* three of them were gone when they were asked for */
	stop(pid);
	for (int i = 0; i < 20 && runtime_is_witness(runtime); i++)
		assert_true(sd_event_run(event, 100000) >= 0);
	assert_false(runtime_is_witness(runtime));
	assert_int_equal(seen.front.state, CONTAINER_RUNNING); /* that it does not answer is no word on a container */
	runtime_free(runtime);
	sd_event_unref(event);
}

static void test_told(void **state)
{
	static const char events[] = "{\"Type\":\"container\",\"Action\":\"kill\",\"Actor\":{\"ID\":\"" ID
				     "\",\"Attributes\":{\"signal\":\"15\"}}}\n"
				     "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"" ID
				     "\",\"Attributes\":{\"exitCode\":\"0\"}}}\nnonsense\n";
	sd_event *event = NULL;
	struct runtime *runtime = NULL;
	struct seen seen = { 0 };
	pid_t pid = serve(events, false);

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(runtime_new(&runtime, event, "docker", path, NULL, &callbacks, &seen), 0);
	run_until(event, runtime, &seen, CONTAINER_EXITED);
	for (uint64_t limit = now(event) + WAIT; !seen.front.asked && now(event) < limit;)
		assert_true(sd_event_run(event, 100000) >= 0);
	assert_true(seen.front.asked);
	runtime_free(runtime);
	sd_event_unref(event);
	stop(pid);
}

static void on_restarted(int error, const char *detail, void *userdata)
{
	((struct seen *)userdata)->restarted = error;
}

static void test_restart(void **state)
{
	static const struct {
		const char *id;
		int r, error;
	} rows[] = {
		{ ID, 0, 0 },
		{ "2296ef88bec6a7792a899a4bfc0916ac2f13d0d67e79cd1543902f230c04bf13", 0, EREMOTEIO },
		{ "../../images/json?", -EINVAL, -1 },
	};
	sd_event *event = NULL;
	struct runtime *runtime = NULL;
	struct seen seen = { 0 };
	pid_t pid = serve("", false);

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(runtime_new(&runtime, event, "docker", path, NULL, &callbacks, &seen), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		seen.restarted = -1;
		assert_int_equal(runtime_restart(runtime, rows[i].id, on_restarted, &seen), rows[i].r);
		for (uint64_t limit = now(event) + WAIT; rows[i].r == 0 && seen.restarted == -1 && now(event) < limit;)
			assert_true(sd_event_run(event, 100000) >= 0);
		assert_int_equal(seen.restarted, rows[i].error);
	}
	runtime_free(runtime);
	sd_event_unref(event);
	stop(pid);
}

/* Who is not there is no trouble; who talks nonsense is one, and settles it all the same. */
static void test_trouble(void **state)
{
	sd_event *event = NULL;
	struct runtime *runtime = NULL;
	struct seen seen = { 0 };
	pid_t pid = 0;

	assert_true(sd_event_new(&event) >= 0);
	for (int i = 0; i < 2; i++) {
		if (i == 1)
			pid = serve("", true);
		assert_int_equal(
			runtime_new(&runtime, event, "docker", i ? path : "/nonexistent", NULL, &callbacks, &seen), 0);
		run_until(event, runtime, &seen, CONTAINER_UNKNOWN);
		for (int j = 0; j < 5 && runtime_is_witness(runtime); j++)
			assert_true(sd_event_run(event, 100000) >= 0);
		assert_false(runtime_is_witness(runtime));
		assert_int_equal(*runtime_trouble(runtime) != '\0', i == 1);
		runtime_free(runtime);
	}
	stop(pid);
	sd_event_unref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_trouble),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, begin, end);
}
