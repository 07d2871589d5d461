// SPDX-License-Identifier: LGPL-2.1-or-later
/* What podman 4.3.1 says of containers, recorded, and what it leaves unsaid. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "observe/runtime/http.h"
#include "observe/runtime/podman.h"

#define RECORDED "tests/data/runtime-podman-4.3.1-"
#define ID	 "c48705c9ea527e00810899df9527e8d1e8f3ffffe4cc7ba3ec3818fafb734396"
#define SECOND	 UINT64_C(1000000000)

static void inspect(const char *name, struct container *ret)
{
	cleanup(memory_freep) char *text = NULL;
	struct http_answer head;
	char path[128];
	size_t n;

	(void)text_format(path, sizeof(path), RECORDED "%s", name);
	assert_int_equal(file_read(path, 1 << 20, &text, &n), 0);
	assert_int_equal(http_answer_parse(text, n, &head), 0);
	assert_int_equal(head.status, 200);
	assert_int_equal(runtime_word_inspect(text + head.body, n - head.body, ret), 0);
}

static void test_inspect(void **state)
{
	struct container container;
	uint16_t port = 0;

	inspect("running.http", &container);
	assert_string_equal(container.name, "mailu-front-1");
	assert_string_equal(container.service, "front");
	assert_int_equal(container.state, CONTAINER_RUNNING);
	assert_int_equal(container.restart, RESTART_ALWAYS);
	assert_true(container.pid > 0);
	assert_false(container.asked);
	assert_int_equal(container.n_ports, 3);
	assert_true(container_publishes(&container, 465, &port));
	assert_int_equal(port, 4650);
	inspect("paused.http", &container);
	assert_int_equal(container.state, CONTAINER_PAUSED);
	inspect("stopping.http", &container); /* its first process does not mind SIGTERM */
	assert_int_equal(container.state, CONTAINER_RUNNING);
	assert_true(container.asked);
	inspect("hostnet.http", &container);
	assert_true(container_shares_host(&container));
	inspect("stopped.http", &container);
	assert_int_equal(container.state, CONTAINER_EXITED);
	assert_false(container.asked);
	assert_int_equal(container.n_ports, 3);
	podman_take_end(&container);
	assert_true(container.asked);
	assert_int_equal(container.signal, SIGTERM);
}

/* What was done when the events were recorded, and what each leaves of the container. */
static void test_events(void **state)
{
	static const struct {
		enum runtime_event_kind kind;
		enum container_state state;
		bool asked, was_stopped;
	} front[] = {
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, false },
		{ RUNTIME_EVENT_PAUSE, CONTAINER_PAUSED, false, false },
		{ RUNTIME_EVENT_UNPAUSE, CONTAINER_RUNNING, false, false },
		{ RUNTIME_EVENT_KILL, CONTAINER_RUNNING, false, false }, /* podman kill -s HUP */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, true },	 /* podman restart */
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, false },
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, true }, /* podman stop */
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, false },
		{ RUNTIME_EVENT_KILL, CONTAINER_RUNNING, false, false }, /* podman kill */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, false },
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, false },
		{ RUNTIME_EVENT_KILL, CONTAINER_RUNNING, false, false }, /* podman kill -s TERM */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, true },
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, false },
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, false, false }, /* kill -KILL of its first process */
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, false },
		{ RUNTIME_EVENT_OTHER, CONTAINER_RUNNING, false, false }, /* podman rename */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, true },	  /* podman rm -f */
		{ RUNTIME_EVENT_DESTROY, CONTAINER_REMOVED, true, true },
	};
	cleanup(memory_freep) char *text = NULL;
	struct container container = { 0 };
	const char *rest;
	char line[4096];

	assert_int_equal(file_read(RECORDED "events.jsonl", 1 << 20, &text, NULL), 0);
	rest = text;
	for (size_t i = 0; i < ARRAY_SIZE(front); i++) {
		struct runtime_event event;

		assert_true(text_line(&rest, line, sizeof(line)));
		assert_int_equal(runtime_word_event(line, strlen(line), &event), 0);
		assert_true(event.time_ns > 1700000000 * SECOND);
		podman_apply(&event, &container);
		if (event.kind != front[i].kind || container.state != front[i].state ||
		    container.asked != front[i].asked || container_was_stopped(&container) != front[i].was_stopped)
			fail_msg("event %zu: kind %d, state %d, asked %d, stopped %d", i, event.kind, container.state,
				 container.asked, container_was_stopped(&container));
	}
}

