// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "intent/merge/intent_diff.h"

#define BY(kind) (1U << SOURCE_##kind)

static const struct service submission = { .name = "submission",
					   .want.port = 587,
					   .want.protocol = PROTOCOL_SUBMISSION,
					   .want.tls = TLS_STARTTLS,
					   .expected = true,
					   .provenance.sources = BY(MAILU) | BY(POLICY) };

static void collect(const struct intent_change *change, void *userdata)
{
	(void)text_append(userdata, 2048, "%u %s\n", change->service->want.port, change->text);
}

static void differences_are_told(void **state)
{
	struct service other = submission, off = submission, implicit = submission, bound = submission,
		       rendered = submission, opened = submission, learned = submission, several = submission;
	const struct {
		const char *why;
		const struct service *before, *now;
		const char *told;
	} rows[] = {
		{ "nothing", &submission, &submission, "" },
		{ "new", NULL, &submission, "587 expected from now on (mailu, policy), tls starttls\n" },
		{ "new, and off", NULL, &off, "" },
		{ "gone", &submission, NULL,
		  "587 not expected any more: no source has it now, before: mailu, policy\n" },
		{ "gone, was off", &off, NULL, "" },
		{ "taken off", &submission, &off, "587 not expected any more: taken off by hearken.conf\n" },
		{ "put on again", &off, &submission, "587 expected from now on (mailu, policy), tls starttls\n" },
		{ "another mode", &submission, &implicit, "587 tls is implicit now, it was starttls\n" },
		{ "an address", &submission, &bound, "587 addresses: 192.0.2.1 ::1, before: any\n" },
		{ "no longer", &bound, &submission, "587 addresses: any, before: 192.0.2.1 ::1\n" },
		{ "rendered", &submission, &rendered, "587 the server's configuration does not open it now\n" },
		{ "not to be asked", &rendered, &submission, "" },
		{ "opened before, and again", &submission, &opened, "" },
		{ "opened at last", &rendered, &opened, "587 the server's configuration opens it now\n" },
		{ "only learned", &submission, &learned, "" },
		{ "another name is another service", &submission, &other,
		  "587 not expected any more: no source has it now, before: mailu, policy\n"
		  "587 expected from now on (mailu, policy), tls starttls\n" },
		{ "several things", &submission, &several,
		  "587 the protocol is smtp now, it was submission; tls is none now, it was starttls; "
		  "proxy-header is yes now, it was no; restart-command is /bin/true now, it was not said\n" },
	};

	(void)strcpy(other.name, "msa");
	off.expected = false;
	off.provenance.sources = BY(CONFIG);
	implicit.want.tls = TLS_IMPLICIT;
	bound.want.n_addresses = 2;
	assert_int_equal(address_parse("192.0.2.1", &bound.want.addresses[0]), 0);
	assert_int_equal(address_parse("::1", &bound.want.addresses[1]), 0);
	rendered.provenance.rendered = RENDERED_NO;
	opened.provenance.rendered = RENDERED_YES;
	(void)strcpy(learned.server.unit, "dovecot.service");
	(void)strcpy(learned.provenance.remedy, "x");
	several.want.protocol = PROTOCOL_SMTP;
	several.want.tls = TLS_NONE;
	several.want.proxy_header = true;
	(void)strcpy(several.server.restart_command, "/bin/true");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct service_set before = { .list = (struct service *)rows[i].before, .n = rows[i].before ? 1 : 0 };
		struct service_set now = { .list = (struct service *)rows[i].now, .n = rows[i].now ? 1 : 0 };
		char told[2048] = "";
		size_t lines = 0;
		size_t n = intent_diff(&before, &now, collect, told);

		if (strcmp(told, rows[i].told) != 0)
			fail_msg("%s: %s", rows[i].why, told);
		for (const char *c = told; *c; c++)
			lines += *c == '\n';
		assert_int_equal(n, lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(differences_are_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
