// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a bug report leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "agent/commands/anonymous.h"
#include "base/cleanup.h"
#include "base/text.h"

static void test_what_is_left_out(void **state)
{
	static const struct {
		const char *text, *becomes;
	} rows[] = {
		{ "", "" },
		{ "alice stopped it", "person-1 stopped it" },
		{ "by ALICE.", "by person-1." },
		{ "malice and alices", "malice and alices" },
		{ "/home/alice/mailu.env", "/home/person-1/mailu.env" },
		{ "\"by a job\\nalice\"", "\"by a job\\nperson-1\"" },
		{ "M\xc3\xbcller's session", "person-2's session" },
		{ "ed is too short", "ed is too short" },
		{ "bob+lists@example.org, postmaster@example.org", "someone@example.org, someone@example.org" },
		{ "postfix@-.service, user@1000.service", "postfix@-.service, user@1000.service" },
		{ "run \"/bin/curl -u root:hunter2 http://x/\".", "run \"/bin/curl #0\"." },
		{ "run \"/bin/curl -u root:hun", "run \"/bin/curl #0" }, /* cut short */
		{ "/bin/curl", "/bin/curl" },
	};
	struct service service = { .name = "submission" };
	const struct service_set services = { .list = &service, .n = 1 };
	struct people people = { 0 };

	(void)text_copy(service.server.restart_command, SERVICE_COMMAND_SIZE, "/bin/curl -u root:hunter2 http://x/");
	anonymous_add(&people, "alice");
	anonymous_add(&people, "M\xc3\xbcller");
	anonymous_add(&people, "ed");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *text = NULL;

		assert_int_equal(anonymous_text(&people, &services, rows[i].text, &text), 0);
		assert_string_equal(text, rows[i].becomes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
