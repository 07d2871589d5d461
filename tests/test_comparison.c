// SPDX-License-Identifier: LGPL-2.1-or-later
/* What listens, compared with what is expected, where services are expected in several places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/daemon/comparison.h"
#include "base/text.h"

#define HOST	4000
#define FRONT	4001
#define STRANGE 4002

static const struct place_table places = {
	.list = { { .netns = HOST },
		  { .netns = FRONT },
		  { .netns = 0, .netns_before = 4003 }, /* gone */
		  { .netns = 0, .unknown = true } },
	.n = 4,
	.host_netns = HOST,
};

static const struct {
	const char *why;
	size_t place;	/* of the service */
	uint32_t netns; /* of the one listener; 0: there is none */
	uint16_t port;	/* of that; expected is 587 */
	bool looked;	/* the judge knows */
	enum coverage known;
	enum place known_place;
	bool opened;
	bool told;
	enum coverage coverage;
	bool outside; /* somebody on the host is told of */
} rows[] = {
	{ "first look, there", 0, HOST, 587, false, 0, PLACE_THERE, false, true, COVERAGE_FULL, false },
	{ "first look, nobody", 0, 0, 0, false, 0, PLACE_THERE, false, true, COVERAGE_NONE, false },
	{ "another port", 0, HOST, 588, false, 0, PLACE_THERE, false, true, COVERAGE_NONE, false },
	{ "known", 0, HOST, 587, true, COVERAGE_FULL, PLACE_THERE, false, false, 0, false },
	{ "known, and one more was opened", 0, HOST, 587, true, COVERAGE_FULL, PLACE_THERE, true, true, COVERAGE_FULL,
	  false },
	{ "known, but the place was another", 0, HOST, 587, true, COVERAGE_FULL, PLACE_MOVED, false, true,
	  COVERAGE_FULL, false },
	{ "known to be missing", 0, 0, 0, true, COVERAGE_NONE, PLACE_THERE, false, false, 0, false },
	{ "came", 0, HOST, 587, true, COVERAGE_NONE, PLACE_THERE, false, true, COVERAGE_FULL, false },
	{ "went", 0, 0, 0, true, COVERAGE_FULL, PLACE_THERE, false, true, COVERAGE_NONE, false },
	{ "in its container", 1, FRONT, 587, false, 0, PLACE_THERE, false, true, COVERAGE_FULL, false },
	{ "on the host, not in its container", 1, HOST, 587, false, 0, PLACE_THERE, false, true, COVERAGE_NONE, true },
	{ "in a container, not on the host", 0, FRONT, 587, false, 0, PLACE_THERE, false, true, COVERAGE_NONE, false },
	{ "in another container", 1, STRANGE, 587, false, 0, PLACE_THERE, false, true, COVERAGE_NONE, false },
	{ "in a container that is gone", 2, HOST, 587, false, 0, PLACE_THERE, false, true, COVERAGE_NONE, true },
	{ "where we cannot look", 3, HOST, 587, false, 0, PLACE_THERE, false, false, 0, false },
	{ "where no table has a place", 7, HOST, 587, false, 0, PLACE_THERE, false, false, 0, false },
};

static void put(struct inventory *inventory, uint32_t netns, uint16_t port, const char *unit, enum unit_manager manager)
{
	struct listener listener = {
		.cookie = inventory->n + 1, .netns = netns, .port = port, .address.family = AF_INET, .manager = manager
	};

	(void)text_copy(listener.unit, sizeof(listener.unit), unit);
	assert_non_null(inventory_put(inventory, &listener));
}

static void test_comparison(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct service service = { .expected = true, .place = rows[i].place, .want.port = 587 };
		const struct judge_view known = { .looked = rows[i].looked,
						  .coverage = rows[i].known,
						  .place = rows[i].known_place };
		struct inventory inventory = { 0 };
		struct fact fact = { .kind = FACT_COVERAGE };
		bool told;

		if (rows[i].netns)
			put(&inventory, rows[i].netns, rows[i].port, "", MANAGER_SYSTEM);
		told = comparison_make(&service, &places, &inventory, &known, rows[i].opened, &fact);
		if (told != rows[i].told || (told && (fact.coverage.coverage != rows[i].coverage ||
						      (*fact.coverage.detail != '\0') != rows[i].outside)))
			fail_msg("%s: told %d, coverage %d, \"%s\"", rows[i].why, told, fact.coverage.coverage,
				 fact.coverage.detail);
		inventory_clear(&inventory);
	}
}

