// SPDX-License-Identifier: LGPL-2.1-or-later
/* What docker 20.10.24 says of containers, recorded: answers of its API, its events, its files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "observe/runtime/http.h"
#include "observe/runtime/word.h"

#define RECORDED "tests/data/runtime-docker-20.10.24-"

struct recorded {
	char *text;
	size_t n;
	unsigned int status;
	const char *body;
	size_t n_body;
};

static struct recorded load(const char *name)
{
	struct recorded recorded = { 0 };
	struct http_answer head;
	char path[128];

	(void)text_format(path, sizeof(path), RECORDED "%s", name);
	assert_int_equal(file_read(path, 1 << 20, &recorded.text, &recorded.n), 0);
	recorded.body = recorded.text;
	recorded.n_body = recorded.n;
	if (!strstr(name, ".http"))
		return recorded;
	assert_int_equal(http_answer_parse(recorded.text, recorded.n, &head), 0);
	recorded.status = head.status;
	recorded.body += head.body;
	recorded.n_body -= head.body;
	return recorded;
}

static void inspect(const char *name, struct container *ret)
{
	struct recorded recorded = load(name);

	assert_int_equal(recorded.status, 200);
	assert_int_equal(runtime_word_inspect(recorded.body, recorded.n_body, ret), 0);
	free(recorded.text);
}

static void test_heads(void **state)
{
	static const struct {
		const char *bytes;
		int r;
		unsigned int status;
	} rows[] = {
		{ "", -EAGAIN, 0 },
		{ "HTTP/1.0 200 OK\r\nServer: x\r\n", -EAGAIN, 0 },
		{ "HTTP/1.0 200 OK\r\n\r\n", 0, 200 },
		{ "HTTP/1.1 204 No Content\r\nA: b\r\n\r\nrest", 0, 204 },
		{ "HTTP/1.0 20x OK\r\n\r\n", -EBADMSG, 0 },
		{ "HTTP/2.0 200 OK\r\n\r\n", -EBADMSG, 0 },
		{ "HTTP/1.0\r\n\r\n", -EBADMSG, 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", -EBADMSG, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct http_answer head = { 0 };
		int r = http_answer_parse(rows[i].bytes, strlen(rows[i].bytes), &head);

		if (r != rows[i].r || head.status != rows[i].status)
			fail_msg("%s: %d, status %u", rows[i].bytes, r, head.status);
	}
}

static void test_list(void **state)
{
	struct recorded recorded = load("list.http");
	struct runtime_list list;

	assert_int_equal(runtime_word_list(recorded.body, recorded.n_body, &list), 0);
	assert_int_equal(list.n, 4);
	assert_false(list.cut);
	assert_true(text_starts_with(list.ids[0], "2296ef88bec6"));
	free(recorded.text);
	recorded = load("404.http");
	assert_int_equal(recorded.status, 404);
	assert_int_equal(runtime_word_list(recorded.body, recorded.n_body, &list), -EBADMSG);
	free(recorded.text);
}

static void test_running(void **state)
{
	struct container container;
	uint16_t port = 0;

	inspect("running.http", &container);
	assert_string_equal(container.name, "mailu-front-1");
	assert_string_equal(container.image, "example/mail:1");
	assert_string_equal(container.project, "mailu");
	assert_string_equal(container.service, "front");
	assert_string_equal(container.directory, "/mailu");
	assert_string_equal(container.config_files, "/mailu/docker-compose.yml");
	assert_int_equal(container.state, CONTAINER_RUNNING);
	assert_int_equal(container.restart, RESTART_ALWAYS);
	assert_int_equal(container.pid, 30476);
	assert_int_equal(container.n_ports, 4); /* 465, 993, and 587 in two families */
	assert_true(container_publishes(&container, 465, &port));
	assert_int_equal(port, 4650);
	assert_true(container_publishes(&container, 587, &port));
	assert_int_equal(port, 587);
	assert_false(container_publishes(&container, 4650, &port));
	assert_false(container_shares_host(&container));
}

static void test_others(void **state)
{
	struct container container;

	inspect("paused.http", &container);
	assert_int_equal(container.state, CONTAINER_PAUSED);
	inspect("hostnet.http", &container);
	assert_true(container_shares_host(&container));
	assert_int_equal(container.restart, RESTART_ON_FAILURE);
	assert_int_equal(container.restart_max, 3);
	inspect("side.http", &container);
	assert_true(text_starts_with(container.network, "container:a2d58691de6c"));
	inspect("oom.http", &container);
	assert_int_equal(container.state, CONTAINER_EXITED);
	assert_int_equal(container.exit_code, 137);
	assert_true(container.oom);
	inspect("stopped.http", &container);
	assert_int_equal(container.state, CONTAINER_EXITED);
	assert_int_equal(container.n_ports, 3); /* what it shall publish: "" is one for both families */
	assert_int_equal(container.ports[1].address.family, 0);
}

