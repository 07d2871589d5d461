// SPDX-License-Identifier: LGPL-2.1-or-later
/* Listeners that a list has and nobody holds: brought up to date by the kernel's own word, and let go when it has none.
 * In our own network namespace, where sock_diag needs no privilege. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/netns.h"
#include "observe/kernel/unheld.h"
#include "tests/kernel/listen.h"

#define PORT	42189
#define NOBODYS 0xfffffffffffULL /* no socket has this cookie */

static struct port_set ports;
static struct inventory seen;
static uint32_t netns;

static struct listener *put(uint64_t cookie, uint32_t where)
{
	const struct listener listener = {
		.cookie = cookie, .netns = where, .port = PORT, .backlog = 1, .address.family = AF_INET
	};
	struct listener *added = inventory_put(&seen, &listener);

	assert_non_null(added);
	return added;
}

static int begin(void **state)
{
	memset(&ports, 0, sizeof(ports));
	memset(&seen, 0, sizeof(seen));
	port_set_add(&ports, PORT);
	return netns_inode(NULL, &netns);
}

static int end(void **state)
{
	inventory_clear(&seen);
	return 0;
}

static void test_as_it_is_now(void **state)
{
	int fd = listen_on(AF_INET, PORT, 0, false);
	socklen_t size = sizeof(uint64_t);
	uint64_t cookie;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
	put(cookie, netns)->port = 0; /* it began to listen before it had one */
	assert_int_equal(unheld_refresh(&seen, &ports), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.list[0]->port, PORT);
	assert_int_equal(seen.list[0]->backlog, LISTEN_BACKLOG);
	close(fd);
	assert_int_equal(unheld_refresh(&seen, &ports), 0);
	assert_int_equal(seen.n, 0);
}

static void test_no_more(void **state)
{
	struct listener *held, *mptcp;

	put(NOBODYS, netns);
	put(NOBODYS - 1, netns);
	held = put(NOBODYS - 2, netns);
	held->n_holders = 1; /* by its file, which knows better */
	mptcp = put(NOBODYS - 3, netns);
	mptcp->is_mptcp = true;
	put(NOBODYS - 4, 1); /* no namespace has this number */
	assert_int_equal(unheld_refresh(&seen, &ports), 0);
	assert_int_equal(seen.n, 3);
	assert_null(inventory_find(&seen, NOBODYS));
	assert_null(inventory_find(&seen, NOBODYS - 1));
	assert_non_null(inventory_find(&seen, NOBODYS - 2));
	assert_non_null(inventory_find(&seen, NOBODYS - 3));
	assert_non_null(inventory_find(&seen, NOBODYS - 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_as_it_is_now, begin, end),
		cmocka_unit_test_setup_teardown(test_no_more, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