/* A signal that is not said ends it soon, or was another. */
static void test_kills(void **state)
{
	static const struct {
		const char *why;
		uint64_t kill, die;
		int exit_code;
		bool asked;
	} rows[] = {
		{ "at once", 5 * SECOND, 5 * SECOND + 1, 137, true },
		{ "soon", 5 * SECOND, 15 * SECOND - 1, 0, true },
		{ "later: it was a reload", 5 * SECOND, 15 * SECOND, 137, false },
		{ "later, by SIGTERM", 5 * SECOND, 500 * SECOND, 143, true },
		{ "the clock was set back", 5 * SECOND, 4 * SECOND, 137, false },
		{ "nobody", 0, 5 * SECOND, 137, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container container = { .state = CONTAINER_RUNNING };
		const struct runtime_event killed = { .kind = RUNTIME_EVENT_KILL, .time_ns = rows[i].kill };
		const struct runtime_event died = { .kind = RUNTIME_EVENT_DIE,
						    .time_ns = rows[i].die,
						    .exit_code = rows[i].exit_code };

		if (rows[i].kill)
			podman_apply(&killed, &container);
		assert_false(container.asked);
		podman_apply(&died, &container);
		if (container.asked != rows[i].asked)
			fail_msg("%s", rows[i].why);
	}
}

/* It says nothing of whether it will start one again; after some seconds that is known. */
static void test_left(void **state)
{
	static const struct {
		enum container_state state;
		enum container_restart restart;
		bool changes, asked;
	} rows[] = {
		{ CONTAINER_EXITED, RESTART_ALWAYS, true, true },
		{ CONTAINER_EXITED, RESTART_UNLESS_STOPPED, true, true },
		{ CONTAINER_EXITED, RESTART_ON_FAILURE, true, false }, /* it may have failed too often */
		{ CONTAINER_EXITED, RESTART_NO, false, false },
		{ CONTAINER_RUNNING, RESTART_ALWAYS, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container container = { .state = rows[i].state, .restart = rows[i].restart, .exit_code = 137 };

		assert_int_equal(podman_leave(&container), rows[i].changes);
		assert_int_equal(container.asked, rows[i].asked);
		assert_false(podman_leave(&container));
		if (rows[i].changes)
			assert_false(container_comes_back(&container));
	}
}

/* Whose a container is decides what an administrator types. The label is anybody's word. */
static void test_remedies(void **state)
{
	static const struct {
		const char *labels, *state, *remedy;
	} rows[] = {
		{ "", "exited", "podman start front" },
		{ "", "paused", "podman unpause front" },
		{ "\"com.docker.compose.service\":\"mail\",\"com.docker.compose.project.working_dir\":\"/srv\"",
		  "exited", "cd /srv && podman-compose up -d mail" },
		{ "\"PODMAN_SYSTEMD_UNIT\":\"front.service\"", "exited", "systemctl start front.service" },
		{ "\"PODMAN_SYSTEMD_UNIT\":\"front@1.service\"", "exited", "systemctl start front@1.service" },
		{ "\"PODMAN_SYSTEMD_UNIT\":\"front;reboot.service\"", "exited", "podman start front" },
		{ "\"PODMAN_SYSTEMD_UNIT\":\"--now.service\"", "exited", "podman start front" },
		{ "\"PODMAN_SYSTEMD_UNIT\":\"front\"", "exited", "podman start front" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container container;
		char text[1024], remedy[CONTAINER_DETAIL_SIZE];

		(void)text_format(text, sizeof(text),
				  "{\"Id\":\"" ID "\",\"Name\":\"/front\",\"State\":{\"Status\":\"%s\"},"
				  "\"Config\":{\"Labels\":{%s}}}",
				  rows[i].state, rows[i].labels);
		assert_int_equal(runtime_word_inspect(text, strlen(text), &container), 0);
		(void)text_copy(container.runtime, sizeof(container.runtime), "podman");
		container_remedy(&container, remedy);
		assert_string_equal(remedy, rows[i].remedy);
	}
}

struct written {
	int n;
};

static void on_written(void *userdata)
{
	((struct written *)userdata)->n++;
}

static void write_file(const char *directory, const char *name)
{
	char path[256];
	FILE *file;

	(void)text_format(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "a");
	assert_non_null(file);
	assert_true(fputs("x", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Its databases alone, and no oftener than it can be asked. */
static void test_written(void **state)
{
	struct podman podman = { 0 };
	struct written written = { 0 };
	char root[64] = "/tmp/hearken-test-podman.XXXXXX", libpod[80], path[160];
	sd_event *event = NULL;

	assert_non_null(mkdtemp(root));
	(void)text_format(libpod, sizeof(libpod), "%s/libpod", root);
	assert_int_equal(mkdir(libpod, 0700), 0);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(podman_open(&podman, event, on_written, on_written, &written), 0);
	podman_watch(&podman, "/nonexistent");
	podman_watch(&podman, root);
	write_file(root, "storage.lock");
	for (int i = 0; i < 3; i++)
		assert_true(sd_event_run(event, 20000) >= 0);
	assert_int_equal(written.n, 0);
	for (int i = 0; i < 20; i++)
		write_file(i % 2 ? libpod : root, i % 2 ? "bolt_state.db" : "db.sql-wal");
	for (int i = 0; i < 30; i++)
		assert_true(sd_event_run(event, 20000) >= 0);
	assert_in_range(written.n, 1, 3);
	podman_close(&podman);
	sd_event_unref(event);
	(void)text_format(path, sizeof(path), "rm -rf %s", root);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inspect), cmocka_unit_test(test_events),	 cmocka_unit_test(test_kills),
		cmocka_unit_test(test_left),	cmocka_unit_test(test_remedies), cmocka_unit_test(test_written),
	};

	return cmocka_run_group_tests_name("podman", tests, NULL, NULL);
}
