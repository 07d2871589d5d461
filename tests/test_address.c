// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/address.h"

static void parses_and_shows(void **state)
{
	static const struct {
		const char *from, *shown; /* NULL: refused */
		int family;
		bool wildcard;
	} rows[] = {
		{ "*", "*", 0, true },
		{ "0.0.0.0", "0.0.0.0", AF_INET, true },
		{ "::", "::", AF_INET6, true },
		{ "[::]", "::", AF_INET6, true },
		{ "192.0.2.1", "192.0.2.1", AF_INET, false },
		{ "2001:DB8::1", "2001:db8::1", AF_INET6, false },
		{ "[2001:db8::1]", "2001:db8::1", AF_INET6, false },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", AF_INET6, false },
		{ "", NULL, 0, false },
		{ "[]", NULL, 0, false },
		{ "[::", NULL, 0, false },
		{ "[192.0.2.1]", NULL, 0, false },
		{ "192.0.2", NULL, 0, false },
		{ "192.0.2.256", NULL, 0, false },
		{ "localhost", NULL, 0, false },
		{ "fe80::1%eth0", NULL, 0, false },
		{ "0000000000000000000000000000000000000000000000000000000000000000::", NULL, 0, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct address address = { .family = 99 };
		char shown[ADDRESS_TEXT_SIZE];
		int r = address_parse(rows[i].from, &address);

		if (r != (rows[i].shown ? 0 : -EINVAL))
			fail_msg("'%s': %d", rows[i].from, r);
		if (r < 0) {
			assert_int_equal(address.family, 99);
			continue;
		}
		address_show(&address, shown);
		if (strcmp(shown, rows[i].shown) != 0 || address.family != rows[i].family ||
		    address_is_wildcard(&address) != rows[i].wildcard)
			fail_msg("'%s': %s", rows[i].from, shown);
	}
}

static void becomes_a_sockaddr(void **state)
{
	struct sockaddr_storage storage;
	struct address v4, v6;

	assert_int_equal(address_parse("192.0.2.1", &v4), 0);
	assert_int_equal(address_parse("2001:db8::1", &v6), 0);
	assert_false(address_equal(&v4, &v6));
	assert_true(address_equal(&v4, &v4));
	assert_int_equal(address_to_sockaddr(&v4, 587, &storage), sizeof(struct sockaddr_in));
	assert_int_equal(ntohs(((struct sockaddr_in *)&storage)->sin_port), 587);
	assert_int_equal(address_to_sockaddr(&v6, 587, &storage), sizeof(struct sockaddr_in6));
	assert_memory_equal(&((struct sockaddr_in6 *)&storage)->sin6_addr, v6.bytes, 16);
}

static void test_from_sockaddr(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1", "::" };
	struct sockaddr_storage storage = { .ss_family = AF_UNIX };
	struct address address, back;

	assert_int_equal(address_from_sockaddr(&storage, &back), -EAFNOSUPPORT);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(address_parse(texts[i], &address), 0);
		(void)address_to_sockaddr(&address, 25, &storage);
		assert_int_equal(address_from_sockaddr(&storage, &back), 0);
		assert_true(address_equal(&address, &back));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_sockaddr),
		cmocka_unit_test(parses_and_shows),
		cmocka_unit_test(becomes_a_sockaddr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
