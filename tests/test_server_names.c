// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/server_names.h"

static void what_is_a_name(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} rows[] = {
		{ "mail.example.org", true },
		{ "mail", true },
		{ "mail.example.org.", true },
		{ "xn--mller-kva.de", true },
		{ "192.0.2.1", true },
		{ "2001:db8::1", true },
		{ "", false },
		{ ".", false },
		{ ".example.org", false },
		{ "*.example.org", false },
		{ "-x", false },
		{ "a b", false },
		{ "m\xc3\xbcller.de", false },
		{ "a/b", false },
		{ "a\nb", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (server_name_is_valid(rows[i].name) != rows[i].valid)
			fail_msg("\"%s\" is %sa name", rows[i].name, rows[i].valid ? "" : "no ");
}

static void one_name_is_kept_once(void **state)
{
	struct server_names names = { 0 };

	assert_int_equal(server_names_add(&names, "mail.example.org", 1U << SOURCE_POSTFIX, 2), 0);
	assert_int_equal(server_names_add(&names, "Mail.Example.ORG.", 1U << SOURCE_DOVECOT, 4), 0);
	assert_int_equal(names.n, 1);
	assert_int_equal(names.list[0].sources, 1U << SOURCE_POSTFIX | 1U << SOURCE_DOVECOT);
	assert_int_equal(names.list[0].protocols, 6);
	assert_int_equal(server_names_add(&names, "mail.example.org", 0, 0), 0);
	assert_int_equal(names.list[0].protocols, 0); /* of all, which is more than of two */
	assert_int_equal(server_names_add(&names, "mail.example.org", 0, 2), 0);
	assert_int_equal(names.list[0].protocols, 0);
	assert_int_equal(server_names_add(&names, "*.example.org", 0, 0), -EINVAL);
	assert_int_equal(names.n, 1);
}

static void there_is_an_end(void **state)
{
	struct server_names names = { 0 };
	char name[HOST_NAME_SIZE + 8];

	for (unsigned int i = 0; i < SERVER_NAMES_MAX + 3; i++) {
		(void)text_format(name, sizeof(name), "n%u.example.org", i);
		assert_int_equal(server_names_add(&names, name, 1, 0), i < SERVER_NAMES_MAX ? 0 : -ENOSPC);
	}
	assert_int_equal(names.n, SERVER_NAMES_MAX);
	assert_int_equal(names.n_more, 3);
	memset(name, 'a', sizeof(name));
	name[HOST_NAME_SIZE] = '\0';
	assert_int_equal(server_names_add(&names, name, 1, 0), -EINVAL);
}

static void whose_it_is(void **state)
{
	const struct server_name all = { .name = "a", .sources = 1 };
	const struct server_name imap = { .name = "b", .protocols = 1U << PROTOCOL_IMAP };

	assert_true(server_name_is_of(&all, PROTOCOL_SMTP));
	assert_true(server_name_is_of(&imap, PROTOCOL_IMAP));
	assert_false(server_name_is_of(&imap, PROTOCOL_SMTP));
	assert_true(server_name_is_said(&all));
	assert_false(server_name_is_said(&imap));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_name),
		cmocka_unit_test(one_name_is_kept_once),
		cmocka_unit_test(there_is_an_end),
		cmocka_unit_test(whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
