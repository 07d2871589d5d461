// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which listeners cover which addresses; the inventory and its explanations. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "judge/budget.h"
#include "judge/match.h"
#include "observe/inventory.h"

#define OWN_NETNS 7
#define SEC	  USEC_PER_SEC

static struct listener listener_at(const char *address, bool v6only, const char *unit)
{
	struct listener listener = { .netns = OWN_NETNS, .port = 587, .v6only = v6only };

	assert_int_equal(address_parse(address, &listener.address), 0);
	(void)text_copy(listener.unit, sizeof(listener.unit), unit);
	return listener;
}

static void test_coverage(void **state)
{
	static const struct {
		const char *why;
		const char *bound[3]; /* "6only" behind a blank: IPV6_V6ONLY */
		const char *wanted[2];
		enum coverage coverage;
		const char *detail;
	} rows[] = {
		{ "nobody", { NULL }, { "*" }, COVERAGE_NONE, "" },
		{ "any address will do", { "127.0.0.1" }, { NULL }, COVERAGE_FULL, "" },
		{ "both families", { "0.0.0.0", ":: 6only" }, { "*" }, COVERAGE_FULL, "" },
		{ "dual stack", { "::" }, { "*" }, COVERAGE_FULL, "" },
		{ "v4 only", { "0.0.0.0" }, { "*" }, COVERAGE_PARTIAL, "v4 works, v6 is lost" },
		{ "v6 only", { ":: 6only" }, { "*" }, COVERAGE_PARTIAL, "v6 works, v4 is lost" },
		{ "v6 only, wanted v6", { ":: 6only" }, { "::" }, COVERAGE_FULL, "" },
		{ "v6 only, wanted v4", { ":: 6only" }, { "0.0.0.0" }, COVERAGE_PARTIAL, "v6 works, v4 is lost" },
		{ "v4, wanted v6", { "0.0.0.0" }, { "::" }, COVERAGE_PARTIAL, "v4 works, v6 is lost" },
		{ "dual stack, wanted v4", { "::" }, { "0.0.0.0" }, COVERAGE_FULL, "" },
		{ "dual stack covers a v4 address", { "::" }, { "192.0.2.1" }, COVERAGE_FULL, "" },
		{ "and a v6 one", { "::" }, { "2001:db8::1" }, COVERAGE_FULL, "" },
		{ "v6only does not", { ":: 6only" }, { "192.0.2.1" }, COVERAGE_PARTIAL, "v6 works, 192.0.2.1 is lost" },
		{ "v4 covers no v6 address",
		  { "0.0.0.0" },
		  { "2001:db8::1" },
		  COVERAGE_PARTIAL,
		  "v4 works, 2001:db8::1 is lost" },
		{ "another address",
		  { "127.0.0.1" },
		  { "192.0.2.1" },
		  COVERAGE_PARTIAL,
		  "127.0.0.1 works, 192.0.2.1 is lost" },
		{ "two, one lost",
		  { "192.0.2.1" },
		  { "192.0.2.1", "2001:db8::1" },
		  COVERAGE_PARTIAL,
		  "192.0.2.1 works, 2001:db8::1 is lost" },
		{ "two, both lost",
		  { "127.0.0.1" },
		  { "192.0.2.1", "2001:db8::1" },
		  COVERAGE_PARTIAL,
		  "127.0.0.1 works, 192.0.2.1, 2001:db8::1 are lost" },
		{ "two of two", { "192.0.2.1", "2001:db8::1" }, { "192.0.2.1", "2001:db8::1" }, COVERAGE_FULL, "" },
		{ "one by its own socket, one by the wildcard",
		  { "192.0.2.1", ":: 6only" },
		  { "192.0.2.1", "2001:db8::1" },
		  COVERAGE_FULL,
		  "" },
		{ "loopback is not the wildcard",
		  { "127.0.0.1" },
		  { "0.0.0.0" },
		  COVERAGE_PARTIAL,
		  "127.0.0.1 works, v4 is lost" },
		{ "loopback of both is not either",
		  { "127.0.0.1", "::1" },
		  { "*" },
		  COVERAGE_PARTIAL,
		  "127.0.0.1, ::1 work, v4, v6 are lost" },
		{ "loopback beside the wildcard", { "127.0.0.1", "::" }, { "*" }, COVERAGE_FULL, "" },
		{ "several on a port (SO_REUSEPORT)", { "0.0.0.0", "0.0.0.0", "::" }, { "*" }, COVERAGE_FULL, "" },
		{ "several, of one family",
		  { "0.0.0.0", "0.0.0.0" },
		  { "*" },
		  COVERAGE_PARTIAL,
		  "v4 works, v6 is lost" },
		{ "each address is named once",
		  { "0.0.0.0", "0.0.0.0" },
		  { "::" },
		  COVERAGE_PARTIAL,
		  "v4 works, v6 is lost" },
		{ "a v4 address on a v6 socket", { "::ffff:192.0.2.1" }, { "192.0.2.1" }, COVERAGE_FULL, "" },
		{ "and wanted so", { "192.0.2.1" }, { "::ffff:192.0.2.1" }, COVERAGE_FULL, "" },
		{ "which is no wildcard",
		  { "::ffff:192.0.2.1" },
		  { "::" },
		  COVERAGE_PARTIAL,
		  "::ffff:192.0.2.1 works, v6 is lost" },
		{ "all of v4 on a v6 socket", { "::ffff:0.0.0.0" }, { "0.0.0.0" }, COVERAGE_FULL, "" },
		{ "wildcard and address",
		  { "0.0.0.0" },
		  { "*", "192.0.2.1" },
		  COVERAGE_PARTIAL,
		  "v4, 192.0.2.1 work, v6 is lost" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct listener bound[3];
		struct listener *list[3];
		struct service service = { .want.port = 587 };
		char detail[FACT_DETAIL_SIZE];
		enum coverage coverage;
		size_t n = 0;

		for (; n < 3 && rows[i].bound[n]; n++) {
			char address[64];
			char *blank;

			(void)text_copy(address, sizeof(address), rows[i].bound[n]);
			blank = strchr(address, ' ');
			if (blank)
				*blank = '\0';
			bound[n] = listener_at(address, blank != NULL, "");
			list[n] = &bound[n];
		}
		for (size_t k = 0; k < 2 && rows[i].wanted[k]; k++)
			assert_int_equal(
				address_parse(rows[i].wanted[k], &service.want.addresses[service.want.n_addresses++]),
				0);
		coverage = match_service(&service, OWN_NETNS, list, n, detail);
		if (coverage != rows[i].coverage || strcmp(detail, rows[i].detail) != 0)
			fail_msg("%s: coverage %d, \"%s\"", rows[i].why, coverage, detail);
	}
}

static void test_owners_and_namespaces(void **state)
{
	struct listener own = listener_at("0.0.0.0", false, "dovecot.service");
	struct listener other = listener_at("0.0.0.0", false, "exim4.service");
	struct listener nobody = listener_at("0.0.0.0", false, "");
	struct listener elsewhere = own, loopback = listener_at("127.0.0.1", false, "exim4.service");
	struct service service = { .want.port = 587, .server.unit = "dovecot.service" };
	char detail[FACT_DETAIL_SIZE];
	struct listener *list[2] = { &other };

	elsewhere.netns = OWN_NETNS + 1;
	assert_int_equal(match_service(&service, OWN_NETNS, list, 1, detail), COVERAGE_FOREIGN);
	assert_string_equal(detail, "held by exim4.service, not by dovecot.service"); /* polling */
	listener_add_holder(&other, &(struct holder){ .pid = 7, .kernel_pid = 7, .command = "exim4" });
	assert_int_equal(match_service(&service, OWN_NETNS, list, 1, detail), COVERAGE_FOREIGN);
	assert_string_equal(detail, "held by exim4 (pid 7) of exim4.service, not by dovecot.service");
	list[1] = &own; /* SO_REUSEPORT: ours serves too */
	assert_int_equal(match_service(&service, OWN_NETNS, list, 2, detail), COVERAGE_FULL);
	list[0] = &nobody; /* not known whose */
	assert_int_equal(match_service(&service, OWN_NETNS, list, 1, detail), COVERAGE_FULL);
	list[0] = &elsewhere;
	assert_int_equal(match_service(&service, OWN_NETNS, list, 1, detail), COVERAGE_NONE);
	/* Another holds the one address, and is nearer to it than our wildcard. */
	list[0] = &own;
	list[1] = &loopback;
	service.want.n_addresses = 1;
	assert_int_equal(address_parse("127.0.0.1", &service.want.addresses[0]), 0);
	assert_int_equal(match_service(&service, OWN_NETNS, list, 2, detail), COVERAGE_PARTIAL);
	assert_string_equal(detail, "v4 works, 127.0.0.1 is lost; held by exim4.service, not by dovecot.service");
	assert_true(match_is_held(&service, OWN_NETNS, list, 2));
	assert_false(match_is_held(&service, OWN_NETNS, list, 1));
	assert_false(match_is_held(&service, OWN_NETNS + 1, list, 2));
	assert_int_equal(address_parse("192.0.2.1", &service.want.addresses[0]), 0);
	assert_int_equal(match_service(&service, OWN_NETNS, list, 2, detail), COVERAGE_FULL);
	service.want.n_addresses = 0;
	/* A user's dovecot.service is another; that of a container may be meant. */
	own.manager = MANAGER_USER;
	assert_int_equal(match_service(&service, OWN_NETNS, list, 1, detail), COVERAGE_FOREIGN);
	own.manager = MANAGER_CONTAINER;
	assert_int_equal(match_service(&service, OWN_NETNS, list, 1, detail), COVERAGE_FULL);
	service.server.unit_is_guess = true;
	list[0] = &other;
	assert_int_equal(match_service(&service, OWN_NETNS, list, 1, detail), COVERAGE_FULL);
}

static void test_outside(void **state)
{
	const struct service service = { .want.port = 587 };
	struct listener proxy = listener_at("0.0.0.0", false, "docker.service"), other = proxy;
	struct listener *listeners[] = { &other, &proxy };
	const struct holder holder = { .pid = 4711, .command = "docker-proxy" };
	char detail[FACT_DETAIL_SIZE];

	other.port = 465;
	match_outside(&service, OWN_NETNS, listeners, 1, detail);
	assert_string_equal(detail, "");
	match_outside(&service, OWN_NETNS + 1, listeners, ARRAY_SIZE(listeners), detail);
	assert_string_equal(detail, "");
	match_outside(&service, OWN_NETNS, listeners, ARRAY_SIZE(listeners), detail);
	assert_string_equal(detail,
			    "a connect to the host succeeds all the same, and says nothing of this: somebody listens "
			    "at 0.0.0.0 there");
	listener_add_holder(&proxy, &holder);
	match_outside(&service, OWN_NETNS, listeners, ARRAY_SIZE(listeners), detail);
	assert_non_null(strstr(detail, ": docker-proxy (pid 4711) listens at 0.0.0.0 "));
}

static void test_inventory(void **state)
{
	struct inventory inventory = { 0 };

	for (uint64_t i = 0; i < 100; i++) {
		struct listener listener = { .cookie = i * 37 % 100 + 1, .port = (uint16_t)(i + 1) };

		assert_non_null(inventory_put(&inventory, &listener));
	}
	assert_int_equal(inventory.n, 100);
	for (uint64_t cookie = 1; cookie <= 100; cookie += 2)
		inventory_remove(&inventory, cookie);
	inventory_remove(&inventory, 1);
	assert_int_equal(inventory.n, 50);
	for (uint64_t cookie = 1; cookie <= 100; cookie++)
		assert_int_equal(inventory_find(&inventory, cookie) != NULL, cookie % 2 == 0);
	inventory_clear(&inventory);
}

/* Not a copy: the very listener. Who finds no room keeps his own. */
static void test_adoption(void **state)
{
	struct inventory inventory = { 0 };
	struct listener *one = calloc(1, sizeof(*one)), *other = calloc(1, sizeof(*other));

	one->cookie = 7;
	other->cookie = 3;
	assert_true(inventory_adopt(&inventory, one));
	assert_true(inventory_adopt(&inventory, other));
	assert_ptr_equal(inventory.list[0], other);
	assert_ptr_equal(inventory_find(&inventory, 7), one);
	inventory_clear(&inventory);
	while (inventory.n < INVENTORY_MAX) {
		const struct listener next = { .cookie = inventory.n + 1 };

		assert_non_null(inventory_put(&inventory, &next));
	}
	one = calloc(1, sizeof(*one));
	assert_false(inventory_adopt(&inventory, one));
	assert_null(inventory_put(&inventory, one));
	assert_int_equal(inventory.n_left_out, 2);
	free(one);
	inventory_clear(&inventory);
}

static void test_holders_oldest_first(void **state)
{
	struct listener listener = { 0 };

	for (uint32_t i = 0; i < 20; i++) {
		struct holder holder = { .kernel_pid = i + 1, .started_ns = (i * 7 + 3) % 20 };

		listener_add_holder(&listener, &holder);
		listener_add_holder(&listener, &holder);
	}
	assert_int_equal(listener.n_holders, LISTENER_HOLDERS_MAX);
	for (size_t i = 0; i < LISTENER_HOLDERS_MAX; i++)
		assert_int_equal(listener.holders[i].started_ns, i);
}

static void test_whose_it_is(void **state)
{
	const struct holder systemd = { .kernel_pid = 1, .started_ns = 10 };
	const struct holder master = { .kernel_pid = 20, .started_ns = 20 };
	const struct holder child = { .kernel_pid = 7, .started_ns = 30 };
	struct listener listener = { 0 };

	assert_true(listener_is_of(&listener, &systemd)); /* nobody else, so far */
	listener_add_holder(&listener, &systemd);
	assert_true(listener_is_of(&listener, &child)); /* a socket unit's: activated */
	listener_add_holder(&listener, &child);
	assert_true(listener_is_of(&listener, &master));
	listener_add_holder(&listener, &master);
	assert_false(listener_is_of(&listener, &child));
	listener.n_holders = 0;
	listener_add_holder(&listener, &master);
	assert_false(listener_is_of(&listener, &systemd));
	assert_false(listener_is_of(&listener, &child));
	listener.n_holders = 0;
	listener_add_holder(&listener, &child);
	assert_true(listener_is_of(&listener, &master));
}

static void test_explanations(void **state)
{
	const struct task_end child = { .kernel_pid = 2, .exiting = true };
	const struct task_end alive = { .kernel_pid = 2 };
	struct task_end killed = { .kernel_pid = 1, .exiting = true, .signal = SIGKILL };
	const struct task_end well = { .kernel_pid = 3, .exiting = true };
	struct listener listener = { .opener = 1 };
	struct inventory inventory = { 0 };

	assert_int_equal(inventory_explain(&inventory, &listener, &child).signal, 0);
	inventory_note_end(&inventory, &killed);
	assert_int_equal(inventory_explain(&inventory, &listener, &child).signal, SIGKILL);
	assert_int_equal(inventory_explain(&inventory, &listener, &alive).signal, SIGKILL);
	inventory_forget_end(&inventory, 1); /* the pid is another's now */
	assert_int_equal(inventory_explain(&inventory, &listener, &child).signal, 0);
	inventory_note_end(&inventory, &well);
	listener.opener = 3; /* a daemon's first process explains nothing */
	assert_int_equal(inventory_explain(&inventory, &listener, &killed).signal, SIGKILL);
	for (uint32_t i = 0; i < 3 * INVENTORY_ENDS_MAX; i++) {
		killed.kernel_pid = 100 + i;
		inventory_note_end(&inventory, &killed);
	}
	assert_null(inventory_end(&inventory, 3));
	assert_non_null(inventory_end(&inventory, 100 + 3 * INVENTORY_ENDS_MAX - 1));
}

static void test_budget(void **state)
{
	struct budgets budgets = { 0 };
	struct budget *budget = budgets_of(&budgets, "dovecot.service");
	uint64_t now = 1000000 * SEC, wait = 0;

	assert_int_equal(budget_ask(budget, 3, 3600 * SEC, now, &wait), WITHHELD_NO);
	budget_spend(budget, now);
	assert_int_equal(budget_ask(budget, 3, 3600 * SEC, now + 1, &wait), WITHHELD_BACKOFF);
	assert_int_equal(wait, 10 * SEC - 1);
	assert_int_equal(budget_ask(budget, 3, 3600 * SEC, now + 10 * SEC, &wait), WITHHELD_NO);
	budget_spend(budget, now + 10 * SEC);
	assert_int_equal(budget_ask(budget, 3, 3600 * SEC, now + 29 * SEC, &wait), WITHHELD_BACKOFF);
	budget_spend(budget, now + 30 * SEC);
	assert_int_equal(budget_ask(budget, 3, 3600 * SEC, now + 3599 * SEC, &wait), WITHHELD_BUDGET);
	assert_int_equal(wait, 1 * SEC);
	assert_int_equal(budget_ask(budget, 3, 3600 * SEC, now + 3600 * SEC, &wait), WITHHELD_NO);
	assert_int_equal(budget_ask(budget, 0, 3600 * SEC, now + 9000 * SEC, &wait), WITHHELD_BUDGET);
	budget_spend(budget, now + 9000 * SEC);
	/* The clock is set back: the door is not locked for an hour and a half. */
	assert_int_equal(budget_ask(budget, 3, 3600 * SEC, now, &wait), WITHHELD_NO);
	assert_ptr_equal(budgets_of(&budgets, "dovecot.service"), budget);
	for (int i = 0; i < 3 * BUDGET_TARGETS_MAX; i++) {
		char name[32];

		(void)text_format(name, sizeof(name), "unit-%d", i);
		assert_non_null(budgets_of(&budgets, name));
	}
	assert_int_equal(budgets.n, BUDGET_TARGETS_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coverage),    cmocka_unit_test(test_owners_and_namespaces),
		cmocka_unit_test(test_outside),	    cmocka_unit_test(test_inventory),
		cmocka_unit_test(test_adoption),    cmocka_unit_test(test_holders_oldest_first),
		cmocka_unit_test(test_whose_it_is), cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