static void test_not_expected(void **state)
{
	const struct service service = { .want.port = 587 };
	const struct judge_view known = { 0 };
	struct inventory inventory = { 0 };
	struct fact fact = { .kind = FACT_COVERAGE };

	assert_false(comparison_make(&service, &places, &inventory, &known, false, &fact));
}

static const struct {
	const char *why;
	uint32_t netns;
	uint16_t port;
	const char *unit;
	enum unit_manager manager;
	bool is_guess;
	const char *learned;
} units[] = {
	{ "its service", HOST, 587, "dovecot.service", MANAGER_SYSTEM, true, "dovecot.service" },
	{ "it was said", HOST, 587, "dovecot.service", MANAGER_SYSTEM, false, NULL },
	{ "another port", HOST, 588, "dovecot.service", MANAGER_SYSTEM, true, NULL },
	{ "elsewhere", FRONT, 587, "dovecot.service", MANAGER_SYSTEM, true, NULL },
	{ "a user's", HOST, 587, "dovecot.service", MANAGER_USER, true, NULL },
	{ "all of a user's", HOST, 587, "user@1000.service", MANAGER_SYSTEM, true, NULL },
	{ "a container's", HOST, 587, "docker-0123.scope", MANAGER_SYSTEM, true, NULL },
	{ "nobody's", HOST, 587, "", MANAGER_SYSTEM, true, NULL },
};

/* The unit of whoever serves it is learned, not of whoever holds it. */
static void test_learn_from_the_server_alone(void **state)
{
	static const struct {
		const char *why, *usual, *unit, *command;
		bool learned;
	} seen[] = {
		{ "its usual unit, seen by cgroup alone", "dovecot.service", "dovecot.service", "", true },
		{ "its master in another unit", "dovecot.service", "mail.service", "dovecot", true },
		{ "its login process", "dovecot.service", "mail.service", "imap-login", true },
		{ "another program", "dovecot.service", "squatter.service", "perl", false },
		{ "another server", "dovecot.service", "nginx.service", "nginx", false },
		{ "another program, unseen", "postfix.service", "squatter.service", "", false },
		{ "nobody knows what serves it", "", "mail.service", "perl", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		struct service service = { .expected = true, .want.port = 587, .server.unit_is_guess = true };
		struct inventory inventory = { 0 };
		struct listener *listener;

		(void)text_copy(service.server.unit, sizeof(service.server.unit), seen[i].usual);
		put(&inventory, HOST, 587, seen[i].unit, MANAGER_SYSTEM);
		listener = inventory.list[0];
		listener->n_holders = *seen[i].command != '\0';
		(void)text_copy(listener->holders[0].command, COMMAND_SIZE, seen[i].command);
		if ((comparison_learn_unit(&service, &places, &inventory) != NULL) != seen[i].learned)
			fail_msg("%s", seen[i].why);
		inventory_clear(&inventory);
	}
}

static void test_learn_unit(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		const struct service service = { .expected = true,
						 .want.port = 587,
						 .server.unit_is_guess = units[i].is_guess };
		struct inventory inventory = { 0 };
		const char *learned;

		put(&inventory, units[i].netns, units[i].port, units[i].unit, units[i].manager);
		learned = comparison_learn_unit(&service, &places, &inventory);
		if ((learned != NULL) != (units[i].learned != NULL) ||
		    (learned && strcmp(learned, units[i].learned) != 0))
			fail_msg("%s: %s", units[i].why, learned ? learned : "nothing");
		inventory_clear(&inventory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_not_expected),
		cmocka_unit_test(test_learn_unit),
		cmocka_unit_test(test_learn_from_the_server_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
