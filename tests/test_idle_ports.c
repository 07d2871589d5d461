// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which published ports have nothing behind them, and what is said of that. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "agent/daemon/idle_ports.h"
#include "base/text.h"

#define ID	"a2d58691de6caf5691b702fe731086eb411345e4ffb69beaf8d9b23bb61623cc"
#define SAID	"of container mailu-front-1"
#define IDLE	SAID " is published with nothing behind it, and nobody expects it: clients are cut off"
#define SEVERAL SAID " are published with nothing behind them, and nobody expects them: clients are cut off"

static void test_idle(void **state)
{
	static const struct container_port all[] = {
		{ .host_port = 993, .port = 993 }, /* expected */
		{ .host_port = 110, .port = 110 },
		{ .host_port = 110, .port = 110, .address.family = AF_INET6 }, /* the other family */
		{ .host_port = 143, .port = 143 },
		{ .host_port = 25, .port = 25 },    /* served */
		{ .host_port = 8443, .port = 443 }, /* no mail */
		{ .host_port = 1587, .port = 587 }, /* under another number */
		{ .host_port = 465, .port = 465, .address = { .family = AF_INET, .bytes = { 127, 0, 0, 1 } } },
	};
	static const struct {
		const char *why;
		size_t from, n; /* of @all */
		const char *service;
		enum container_state state;
		const char *told;
	} rows[] = {
		{ "all is expected", 0, 1, "front", CONTAINER_RUNNING, "" },
		{ "one", 1, 1, "", CONTAINER_RUNNING, "port 110 " IDLE },
		{ "one, in both families", 1, 2, "front", CONTAINER_RUNNING,
		  "port 110 " IDLE "; if that is not meant, take \"110:110\" out of \"ports:\" of front in "
		  "/mailu/docker-compose.yml" },
		{ "several", 0, 7, "front", CONTAINER_RUNNING,
		  "ports 110, 143 and 1587 " SEVERAL "; if that is not meant, take \"110:110\", \"143:143\" and "
		  "\"1587:587\" out of \"ports:\" of front in /mailu/docker-compose.yml" },
		{ "at one address", 7, 1, "front", CONTAINER_RUNNING,
		  "port 465 " IDLE "; if that is not meant, take \"127.0.0.1:465:465\" out of \"ports:\" of front in "
		  "/mailu/docker-compose.yml" },
		{ "of one that ended nothing is expected", 1, 1, "front", CONTAINER_EXITED, "" },
	};
	struct service list[] = {
		{ .want.port = 993, .expected = true }, { .want.port = 110 }, /* taken off */
	};
	const struct service_set services = { .list = list, .n = ARRAY_SIZE(list) };
	struct listener smtp = { .cookie = 1, .port = 25, .container = ID }, other = { .cookie = 2, .port = 110 };
	struct inventory inventory = { 0 };

	assert_non_null(inventory_put(&inventory, &smtp));
	assert_non_null(inventory_put(&inventory, &other)); /* the host's own */
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct container front = { .id = ID, .name = "mailu-front-1", .state = rows[i].state };
		const struct container_set set = { &front, 1 };
		char told[1024];

		(void)text_copy(front.service, sizeof(front.service), rows[i].service);
		(void)text_copy(front.config_files, sizeof(front.config_files), "/mailu/docker-compose.yml");
		memcpy(front.ports, &all[rows[i].from], rows[i].n * sizeof(all[0]));
		front.n_ports = rows[i].n;
		idle_ports_tell(&set, &services, &inventory, told, sizeof(told));
		if (strcmp(told, rows[i].told) != 0)
			fail_msg("%s: %s", rows[i].why, told);
	}
	inventory_clear(&inventory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_idle) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