static void test_stored(void **state)
{
	struct recorded host = load("hostconfig.json"), config = load("config-stopped.json");
	struct container container;

	assert_int_equal(runtime_word_stored(config.text, config.n, host.text, host.n, &container), 0);
	assert_int_equal(container.state, CONTAINER_EXITED);
	assert_true(container.asked);
	assert_int_equal(container.restart, RESTART_ALWAYS);
	assert_int_equal(container.n_ports, 3);
	free(config.text);
	config = load("config-running.json");
	assert_int_equal(runtime_word_stored(config.text, config.n, "", 0, &container), 0);
	assert_int_equal(container.state, CONTAINER_RUNNING);
	assert_false(container.asked);
	assert_true(container.pid > 0);
	free(config.text);
	free(host.text);
}

/* What was done when the events were recorded, and what each leaves of the container. */
static void test_events(void **state)
{
	static const struct {
		enum runtime_event_kind kind;
		enum container_state state;
		bool asked;
		int number; /* signal or exit code */
	} front[] = {
		{ RUNTIME_EVENT_OTHER, CONTAINER_UNKNOWN, false, 0 }, /* create */
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, 0 },
		{ RUNTIME_EVENT_PAUSE, CONTAINER_PAUSED, false, 0 },
		{ RUNTIME_EVENT_UNPAUSE, CONTAINER_RUNNING, false, 0 },
		{ RUNTIME_EVENT_KILL, CONTAINER_RUNNING, true, 15 }, /* docker restart */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, 0 },
		{ RUNTIME_EVENT_STOP, CONTAINER_EXITED, true, 0 },
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, 0 },
		{ RUNTIME_EVENT_OTHER, CONTAINER_RUNNING, false, 0 },
		{ RUNTIME_EVENT_KILL, CONTAINER_RUNNING, true, 15 }, /* docker stop */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, 0 },
		{ RUNTIME_EVENT_STOP, CONTAINER_EXITED, true, 0 },
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, 0 },
		{ RUNTIME_EVENT_KILL, CONTAINER_RUNNING, true, 9 }, /* docker kill */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, 137 },
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, 0 },
		{ RUNTIME_EVENT_KILL, CONTAINER_RUNNING, true, 15 }, /* docker kill -s TERM */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, 0 },
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, 0 },
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, false, 137 }, /* kill -KILL of its first process */
		{ RUNTIME_EVENT_START, CONTAINER_RUNNING, false, 0 },
		{ RUNTIME_EVENT_OTHER, CONTAINER_RUNNING, false, 0 }, /* rename */
		{ RUNTIME_EVENT_KILL, CONTAINER_RUNNING, true, 9 },   /* docker rm -f */
		{ RUNTIME_EVENT_DIE, CONTAINER_EXITED, true, 137 },
		{ RUNTIME_EVENT_DESTROY, CONTAINER_REMOVED, true, 0 },
	};
	struct recorded recorded = load("events.jsonl");
	struct container container = { 0 };
	const char *rest = recorded.text;
	char line[4096];
	size_t i = 0;

	while (text_line(&rest, line, sizeof(line))) {
		struct runtime_event event;

		assert_int_equal(runtime_word_event(line, strlen(line), &event), 0);
		if (!text_starts_with(event.id, "a2d58691de6c"))
			continue;
		assert_true(i < ARRAY_SIZE(front));
		runtime_word_apply(&event, &container);
		if (event.kind != front[i].kind || container.state != front[i].state ||
		    container.asked != front[i].asked || event.signal + event.exit_code != front[i].number)
			fail_msg("event %zu: kind %d, state %d, asked %d, number %d", i, event.kind, container.state,
				 container.asked, event.signal + event.exit_code);
		i++;
	}
	assert_int_equal(i, ARRAY_SIZE(front));
	free(recorded.text);
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {
		"", "{", "7", "[]", "null", "{\"Id\":7}", "{\"Id\":\"../../etc\"}", "{\"Actor\":{\"ID\":\"x\"}}"
	};
	struct container container;
	struct runtime_event event;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(runtime_word_inspect(texts[i], strlen(texts[i]), &container), -EBADMSG);
		assert_int_equal(runtime_word_event(texts[i], strlen(texts[i]), &event), -EBADMSG);
	}
}

