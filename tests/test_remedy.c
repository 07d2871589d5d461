// SPDX-License-Identifier: LGPL-2.1-or-later
/* What would help where a product's files leave a port out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "intent/merge/remedy.h"

#define MAILU	   .kind = SOURCE_MAILU, .file = "/m/mailu.env", .ports = "25,993", .ports_file = "/m/mailu.env"
#define MAILCOW	   .kind = SOURCE_MAILCOW, .file = "/opt/mailcow/mailcow.conf"
#define MAILSERVER .kind = SOURCE_DOCKER_MAILSERVER, .file = "/srv/mailserver.env"

static void the_right_file_is_named(void **state)
{
	static const struct {
		struct declared_facts facts;
		uint16_t port;
		enum tls_mode tls;
		const char *text; /* NULL: nothing is known that would */
	} rows[] = {
		{ { MAILU }, 587, TLS_STARTTLS, "add 587 to PORTS in mailu.env (PORTS=25,993,587)" },
		{ { .kind = SOURCE_MAILU, .file = "/m/mailu.env", .ports_file = "/m/mailu.env" },
		  587,
		  TLS_STARTTLS,
		  "add 587 to PORTS in mailu.env (PORTS=587)" },
		{ { .kind = SOURCE_MAILU, .file = "/m/mailu.env", .ports = "${P}", .ports_file = "/m/compose.yml" },
		  143,
		  TLS_STARTTLS,
		  "add 143 to PORTS in compose.yml (PORTS=${P},143)" },
		{ { MAILU },
		  465,
		  TLS_IMPLICIT,
		  "mailu.env needs nothing for 465 but TLS_FLAVOR other than notls and its certificate files; see the "
		  "log "
		  "of Mailu's front container" },
		{ { MAILU, .inside = { 587 }, .n_inside = 1, .compose_file = "/m/compose.yml",
		    .compose_service = "front" },
		  587,
		  TLS_STARTTLS,
		  "add \"587:587\" to \"ports\" of front in compose.yml" },
		{ { MAILU, .inside = { 25 }, .n_inside = 1, .compose_file = "/m/compose.yml",
		    .compose_service = "front" },
		  587,
		  TLS_STARTTLS,
		  "add 587 to PORTS in mailu.env (PORTS=25,993,587)" },
		{ { MAILCOW },
		  587,
		  TLS_STARTTLS,
		  "write SUBMISSION_PORT=587 into mailcow.conf, and see that no docker-compose.override.yml takes the "
		  "port "
		  "away" },
		{ { MAILCOW }, 24, TLS_NONE, NULL },
		{ { MAILSERVER },
		  995,
		  TLS_IMPLICIT,
		  "write ENABLE_POP3=1 into mailserver.env, with SSL_TYPE other than empty and no SMTP_ONLY=1" },
		{ { MAILSERVER }, 143, TLS_STARTTLS, "write ENABLE_IMAP=1 into mailserver.env, and no SMTP_ONLY=1" },
		{ { MAILSERVER },
		  4190,
		  TLS_STARTTLS,
		  "write ENABLE_MANAGESIEVE=1 into mailserver.env, and no SMTP_ONLY=1" },
		{ { MAILSERVER }, 587, TLS_STARTTLS, NULL },
		{ { .kind = SOURCE_CONFIG }, 587, TLS_STARTTLS, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct service service = { .want = { .port = rows[i].port, .tls = rows[i].tls },
						 .provenance.sources = 1U << SOURCE_POLICY };
		char text[256];
		int r = remedy_declared(&rows[i].facts, &service, text, sizeof(text));

		if (r != (rows[i].text ? 0 : -ENOENT) || strcmp(text, rows[i].text ? rows[i].text : "") != 0)
			fail_msg("row %zu: %d, %s", i, r, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
