// SPDX-License-Identifier: LGPL-2.1-or-later
/* What only a real socket can show: who is at its ends, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "probe/wire/pump.h"

static struct sockaddr_in at(uint32_t address, in_port_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(address) }, .sin_port = port };
}

/* A connection to 127.0.0.1 from @from; both ends. */
static void connect_pair(uint32_t from, int *ret_client, int *ret_server)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = at(INADDR_LOOPBACK, 0), own = at(from, 0);
	socklen_t size = sizeof(to);

	assert_int_equal(bind(listener, (struct sockaddr *)&to, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &size), 0);
	assert_int_equal(bind(client, (struct sockaddr *)&own, size), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, size), 0);
	*ret_server = accept(listener, NULL, NULL);
	assert_true(*ret_server >= 0);
	*ret_client = client;
	close(listener);
}

static void say(int server, const char *text)
{
	assert_int_equal(send(server, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static struct conversation *start(struct tls_store *store)
{
	static const struct probe_plan plan = { .protocol = PROTOCOL_SUBMISSION, .tls = TLS_STARTTLS };
	struct conversation *c;

	assert_int_equal(conversation_new(&c, &plan, store, 1, 1), 0);
	return c;
}

/* A server offers its own host passwords in plain text; that is no news of what strangers get. */
static void test_same_host(void **state)
{
	static const struct {
		uint32_t from;
		uint32_t findings;
	} rows[] = { { INADDR_LOOPBACK, 1 }, { INADDR_LOOPBACK + 1, 2 } };
	struct tls_store *store;

	assert_int_equal(tls_store_new(&store), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct conversation *c = start(store);
		int client, server;

		connect_pair(rows[i].from, &client, &server);
		say(server, "220 x\r\n250-x\r\n250 AUTH PLAIN\r\n");
		for (uint64_t now = 2; now < 100 && !conversation_is_done(c); now++) {
			(void)poll(&(struct pollfd){ .fd = client, .events = POLLIN }, 1, 100);
			pump(c, client, now);
		}
		assert_int_equal(conversation_answer(c)->finding, FINDING_STARTTLS_NOT_OFFERED);
		assert_int_equal(conversation_answer(c)->n_findings, rows[i].findings);
		conversation_free(c);
		close(client);
		close(server);
	}
	tls_store_free(store);
}

/* To connect is refused, and what is reset was connected, though we see it only now. */
static void test_reset(void **state)
{
	struct linger linger = { 1, 0 };
	struct tls_store *store;
	struct conversation *c;
	int client, server;

	assert_int_equal(tls_store_new(&store), 0);
	c = start(store);
	connect_pair(INADDR_LOOPBACK, &client, &server);
	assert_int_equal(setsockopt(server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	close(server);
	(void)poll(&(struct pollfd){ .fd = client, .events = POLLIN }, 1, 1000);
	pump(c, client, 2);
	assert_true(conversation_is_done(c));
	assert_int_equal(conversation_answer(c)->finding, FINDING_CLOSED_EARLY);
	assert_non_null(strstr(conversation_answer(c)->detail, "reset"));
	conversation_free(c);
	close(client);
	tls_store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_host),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests_name("pump", tests, NULL, NULL);
}