/* A server is told by these signals to read its files anew; whoever sends them does not stop it. */
static void test_signals(void **state)
{
	static const struct {
		int signal;
		bool asked;
	} rows[] = { { 1, false }, { 10, false }, { 12, false }, { 28, false }, { 2, true },
		     { 3, true },  { 9, true },	  { 15, true },	 { 37, true } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container container = { .state = CONTAINER_RUNNING };
		const struct runtime_event event = { .kind = RUNTIME_EVENT_KILL, .signal = rows[i].signal };

		runtime_word_apply(&event, &container);
		assert_int_equal(container.asked, rows[i].asked);
	}
}

static void play(struct container *container, const struct runtime_event *events, size_t n)
{
	*container = (struct container){ .state = CONTAINER_RUNNING };
	for (size_t i = 0; i < n; i++)
		runtime_word_apply(&events[i], container);
}

/* "docker stop" whose patience ended, "docker stop -t 0", "docker rm -f": all of them end by SIGKILL. */
static void test_what_was_meant(void **state)
{
	static const struct {
		const char *why;
		struct runtime_event events[4];
		size_t n;
		bool was_stopped;
	} rows[] = {
		{ "killed, and lies there",
		  { { .kind = RUNTIME_EVENT_KILL, .signal = 9 }, { .kind = RUNTIME_EVENT_DIE, .exit_code = 137 } },
		  2,
		  false },
		{ "killed twice",
		  { { .kind = RUNTIME_EVENT_KILL, .signal = 9 },
		    { .kind = RUNTIME_EVENT_KILL, .signal = 9 },
		    { .kind = RUNTIME_EVENT_DIE, .exit_code = 137 } },
		  3,
		  false },
		{ "asked first",
		  { { .kind = RUNTIME_EVENT_KILL, .signal = 15 },
		    { .kind = RUNTIME_EVENT_KILL, .signal = 9 },
		    { .kind = RUNTIME_EVENT_DIE, .exit_code = 137 } },
		  3,
		  true },
		{ "stopped without patience",
		  { { .kind = RUNTIME_EVENT_KILL, .signal = 9 },
		    { .kind = RUNTIME_EVENT_DIE, .exit_code = 137 },
		    { .kind = RUNTIME_EVENT_STOP } },
		  3,
		  true },
		{ "removed by force",
		  { { .kind = RUNTIME_EVENT_KILL, .signal = 9 },
		    { .kind = RUNTIME_EVENT_DIE, .exit_code = 137 },
		    { .kind = RUNTIME_EVENT_DESTROY } },
		  3,
		  true },
		{ "by itself", { { .kind = RUNTIME_EVENT_DIE, .exit_code = 137 } }, 1, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container container;

		play(&container, rows[i].events, rows[i].n);
		if (container_was_stopped(&container) != rows[i].was_stopped)
			fail_msg("%s", rows[i].why);
	}
}

static void test_words(void **state)
{
	struct container container = { .name = "front",
				       .runtime = "docker",
				       .state = CONTAINER_EXITED,
				       .exit_code = 137,
				       .restart = RESTART_ALWAYS };
	char text[CONTAINER_DETAIL_SIZE];

	container_tell(&container, text);
	assert_string_equal(text, "the first process of container front ended: exit code 137, signal 9 (SIGKILL); "
				  "its restart policy is \"always\"");
	assert_true(container_comes_back(&container));
	container.is_left = true; /* after a "docker kill" of any signal, docker 20.10 does so */
	assert_false(container_comes_back(&container));
	container_tell(&container, text);
	assert_string_equal(text, "the first process of container front ended: exit code 137, signal 9 (SIGKILL); "
				  "its restart policy is \"always\", and docker does not start it again");
	container.is_left = false;
	container.restart = RESTART_ON_FAILURE; /* up to a number, which it keeps for itself */
	container.restart_max = 2;
	assert_true(container_comes_back(&container));
	container.exit_code = 0;
	assert_false(container_comes_back(&container));
	container.exit_code = 137;
	container.asked = true;
	assert_false(container_comes_back(&container));
	container.signal = 15;
	container.exit_code = 0;
	container_tell(&container, text);
	assert_string_equal(text, "somebody had docker stop container front (signal 15 (SIGTERM); exit code 0)");
	assert_true(container_was_stopped(&container));
	container_remedy(&container, text);
	assert_string_equal(text, "docker start front");
	(void)text_copy(container.service, sizeof(container.service), "front");
	(void)text_copy(container.directory, sizeof(container.directory), "/mailu");
	container_remedy(&container, text);
	assert_string_equal(text, "cd /mailu && docker compose up -d front");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),	       cmocka_unit_test(test_list),    cmocka_unit_test(test_running),
		cmocka_unit_test(test_others),	       cmocka_unit_test(test_stored),  cmocka_unit_test(test_events),
		cmocka_unit_test(test_nonsense),       cmocka_unit_test(test_signals), cmocka_unit_test(test_words),
		cmocka_unit_test(test_what_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
