// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/cleanup.h"
#include "probe/wire/tls_mode.h"

static void test_what_clients_do(void **state)
{
	static const struct {
		uint16_t port;
		enum tls_mode said, expected;
	} rows[] = {
		{ 993, TLS_STARTTLS, TLS_IMPLICIT },
		{ 995, TLS_NONE, TLS_IMPLICIT },
		{ 465, TLS_STARTTLS_OPTIONAL, TLS_IMPLICIT },
		{ 465, TLS_IMPLICIT, TLS_IMPLICIT },
		{ 25, TLS_IMPLICIT, TLS_STARTTLS_OPTIONAL },
		{ 587, TLS_IMPLICIT, TLS_STARTTLS },
		{ 143, TLS_IMPLICIT, TLS_STARTTLS },
		{ 110, TLS_IMPLICIT, TLS_STARTTLS },
		{ 143, TLS_NONE, TLS_NONE },
		{ 25, TLS_STARTTLS, TLS_STARTTLS },
		{ 443, TLS_IMPLICIT, TLS_IMPLICIT },
		{ 4190, TLS_IMPLICIT, TLS_IMPLICIT },
		{ 2525, TLS_IMPLICIT, TLS_IMPLICIT },
		{ 10993, TLS_STARTTLS, TLS_STARTTLS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (tls_mode_of_clients(rows[i].port, rows[i].said) != rows[i].expected)
			fail_msg("%u, %s", rows[i].port, tls_mode_name(rows[i].said));
}

static void test_the_option_is_named(void **state)
{
	static const struct {
		uint32_t sources;
		enum tls_mode tls;
		const char *says;
	} rows[] = {
		{ 1U << SOURCE_DOVECOT, TLS_IMPLICIT, "Dovecot: ssl = yes in its inet_listener" },
		{ 1U << SOURCE_POSTFIX | 1U << SOURCE_POLICY, TLS_IMPLICIT, "smtpd_tls_wrappermode=yes" },
		{ 1U << SOURCE_POSTFIX, TLS_STARTTLS, "no -o smtpd_tls_wrappermode=yes" },
		{ 1U << SOURCE_EXIM, TLS_IMPLICIT, "the port in tls_on_connect_ports" },
		{ 1U << SOURCE_OPENSMTPD, TLS_IMPLICIT, "smtps in its listen line" },
		{ 1U << SOURCE_NGINX, TLS_IMPLICIT, "nginx: ssl in its listen line" },
		{ 0, TLS_IMPLICIT, "Dovecot's ssl = yes" },
		{ 0, TLS_STARTTLS_OPTIONAL, "none of Dovecot's ssl" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_plan plan = { .tls = rows[i].tls, .sources = rows[i].sources };
		char seen[ANSWER_DETAIL_SIZE / 2], detail[ANSWER_DETAIL_SIZE];

		memset(seen, 'x', sizeof(seen) - 1);
		seen[60] = '\0';
		tls_mode_explain(&plan, seen, detail);
		if (!strstr(detail, rows[i].says))
			fail_msg("%s lacks %s", detail, rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_clients_do),
		cmocka_unit_test(test_the_option_is_named),
	};

	return cmocka_run_group_tests_name("tls_mode", tests, NULL, NULL);
}
