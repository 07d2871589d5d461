// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/declared/mailcow.h"

#define HOST "MAILCOW_HOSTNAME=mail.example.org\n"
#define ALL  "25 110 143 443 465 587 993 995 4190"

/* "25 587@127.0.0.1": the ports on the host, and the address where one was said. */
static void show(const struct service_set *set, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < set->n; i++) {
		char address[ADDRESS_TEXT_SIZE] = "";

		if (set->list[i].want.n_addresses)
			address_show(&set->list[i].want.addresses[0], address);
		(void)text_append(to, size, "%s%u%s%s", i ? " " : "", set->list[i].want.port, *address ? "@" : "",
				  address);
	}
}

static void ports_are_those_on_the_host(void **state)
{
	static const struct {
		const char *why, *text;
		int r;
		const char *services;
		const char *complaint; /* the beginning of the first one */
	} rows[] = {
		{ "nothing said", HOST, 0, ALL, NULL },
		{ "empty is the default too", HOST "SUBMISSION_PORT=\nSMTP_PORT=''\n", 0, ALL, NULL },
		{ "a port", HOST "SUBMISSION_PORT=2587\n", 0, "25 110 143 443 465 2587 993 995 4190", NULL },
		{ "an address", HOST "SUBMISSION_PORT=192.0.2.1:587\n", 0,
		  "25 110 143 443 465 587@192.0.2.1 993 995 4190", NULL },
		{ "an IPv6 address", HOST "SIEVE_PORT=[2001:db8::1]:14190\n", 0,
		  "25 110 143 443 465 587 993 995 14190@2001:db8::1", NULL },
		{ "the host alone", HOST "POP_PORT=127.0.0.1:110\nPOPS_PORT=127.0.0.1:995\n", 0,
		  "25 110@127.0.0.1 143 443 465 587 993 995@127.0.0.1 4190", NULL },
		{ "https", HOST "HTTPS_PORT=8443\nHTTPS_BIND=127.0.0.1\n", 0,
		  "25 110 143 8443@127.0.0.1 465 587 993 995 4190", NULL },
		{ "https, in the other way", HOST "HTTPS_PORT=127.0.0.1:8443\n", 0, "25 110 143 465 587 993 995 4190",
		  "f:2: HTTPS_PORT=127.0.0.1:8443: write a port from 1 to 65535; its address goes into HTTPS_BIND" },
		{ "https bound to nonsense", HOST "HTTPS_BIND=127.0.0.1:443\n", 0, "25 110 143 465 587 993 995 4190",
		  "f:2: HTTPS_BIND=127.0.0.1:443: write one address, without a port" },
		{ "0", HOST "SUBMISSION_PORT=0\n", 0, "25 110 143 443 465 993 995 4190",
		  "f:2: SUBMISSION_PORT=0: write a port from 1 to 65535, IP:PORT or [IPv6]:PORT" },
		{ "65536", HOST "SUBMISSION_PORT=65536\n", 0, "25 110 143 443 465 993 995 4190",
		  "f:2: SUBMISSION_PORT=65536: write" },
		{ "65535", HOST "SUBMISSION_PORT=65535\n", 0, "25 110 143 443 465 65535 993 995 4190", NULL },
		{ "a word and a blank", HOST "SUBMISSION_PORT=\"submission \"\n", 0, "25 110 143 443 465 993 995 4190",
		  "f:2: SUBMISSION_PORT=submission : write" },
		{ "unicode digits", HOST "SUBMISSION_PORT=\xd9\xa5\xd9\xa8\xd9\xa7\n", 0,
		  "25 110 143 443 465 993 995 4190", "f:2: SUBMISSION_PORT=\xd9\xa5\xd9\xa8\xd9\xa7: write" },
		{ "two", HOST "SUBMISSION_PORT=192.0.2.1:587,192.0.2.2:587\n", 0, "25 110 143 443 465 993 995 4190",
		  "f:2: SUBMISSION_PORT=192.0.2.1:587,192.0.2.2:587: write" },
		{ "a range", HOST "SUBMISSION_PORT=587-588\n", 0, "25 110 143 443 465 993 995 4190",
		  "f:2: SUBMISSION_PORT=587-588: write" },
		{ "both sides", HOST "SUBMISSION_PORT=587:587\n", 0, "25 110 143 443 465 993 995 4190",
		  "f:2: SUBMISSION_PORT=587:587: write" },
		{ "IPv6 without brackets", HOST "SUBMISSION_PORT=2001:db8::1:587\n", 0,
		  "25 110 143 443 465 993 995 4190", "f:2: SUBMISSION_PORT=2001:db8::1:587: write" },
		{ "an empty address", HOST "SUBMISSION_PORT=:587\n", 0, "25 110 143 443 465 993 995 4190",
		  "f:2: SUBMISSION_PORT=:587: write" },
		{ "one port twice", HOST "SUBMISSION_PORT=465\n", 0, "25 110 143 443 465 993 995 4190",
		  "f: SUBMISSION_PORT: port 465 is already that of submissions" },
		{ "a blank that only compose forgives", HOST "SMTP_PORT = 26\n", 0,
		  "26 110 143 443 465 587 993 995 4190",
		  "f:2: SMTP_PORT: docker compose reads this line as \"26\", and mailcow's own scripts" },
		{ "quotes and a comment", HOST "SMTP_PORT=\"26\" # not 25\n", 0, "26 110 143 443 465 587 993 995 4190",
		  NULL },
		{ "a variable", HOST "IP=192.0.2.1\nSMTP_PORT=${IP}:25\n", 0,
		  "25@192.0.2.1 110 143 443 465 587 993 995 4190", NULL },
		{ "said twice", HOST "SMTP_PORT=25\nSMTP_PORT=26\n", 0, "26 110 143 443 465 587 993 995 4190",
		  "f:3: SMTP_PORT is said again, with another value than in line 2; the last one counts" },
		{ "CRLF and BOM", "\xef\xbb\xbfMAILCOW_HOSTNAME=a\r\nSMTP_PORT=26\r\n", 0,
		  "26 110 143 443 465 587 993 995 4190", NULL },
		{ "an unclosed quote", HOST "SMTP_PORT=\"26\n", 0, ALL,
		  "f:2: SMTP_PORT: the closing quote is missing" },
		{ "another product's file", "TLS_FLAVOR=cert\n", -EINVAL, "",
		  "f: has neither MAILCOW_HOSTNAME nor any of mailcow's ports" },
		{ "nothing", "", -EINVAL, "", "f: has neither" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct mailcow mailcow = { 0 };
		char shown[256];
		int r = mailcow_parse(rows[i].text, strlen(rows[i].text), "f", &mailcow, &complaints);

		show(&mailcow.services, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].services) != 0)
			fail_msg("%s: %d, %s", rows[i].why, r, shown);
		if (complaints.n != (rows[i].complaint ? 1 : 0) ||
		    (rows[i].complaint && !text_starts_with(complaints.list[0].text, rows[i].complaint)))
			fail_msg("%s: %zu complaints: %s", rows[i].why, complaints.n, complaints.list[0].text);
		mailcow_clear(&mailcow);
	}
}

