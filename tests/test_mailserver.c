// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/declared/mailserver.h"

static const char *const letters[TLS_MODE_COUNT] = {
	[TLS_STARTTLS] = "s",
	[TLS_STARTTLS_OPTIONAL] = "o",
	[TLS_IMPLICIT] = "i",
	[TLS_NONE] = "-",
};

/* "25o 587s4": the port, its TLS, and the family when it is one alone. */
static void show(const struct service_set *set, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < set->n; i++)
		(void)text_append(to, size, "%s%u%s%s", i ? " " : "", set->list[i].want.port,
				  letters[set->list[i].want.tls],
				  set->list[i].want.n_addresses == 0		     ? ""
				  : set->list[i].want.addresses[0].family == AF_INET ? "4"
										     : "6");
}

#define LE	"SSL_TYPE=letsencrypt\n"
#define DEFAULT "25o 143s 465i 587s 993i"

static void ports_follow_the_scripts(void **state)
{
	static const struct {
		const char *why, *text;
		int r;
		const char *services;
		const char *complaint; /* the beginning of the first one */
	} rows[] = {
		{ "the default, with TLS", LE, 0, DEFAULT, NULL },
		{ "custom", "SSL_TYPE=custom\n", 0, DEFAULT, NULL },
		{ "self-signed", "SSL_TYPE=self-signed\n", 0, DEFAULT, NULL },
		{ "manual", "SSL_TYPE=manual\nSSL_CERT_PATH=/a\nSSL_KEY_PATH=/b\n", 0, DEFAULT, NULL },
		{ "manual without a key", "SSL_TYPE=manual\nSSL_CERT_PATH=/a\nSSL_KEY_PATH=\n", 0, DEFAULT,
		  "f:1: SSL_TYPE=manual needs SSL_CERT_PATH and SSL_KEY_PATH" },
		{ "snakeoil", "SSL_TYPE=snakeoil\n", 0, DEFAULT, "f:1: SSL_TYPE=snakeoil is for tests" },
		{ "empty: plaintext on 465 and 587, no 993", "SSL_TYPE=\n", 0, "25- 143- 465- 587-",
		  "f: SSL_TYPE is empty: ports 465 and 587 listen in plain text" },
		{ "not set", "ENABLE_POP3=1\n", 0, "25- 110- 143- 465- 587-", "f: SSL_TYPE is not set: ports 465" },
		{ "unknown", "A=b\nSSL_TYPE=lets-encrypt\n", -EINVAL, "",
		  "f:2: SSL_TYPE=lets-encrypt: docker-mailserver knows letsencrypt, custom" },
		{ "pop3", LE "ENABLE_POP3=1\n", 0, "25o 110s 143s 465i 587s 993i 995i", NULL },
		{ "pop3 off", LE "ENABLE_POP3=0\n", 0, DEFAULT, NULL },
		{ "pop3 empty", LE "ENABLE_POP3=\n", 0, DEFAULT, NULL },
		{ "pop3 by another word", LE "ENABLE_POP3=yes\n", 0, DEFAULT,
		  "f:2: ENABLE_POP3=yes: docker-mailserver takes every word but 1 for off" },
		{ "imap off", LE "ENABLE_IMAP=0\n", 0, "25o 465i 587s", NULL },
		{ "imap empty is on", LE "ENABLE_IMAP=\n", 0, DEFAULT, NULL },
		{ "sieve", LE "ENABLE_MANAGESIEVE=1\n", 0, DEFAULT " 4190s", NULL },
		{ "smtp only", LE "SMTP_ONLY=1\n", 0, "25o 465i 587s", NULL },
		{ "smtp only, and imap", LE "SMTP_ONLY=1\nENABLE_IMAP=1\n", 0, "25o 465i 587s",
		  "f:3: ENABLE_IMAP=1 has no effect under SMTP_ONLY=1" },
		{ "smtp only, plaintext", "SMTP_ONLY=1\nSSL_TYPE=\n", 0, "25- 465- 587-", "f: SSL_TYPE is empty" },
		{ "families", LE "POSTFIX_INET_PROTOCOLS=ipv4\nDOVECOT_INET_PROTOCOLS=ipv6\n", 0,
		  "25o4 143s6 465i4 587s4 993i6", NULL },
		{ "families, both", LE "POSTFIX_INET_PROTOCOLS=all\n", 0, DEFAULT, NULL },
		{ "families, unknown", LE "DOVECOT_INET_PROTOCOLS=v4\n", 0, DEFAULT,
		  "f:2: DOVECOT_INET_PROTOCOLS=v4 is not known; write all, ipv4 or ipv6" },
		{ "postscreen", LE "POSTSCREEN_ACTION=reject\n", 0, DEFAULT, "f:2: POSTSCREEN_ACTION=reject is not" },
		{ "tls level", LE "TLS_LEVEL=old\n", 0, DEFAULT, "f:2: TLS_LEVEL=old is not known" },
		{ "a word of another product", LE "TLS_FLAVOR=cert\n", 0, DEFAULT,
		  "f:2: docker-mailserver has no variable TLS_FLAVOR and ignores it; did you mean SSL_TYPE?" },
		{ "quoted", "SSL_TYPE='letsencrypt'\nENABLE_POP3=\"1\"\n", 0, "25o 110s 143s 465i 587s 993i 995i",
		  NULL },
		{ "another product's file", "TLS_FLAVOR=cert\nPORTS=25\n", -EINVAL, "", "f: has none of" },
		{ "nothing", "", -EINVAL, "", "f: has none of docker-mailserver's variables" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct mailserver mailserver = { 0 };
		char shown[256];
		int r = mailserver_parse(rows[i].text, strlen(rows[i].text), "f", &mailserver, &complaints);

		show(&mailserver.services, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].services) != 0)
			fail_msg("%s: %d, %s", rows[i].why, r, shown);
		if (complaints.n != (rows[i].complaint ? 1 : 0) ||
		    (rows[i].complaint && !text_starts_with(complaints.list[0].text, rows[i].complaint)))
			fail_msg("%s: %zu complaints: %s", rows[i].why, complaints.n, complaints.list[0].text);
		mailserver_clear(&mailserver);
	}
}

static void its_own_example_is_read(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	struct mailserver mailserver = { 0 };
	char shown[256];
	size_t size;

	assert_int_equal(file_read("tests/data/mailserver/mailserver.env", 1 << 20, &text, &size), 0);
	assert_int_equal(mailserver_parse(text, size, "f", &mailserver, &complaints), 0);
	show(&mailserver.services, shown, sizeof(shown));
	assert_string_equal(shown, DEFAULT);
	assert_int_equal(complaints.n, 0);
	assert_true(mailserver.tls_on && mailserver.serves_imap && !mailserver.serves_pop3);
	mailserver_clear(&mailserver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_follow_the_scripts),
		cmocka_unit_test(its_own_example_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
