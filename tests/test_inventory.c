// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "observe/inventory.h"

#define OWN	1
#define FOREIGN 2
#define THEIRS	(INVENTORY_MAX - INVENTORY_RESERVED)

static bool put(struct inventory *inventory, uint64_t cookie, uint32_t netns)
{
	const struct listener listener = { .cookie = cookie, .netns = netns };

	return inventory_put(inventory, &listener) != NULL;
}

static void test_others_never_take_the_reserve(void **state)
{
	static struct netns_set own;
	struct inventory inventory = { .own = &own };

	own.n = 0;
	assert_true(netns_set_add(&own, OWN));
	for (uint64_t i = 1; i <= THEIRS; i++)
		assert_true(put(&inventory, i, FOREIGN));
	assert_false(put(&inventory, THEIRS + 1, FOREIGN));
	assert_true(inventory_is_full(&inventory, FOREIGN));
	assert_int_equal(inventory.n_left_out, 1);
	for (uint64_t i = 1; i <= INVENTORY_RESERVED; i++)
		assert_true(put(&inventory, INVENTORY_MAX + i, OWN));
	assert_false(put(&inventory, 3 * INVENTORY_MAX, OWN));
	assert_int_equal(inventory.n_left_out, 2);
	assert_int_equal(inventory.n_left_out_own, 1);
	inventory_remove(&inventory, 1);
	assert_true(put(&inventory, THEIRS + 2, FOREIGN));
	inventory_clear(&inventory);
}

static void test_without_a_word_all_matter(void **state)
{
	static struct netns_set own;
	struct inventory inventory = { .own = &own };

	own.n = 0;
	for (uint64_t i = 1; i <= INVENTORY_MAX; i++)
		assert_true(put(&inventory, i, FOREIGN));
	assert_false(put(&inventory, INVENTORY_MAX + 1, OWN));
	assert_int_equal(inventory.n_left_out_own, 1);
	assert_true(netns_set_add(&own, OWN));
	inventory_recount(&inventory);
	assert_int_equal(inventory.n_foreign, INVENTORY_MAX);
	inventory_clear(&inventory);
}

static void test_a_set_of_namespaces(void **state)
{
	static struct netns_set set;

	assert_true(netns_set_has(NULL, 7));
	assert_true(netns_set_has(&set, 7)); /* nobody said */
	for (uint32_t i = NETNS_SET_MAX; i > 0; i--)
		assert_true(netns_set_add(&set, 10 * i));
	assert_true(netns_set_add(&set, 10)); /* is there */
	assert_int_equal(set.n, NETNS_SET_MAX);
	assert_false(netns_set_add(&set, 5));
	for (uint32_t i = 1; i <= NETNS_SET_MAX; i++)
		assert_true(netns_set_has(&set, 10 * i) && !netns_set_has(&set, 10 * i + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_others_never_take_the_reserve),
		cmocka_unit_test(test_without_a_word_all_matter),
		cmocka_unit_test(test_a_set_of_namespaces),
	};

	return cmocka_run_group_tests_name("inventory", tests, NULL, NULL);
}
