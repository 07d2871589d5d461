// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "intent/rendered/hosts.h"

#define DEBIAN "127.0.0.1\tlocalhost\n127.0.1.1\tmail.example.org\tmail # us\n::1 localhost ip6-localhost\n"

static void names_are_found(void **state)
{
	static const struct {
		const char *hosts, *name, *addresses;
	} rows[] = {
		{ DEBIAN, "localhost", "127.0.0.1 ::1" },
		{ DEBIAN, "LocalHost", "127.0.0.1 ::1" },
		{ DEBIAN, "mail", "127.0.1.1" },
		{ DEBIAN, "us", "" },
		{ DEBIAN, "mail.example", "" },
		{ DEBIAN, "127.0.0.1", "" },
		{ "127.0.0.1 localhost\n::1 ip6-localhost\n", "localhost", "127.0.0.1" },
		{ "127.0.0.1 a localhost\n127.0.0.1 localhost\n", "localhost", "127.0.0.1" },
		{ "# 192.0.2.1 mail\nnonsense mail\n192.0.2.2 mail", "mail", "192.0.2.2" },
		{ "", "localhost", "" },
		{ NULL, "localhost", "" },
		{ NULL, "mail", "" },
		{ "1.1.1.1 m\n1.1.1.2 m\n1.1.1.3 m\n1.1.1.4 m\n1.1.1.5 m\n1.1.1.6 m\n1.1.1.7 m\n1.1.1.8 m\n1.1.1.9 m\n",
		  "m", "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 1.1.1.6 1.1.1.7 1.1.1.8" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address found[HOSTS_ADDRESSES];
		char shown[256] = "", one[ADDRESS_TEXT_SIZE];
		size_t n = hosts_find(rows[i].hosts, rows[i].name, found);

		for (size_t j = 0; j < n; j++) {
			address_show(&found[j], one);
			(void)text_append(shown, sizeof(shown), "%s%s", j ? " " : "", one);
		}
		if (strcmp(shown, rows[i].addresses) != 0)
			fail_msg("%s: %s", rows[i].name, shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names_are_found) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
