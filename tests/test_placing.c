// SPDX-License-Identifier: LGPL-2.1-or-later
/* Services in containers: which of them the host's clients see, and by whom a port of the host is served. */
#include "tests/support/intent_play.h"

#include <errno.h>

#include "intent/merge/placing.h"
#include "model/container.h"

#define ANY4                      \
	{                         \
		.family = AF_INET \
	}
#define ANY6                       \
	{                          \
		.family = AF_INET6 \
	}

static struct container containers[4];

static struct container *add_container(size_t i, const char *name, enum container_state state)
{
	containers[i] = (struct container){ .state = state, .pid = state == CONTAINER_RUNNING ? 1 : 0 };
	(void)text_copy(containers[i].name, sizeof(containers[i].name), name);
	(void)snprintf(containers[i].id, sizeof(containers[i].id), "%064zx", i);
	return &containers[i];
}

static void publish(struct container *container, uint16_t host_port, uint16_t port, struct address address)
{
	container->ports[container->n_ports++] =
		(struct container_port){ .address = address, .host_port = host_port, .port = port };
}

static struct service *add_service(struct service_set *set, uint16_t port, const char *name)
{
	struct service *service = service_set_add(set);

	assert_non_null(service);
	service->want.port = port;
	service->expected = true;
	(void)text_copy(service->name, sizeof(service->name), name);
	return service;
}

static void test_to_host(void **state)
{
	struct container *container = add_container(0, "mail", CONTAINER_RUNNING);
	struct service_set inside = { 0 }, host = { 0 };
	struct address local = { .family = AF_INET, .bytes = { 127, 0, 0, 1 } };

	publish(container, 587, 587, (struct address)ANY4);
	publish(container, 587, 587, (struct address)ANY6);
	publish(container, 4650, 465, local);
	publish(container, 465, 465, (struct address){ 0 });
	publish(container, 8080, 80, (struct address){ 0 });
	(void)add_service(&inside, 465, "submissions");
	(void)add_service(&inside, 587, "submission");
	(void)add_service(&inside, 10143, "imap-10143"); /* for its neighbours alone */
	assert_int_equal(placing_to_host(container, &inside, &host), 0);
	service_set_sort(&host);
	assert_int_equal(host.n, 3);
	assert_int_equal(host.list[0].want.port, 465);
	assert_int_equal(host.list[0].want.n_addresses, 0);
	assert_int_equal(host.list[1].want.port, 587);
	assert_int_equal(host.list[1].want.n_addresses, 0);
	assert_int_equal(host.list[2].want.port, 4650);
	assert_true(address_equal(&host.list[2].want.addresses[0], &local));
	assert_string_not_equal(host.list[2].name, host.list[0].name);
	service_set_clear(&inside);
	service_set_clear(&host);
}

static void test_assign(void **state)
{
	struct container_set set = { containers, 4 };
	struct service_set services = { 0 };

	publish(add_container(0, "old", CONTAINER_EXITED), 587, 587, (struct address){ 0 });
	publish(add_container(1, "front", CONTAINER_RUNNING), 587, 1587, (struct address){ 0 });
	publish(add_container(2, "gone", CONTAINER_REMOVED), 587, 587, (struct address){ 0 });
	publish(add_container(3, "stopped", CONTAINER_EXITED), 993, 993, (struct address){ 0 });
	publish(&containers[3], 25, 25, (struct address){ 0 });
	(void)text_copy(add_service(&services, 25, "smtp")->server.unit, UNIT_NAME_SIZE, "postfix.service");
	(void)add_service(&services, 587, "submission");
	(void)add_service(&services, 993, "imaps");
	(void)add_service(&services, 995, "pop3s");
	placing_assign(&set, &services);
	assert_string_equal(services.list[0].server.container, ""); /* the host's own server is known */
	assert_string_equal(services.list[1].server.container, "front");
	assert_int_equal(service_port_inside(&services.list[1]), 1587);
	assert_string_equal(services.list[2].server.container, "stopped");
	assert_string_equal(services.list[3].server.container, "");
	assert_int_equal(service_port_inside(&services.list[3]), 995);
	service_set_clear(&services);
}

static void test_find(void **state)
{
	struct container_set set = { containers, 3 };

	(void)add_container(0, "front", CONTAINER_REMOVED);
	(void)add_container(1, "front", CONTAINER_RUNNING);
	(void)add_container(2, "front", CONTAINER_EXITED);
	assert_ptr_equal(container_set_find(&set, "front"), &containers[1]);
	assert_null(container_set_find(&set, "back"));
}

/* What a Dovecot in a container says, once it runs and once it does not. */
static void merge(struct last_good *words, const char *output, int result, struct intent *ret)
{
	/* Nobody enters it here: what it printed is there. */
	static const struct enter_process somewhere = { .pidfd = STDIN_FILENO }, nowhere = { .pidfd = -1 };
	struct config config = { .sources_auto = true };
	struct rendered_server *server = &tools.list[0];

	memset(&tools, 0, sizeof(tools));
	tools.containers = calloc(1, sizeof(*tools.containers));
	assert_non_null(tools.containers);
	tools.containers[0] = containers[0];
	tools.n_containers = 1;
	tools.n = 1;
	for (size_t i = 0; i < n_servers; i++)
		if (servers[i]->kind == SOURCE_DOVECOT)
			server->server = servers[i];
	(void)text_copy(server->path, sizeof(server->path), "/etc/dovecot/dovecot.conf");
	server->inside = output ? &somewhere : &nowhere;
	server->container = &tools.containers[0];
	server->n_tools = 1;
	server->tools[0].question = &server->server->questions[0];
	intent_play_say(server, output, result);
	assert_int_equal(intent_merge(&config, &tools, words, ret), 0);
	intent_tools_clear(&tools);
}

static const struct source *find_source(const struct intent *intent)
{
	for (size_t i = 0; i < intent->n_sources; i++)
		if (intent->sources[i].kind == SOURCE_DOVECOT)
			return &intent->sources[i];
	return NULL;
}

static void test_rendered_inside(void **state)
{
	cleanup(memory_freep) char *printed = NULL;
	struct last_good words = { 0 };
	struct intent intent;
	const struct service *service;

	assert_int_equal(file_read("tests/data/doveconf-mailu-buggy.txt", RENDERING_TEXT_MAX, &printed, NULL), 0);
	(void)add_container(0, "mail", CONTAINER_RUNNING);
	publish(&containers[0], 993, 993, (struct address){ 0 });
	publish(&containers[0], 1465, 465, (struct address){ 0 });
	publish(&containers[0], 587, 587, (struct address){ 0 });
	for (int runs = 1; runs >= 0; runs--) {
		containers[0].state = runs ? CONTAINER_RUNNING : CONTAINER_EXITED;
		merge(&words, runs ? printed : NULL, runs ? 0 : -ESRCH, &intent);
		service = service_set_find(&intent.services, 993);
		assert_non_null(service);
		assert_string_equal(service->server.container, "mail");
		assert_int_equal(service->provenance.rendered, RENDERED_YES);
		service = service_set_find(&intent.services, 1465);
		assert_non_null(service);
		assert_int_equal(service->server.container_port, 465);
		assert_null(service_set_find(&intent.services, 10143));
		assert_string_equal(find_source(&intent)->path, "mail:/etc/dovecot/dovecot.conf");
		intent_clear(&intent);
	}
	/* Nobody knows what it served. */
	last_good_clear(&words);
	merge(NULL, NULL, -ESRCH, &intent);
	assert_null(find_source(&intent));
	intent_clear(&intent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_host),
		cmocka_unit_test(test_assign),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_rendered_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
