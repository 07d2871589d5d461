// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "intent/merge/broken.h"

#define BIT(kind) (1u << (kind))

/* Two sources: mailu.env, which is read, and the server of @kind. */
static void the_right_one_is_found(void **state)
{
	static const struct {
		const char *why;
		enum source_kind kind;
		enum source_state state;
		const char *found; /* by auto */
		uint16_t said;	   /* the port that it opened by its last word */
		struct service service;
		bool expected;
	} rows[] = {
		{ "declared by Mailu, rendered by Dovecot, which never could be read",
		  SOURCE_DOVECOT,
		  SOURCE_BROKEN,
		  "",
		  0,
		  { .want.port = 587, .want.protocol = PROTOCOL_SUBMISSION, .provenance.sources = BIT(SOURCE_MAILU) },
		  true },
		{ "by its last word",
		  SOURCE_DOVECOT,
		  SOURCE_BROKEN,
		  "",
		  587,
		  { .want.port = 587,
		    .want.protocol = PROTOCOL_SUBMISSION,
		    .provenance.sources = BIT(SOURCE_DOVECOT),
		    .provenance.rendered = RENDERED_YES },
		  true },
		{ "which was about another port, and somebody else opens it",
		  SOURCE_DOVECOT,
		  SOURCE_BROKEN,
		  "",
		  143,
		  { .want.port = 587,
		    .want.protocol = PROTOCOL_SUBMISSION,
		    .provenance.sources = BIT(SOURCE_POSTFIX),
		    .provenance.rendered = RENDERED_YES },
		  false },
		{ "only hearken.conf wants it, and names the unit",
		  SOURCE_DOVECOT,
		  SOURCE_BROKEN,
		  "",
		  0,
		  { .want.port = 2525, .want.protocol = PROTOCOL_SMTP, .server.unit = "dovecot.service" },
		  true },
		{ "another unit",
		  SOURCE_DOVECOT,
		  SOURCE_BROKEN,
		  "",
		  0,
		  { .want.port = 993, .want.protocol = PROTOCOL_IMAP, .server.unit = "cyrus.service" },
		  false },
		{ "it can be read",
		  SOURCE_DOVECOT,
		  SOURCE_READ,
		  "",
		  587,
		  { .want.port = 587, .want.protocol = PROTOCOL_SUBMISSION, .provenance.sources = BIT(SOURCE_DOVECOT) },
		  false },
		{ "Dovecot takes no mail from others",
		  SOURCE_DOVECOT,
		  SOURCE_BROKEN,
		  "",
		  0,
		  { .want.port = 25, .want.protocol = PROTOCOL_SMTP },
		  false },
		{ "Postfix has no mailboxes",
		  SOURCE_POSTFIX,
		  SOURCE_BROKEN,
		  "",
		  0,
		  { .want.port = 993, .want.protocol = PROTOCOL_IMAP },
		  false },
		{ "Postfix",
		  SOURCE_POSTFIX,
		  SOURCE_BROKEN,
		  "",
		  0,
		  { .want.port = 25, .want.protocol = PROTOCOL_SMTP },
		  true },
		{ "a local Postfix is not the containers'",
		  SOURCE_POSTFIX,
		  SOURCE_BROKEN,
		  "it is there",
		  0,
		  { .want.port = 25, .want.protocol = PROTOCOL_SMTP, .provenance.sources = BIT(SOURCE_MAILU) },
		  false },
		{ "nginx, perhaps for web pages alone",
		  SOURCE_NGINX,
		  SOURCE_BROKEN,
		  "",
		  0,
		  { .want.port = 993, .want.protocol = PROTOCOL_IMAP },
		  false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct statement statement = { .kind = rows[i].kind, .source = 1, .port = rows[i].said };
		struct source sources[] = { { .kind = SOURCE_MAILU, .state = SOURCE_READ },
					    { .kind = rows[i].kind, .state = rows[i].state } };
		const struct intent intent = { .sources = sources, .n_sources = 2, .statements = { &statement, 1 } };

		(void)strcpy(sources[1].why, rows[i].found);
		if (broken_find(&intent, &rows[i].service) != (rows[i].expected ? &sources[1] : NULL))
			fail_msg("%s", rows[i].why);
	}
}

static void errors_in_what_can_be_read_count(void **state)
{
	const struct service service = { .want.port = 587,
					 .server.unit = "dovecot.service",
					 .provenance.rendered = RENDERED_YES };
	struct source source = { .kind = SOURCE_DOVECOT, .path = "/d.conf", .state = SOURCE_READ };
	const struct intent intent = { .sources = &source, .n_sources = 1 };

	complain_warning(&source.complaints, "a warning");
	assert_null(broken_find(&intent, &service));
	complain_error(&source.complaints, "an error");
	assert_ptr_equal(broken_find(&intent, &service), &source);
	assert_string_equal(broken_why(&source), "an error");
	source.state = SOURCE_ABSENT;
	assert_false(broken_is(&source));
	source = (struct source){ .path = "/d.conf", .state = SOURCE_BROKEN };
	assert_string_equal(broken_why(&source), "/d.conf");
}

static void what_is_known_of_a_source(void **state)
{
	static const struct {
		const char *why;
		enum source_kind kind;
		enum source_state state;
		const char *found; /* by auto */
		bool error, is_down;
		enum verdict verdict;
	} rows[] = {
		{ "read", SOURCE_DOVECOT, SOURCE_READ, "", false, false, VERDICT_UP },
		{ "read, and its server is down", SOURCE_DOVECOT, SOURCE_READ, "", false, true, VERDICT_UP },
		{ "read, with an error in it", SOURCE_DOVECOT, SOURCE_READ, "", true, false, VERDICT_UP },
		{ "broken, and its server is up", SOURCE_DOVECOT, SOURCE_BROKEN, "", true, false, VERDICT_UNKNOWN },
		{ "broken, and down", SOURCE_DOVECOT, SOURCE_BROKEN, "", true, true, VERDICT_DOWN },
		{ "named, and away", SOURCE_MAILU, SOURCE_ABSENT, "", false, false, VERDICT_UNKNOWN },
		{ "found nowhere", SOURCE_MAILU, SOURCE_ABSENT, "looked for", false, true, VERDICT_UP },
		{ "found, and not for our eyes", SOURCE_MAILU, SOURCE_BROKEN, "it is there", false, true, VERDICT_UP },
		{ "found, and broken", SOURCE_DOVECOT, SOURCE_BROKEN, "told by", true, false, VERDICT_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct source source = { .kind = rows[i].kind, .state = rows[i].state };
		struct source_view view;

		(void)strcpy(source.why, rows[i].found);
		if (rows[i].error)
			complain_error(&source.complaints, "an error");
		broken_judge(&source, rows[i].is_down, &view);
		if (view.verdict != rows[i].verdict || !*view.why != (view.verdict == VERDICT_UP))
			fail_msg("%s: %s, %s", rows[i].why, verdict_name(view.verdict), view.why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_one_is_found),
		cmocka_unit_test(errors_in_what_can_be_read_count),
		cmocka_unit_test(what_is_known_of_a_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