static void its_own_example_is_read(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	struct mailcow mailcow = { 0 };
	char shown[256];
	size_t size;

	assert_int_equal(file_read("tests/data/mailcow/mailcow.conf", 1 << 20, &text, &size), 0);
	assert_int_equal(mailcow_parse(text, size, "f", &mailcow, &complaints), 0);
	show(&mailcow.services, shown, sizeof(shown));
	assert_string_equal(shown, ALL);
	assert_int_equal(complaints.n, 0);
	assert_int_equal(service_set_find(&mailcow.services, 587)->want.tls, TLS_STARTTLS);
	assert_int_equal(service_set_find(&mailcow.services, 465)->want.tls, TLS_IMPLICIT);
	assert_int_equal(service_set_find(&mailcow.services, 25)->want.tls, TLS_STARTTLS_OPTIONAL);
	assert_int_equal(service_set_find(&mailcow.services, 587)->provenance.sources, 1u << SOURCE_MAILCOW);
	mailcow_clear(&mailcow);
}

static void tls_is_that_of_the_port_inside(void **state)
{
	static const char text[] = HOST "SMTPS_PORT=2465\nSUBMISSION_PORT=465\n";
	struct complaints complaints = { 0 };
	struct mailcow mailcow = { 0 };

	assert_int_equal(mailcow_parse(text, strlen(text), "f", &mailcow, &complaints), 0);
	assert_int_equal(service_set_find(&mailcow.services, 2465)->want.tls, TLS_IMPLICIT);
	assert_string_equal(service_set_find(&mailcow.services, 2465)->name, "submissions");
	assert_int_equal(service_set_find(&mailcow.services, 465)->want.tls, TLS_STARTTLS);
	assert_string_equal(service_set_find(&mailcow.services, 465)->name, "submission");
	mailcow_clear(&mailcow);
}

static void zeros_are_no_text(void **state)
{
	static const char text[] = HOST "SMTP_PORT=2\0"
					"5\n";
	struct complaints complaints = { 0 };
	struct mailcow mailcow = { 0 };

	assert_int_equal(mailcow_parse(text, sizeof(text) - 1, "f", &mailcow, &complaints), -EINVAL);
	assert_string_equal(complaints.list[0].text, "f: has a NUL byte in it; this is not a text file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_those_on_the_host),
		cmocka_unit_test(its_own_example_is_read),
		cmocka_unit_test(tls_is_that_of_the_port_inside),
		cmocka_unit_test(zeros_are_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
