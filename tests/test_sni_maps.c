// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/sni_maps.h"

/* "NAME:CERTIFICATE:KEY", one behind the other. */
static void show(const struct rendering *rendering, char *to, size_t size)
{
	*to = '\0';
	for (size_t i = 0; i < rendering->n_certificates; i++) {
		const struct certificate_files *files = &rendering->certificates[i];

		(void)text_append(to, size, "%s%s:%s:%s", i ? " " : "", files->name, files->certificate, files->key);
	}
}

/* As Postfix 3.7.11 reads them: "postmap -F -q NAME MAP" gives the files. */
static void names_have_certificates(void **state)
{
	static const struct {
		const char *map, *table, *shown;
	} rows[] = {
		{ "inline:{a.test=/a.pem}", NULL, "a.test:/a.pem:" },
		{ "inline:{ a.test=/a.pem, {b.test = /b.key, /b.pem}}", NULL, "a.test:/a.pem: b.test:/b.pem:/b.key" },
		{ "inline:{ .test=/a.pem }", NULL, "" },
		{ "inline:{", NULL, "" },
		{ "inline:{ { }", NULL, "" },
		{ "hash:/t", "# of ours\n\na.test /a/privkey.pem\n  /a/fullchain.pem\n.b.test /b.pem\nc.test\t/c.pem\n",
		  "a.test:/a/fullchain.pem:/a/privkey.pem c.test:/c.pem:" },
		{ "texthash:/t", "a.test", "" },
		{ "regexp:/t", "unread", "" },
		{ "hash:t", "unread", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rendering rendering = { 0 };
		const char *rest = rows[i].map;
		cleanup(memory_freep) char *map = sni_maps_next(&rest);
		const char *file = sni_maps_file(map);
		char shown[256];

		assert_string_equal(map, rows[i].map);
		if (file && rows[i].table)
			sni_maps_add_table(&rendering, rows[i].table);
		sni_maps_add_inline(&rendering, map);
		show(&rendering, shown, sizeof(shown));
		if (strcmp(shown, rows[i].shown) != 0)
			fail_msg("%s: %s", rows[i].map, shown);
		rendering_clear(&rendering);
	}
}

static void tables_stand_in_a_row(void **state)
{
	const char *rest = " hash:/a, inline:{ {x = /y, /z} } texthash:/b";
	static const char *const maps[] = { "hash:/a", "inline:{ {x = /y, /z} }", "texthash:/b" };

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		cleanup(memory_freep) char *map = sni_maps_next(&rest);

		assert_string_equal(map, maps[i]);
	}
	assert_null(sni_maps_next(&rest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_certificates),
		cmocka_unit_test(tables_stand_in_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
