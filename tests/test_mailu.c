// SPDX-License-Identifier: LGPL-2.1-or-later
/* The rows are the cases that were run with Mailu's own code; see the knowledge behind mailu.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/declared/mailu.h"

static const char *const letters[TLS_MODE_COUNT] = {
	[TLS_STARTTLS] = "s",
	[TLS_STARTTLS_OPTIONAL] = "o",
	[TLS_IMPLICIT] = "i",
	[TLS_NONE] = "-",
};

/* "25o 443i 587sP": the port, its TLS, P when it wants a PROXY header. */
static void show(const struct service_set *set, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < set->n; i++)
		(void)text_append(to, size, "%s%u%s%s", i ? " " : "", set->list[i].want.port,
				  letters[set->list[i].want.tls], set->list[i].want.proxy_header ? "P" : "");
}

#define TLS_ON	   "25o 443i 465i 993i 995i 4190s"
#define DEFAULT_IN "PORTS=25,80,443,465,993,995,4190,110,143,587\n"

static int parse(const char *text, enum mailu_version version, struct mailu *ret, struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile file = { 0 };

	assert_int_equal(envfile_parse(text, strlen(text), "f", &file, complaints), 0);
	return mailu_decide(&file, "f", version, ret, complaints);
}

#define TRUSTED	 "REAL_IP_FROM=10.0.0.0/8\n"
#define PLAIN(p) "f:2: PORTS has " p " while TLS_FLAVOR=notls: it listens, without STARTTLS"

static const struct {
	const char *why, *text;
	int r;
	const char *services;
	const char *complaint; /* a part of the first one */
} rows[] = {
	{ "buggy", "TLS_FLAVOR=cert\n", 0, TLS_ON, NULL },
	{ "fixed: the seed's default, written down", "TLS_FLAVOR=cert\nPORTS=25,80,443,465,587,993,995,4190\n", 0,
	  "25o 443i 465i 587s 993i 995i 4190s", NULL },
	{ "letsencrypt", "TLS_FLAVOR=letsencrypt\n", 0, TLS_ON, NULL },
	{ "mail", "TLS_FLAVOR=mail\n", 0, TLS_ON, NULL },
	{ "mail-letsencrypt", "TLS_FLAVOR=mail-letsencrypt\n", 0, TLS_ON, NULL },
	{ "opt-in", "TLS_FLAVOR=cert\n" DEFAULT_IN, 0, "25o 110s 143s 443i 465i 587s 993i 995i 4190s", NULL },
	{ "notls", "TLS_FLAVOR=notls\n", 0, "25- 4190-", NULL },
	{ "notls-opt-in", "TLS_FLAVOR=notls\nPORTS=25,587\n", 0, "25- 587- 4190-", PLAIN("587") },
	{ "notls, imap", "TLS_FLAVOR=notls\nPORTS=143\n", 0, "25- 143- 4190-", PLAIN("143") },
	{ "only587", "TLS_FLAVOR=cert\nPORTS=587\n", 0, "25o 443i 465i 587s 993i 995i 4190s", NULL },
	{ "empty", "TLS_FLAVOR=cert\nPORTS=\n", 0, TLS_ON, "f:2: PORTS is empty, which is not the default" },
	{ "spaces", "TLS_FLAVOR=cert\nPORTS=25, 587\n", 0, TLS_ON,
	  "f:2: PORTS: \" 587\" has a blank in it; Mailu does not trim" },
	{ "quoted", "TLS_FLAVOR=\"cert\"\nPORTS='25,587'\n", 0, "25o 443i 465i 587s 993i 995i 4190s", NULL },
	{ "junk", "TLS_FLAVOR=cert\nPORTS=25,submission\n", 0, TLS_ON, "f:2: PORTS: \"submission\"" },
	{ "leading zero", "TLS_FLAVOR=cert\nPORTS=0587\n", 0, TLS_ON, "f:2: PORTS: \"0587\"" },
	{ "TLS restricts", "TLS_FLAVOR=cert\nTLS=443,465\n", 0, "25o 443i 465i 4190s", NULL },
	{ "TLS empty", "TLS_FLAVOR=cert\nTLS=\n", 0, "25o 4190s", NULL },
	{ "TLS in notls", "TLS_FLAVOR=notls\nTLS=465\n", 0, "25- 4190-", NULL },
	{ "proxyproto", "TLS_FLAVOR=cert\nPROXY_PROTOCOL=mail\n" TRUSTED DEFAULT_IN, 0,
	  "25oP 110sP 143sP 443i 465iP 587sP 993iP 995iP 4190sP", NULL },
	{ "proxy all-but-http", "TLS_FLAVOR=cert\nPROXY_PROTOCOL=all-but-http\n" TRUSTED, 0,
	  "25oP 443iP 465iP 993iP 995iP 4190sP", NULL },
	{ "proxy all", "TLS_FLAVOR=cert\nPROXY_PROTOCOL=all\n" TRUSTED, 0, "25oP 443iP 465iP 993iP 995iP 4190sP",
	  NULL },
	{ "proxy ports", "TLS_FLAVOR=cert\nPROXY_PROTOCOL=25,465,80\n" TRUSTED, 0, "25oP 443i 465iP 993i 995i 4190s",
	  NULL },
	{ "proxy unknown word", "TLS_FLAVOR=cert\nPROXY_PROTOCOL=http\n" TRUSTED, 0, TLS_ON,
	  "f:2: PROXY_PROTOCOL: \"http\" makes every Mailu container crash" },
	{ "proxy blank", "TLS_FLAVOR=cert\nPROXY_PROTOCOL=25, 465\n" TRUSTED, 0, "25oP 443i 465i 993i 995i 4190s",
	  "f:2: PROXY_PROTOCOL: \" 465\" makes" },
	{ "unknown flavor", "A=b\nTLS_FLAVOR=certs\n", -EINVAL, "",
	  "f:2: TLS_FLAVOR=certs: Mailu knows cert, letsencrypt, notls, mail and mail-letsencrypt" },
	{ "empty flavor", "TLS_FLAVOR=\n", -EINVAL, "", "f:1: TLS_FLAVOR=:" },
	{ "missing flavor", "PORTS=587\n", -EINVAL, "", "f: TLS_FLAVOR is missing" },
	{ "nothing", "", -EINVAL, "", "f: TLS_FLAVOR is missing" },
	{ "not Mailu's variables", "TLS_FLAVOR=cert\nSUBMISSION_PORT=587\n", 0, TLS_ON,
	  "f:2: Mailu has no variable SUBMISSION_PORT and ignores it; did you mean PORTS?" },
	{ "proxy, and nobody trusted", "TLS_FLAVOR=cert\nPROXY_PROTOCOL=465\n", 0, "25o 443i 465iP 993i 995i 4190s",
	  "f:2: PROXY_PROTOCOL is set and REAL_IP_FROM is not" },
	{ "letsencrypt without 80", "TLS_FLAVOR=letsencrypt\nPORTS=25,587\n", 0, "25o 443i 465i 587s 993i 995i 4190s",
	  "f:2: PORTS lacks 80" },
	{ "unicode digits", "TLS_FLAVOR=cert\nPORTS=\xef\xbc\x95\xef\xbc\x98\xef\xbc\x97\n", 0, TLS_ON,
	  "f:2: PORTS: \"\xef\xbc\x95\xef\xbc\x98\xef\xbc\x97\" is none of Mailu's ports" },
	{ "0", "TLS_FLAVOR=cert\nPORTS=0\n", 0, TLS_ON, "f:2: PORTS: \"0\" is none of" },
	{ "65536", "TLS_FLAVOR=cert\nPORTS=65536\n", 0, TLS_ON, "f:2: PORTS: \"65536\" is none of" },
	{ "a word and a blank", "TLS_FLAVOR=cert\nPORTS='submission '\n", 0, TLS_ON,
	  "f:2: PORTS: \"submission \" is none of" },
};

static void ports_follow_mailu(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct mailu mailu = { 0 };
		char shown[256];
		int r = parse(rows[i].text, MAILU_CURRENT, &mailu, &complaints);

		show(&mailu.services, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].services) != 0)
			fail_msg("%s: %d, %s", rows[i].why, r, shown);
		if (complaints.n != (rows[i].complaint ? 1 : 0) ||
		    (rows[i].complaint && !text_starts_with(complaints.list[0].text, rows[i].complaint)))
			fail_msg("%s: %zu complaints: %s", rows[i].why, complaints.n, complaints.list[0].text);
		mailu_clear(&mailu);
	}
}

static void what_it_serves_follows_the_flavor(void **state)
{
	struct complaints complaints = { 0 };
	struct mailu mailu = { 0 };

	assert_int_equal(parse("TLS_FLAVOR=cert\n", MAILU_CURRENT, &mailu, &complaints), 0);
	assert_true(mailu.tls_on && mailu.serves_submission && mailu.serves_imap && mailu.serves_pop3);
	assert_string_equal(mailu.ports, MAILU_DEFAULT_PORTS);
	assert_int_equal(mailu.services.list[0].want.n_addresses, 0);
	assert_string_equal(service_set_find(&mailu.services, 465)->name, "submissions");
	assert_int_equal(service_set_find(&mailu.services, 465)->want.protocol, PROTOCOL_SUBMISSION);
	assert_int_equal(service_set_find(&mailu.services, 465)->provenance.sources, 1u << SOURCE_MAILU);
	mailu_clear(&mailu);

	assert_int_equal(
		parse("TLS_FLAVOR=notls\nPORTS=25,143\nSUBNET6=fd00::/64\n", MAILU_CURRENT, &mailu, &complaints), 0);
	assert_true(!mailu.tls_on && !mailu.serves_submission && mailu.serves_imap && !mailu.serves_pop3);
	assert_string_equal(mailu.ports, "25,143");
	assert_int_equal(mailu.services.list[0].want.n_addresses, 2);
	assert_int_equal(mailu.services.list[0].want.addresses[0].family, AF_INET);
	assert_int_equal(mailu.services.list[0].want.addresses[1].family, AF_INET6);
	mailu_clear(&mailu);
}

static void older_versions_open_others(void **state)
{
	static const struct {
		const char *why, *text, *services;
		enum mailu_version version;
	} older[] = {
		{ "2.0 needs no opt-in", "TLS_FLAVOR=cert\n", "25o 110s 143s 443i 465i 587s 993i 995i", MAILU_2_0 },
		{ "2.0 and notls", "TLS_FLAVOR=notls\n", "25- 110- 143- 587-", MAILU_2_0 },
		{ "2.0 knows http", "TLS_FLAVOR=cert\nPROXY_PROTOCOL=http\n" TRUSTED,
		  "25o 110s 143s 443i 465i 587s 993i 995i", MAILU_2_0 },
		{ "2024.06.0 drifts", "TLS_FLAVOR=cert\n", "25o 110s 143s 443i 465i 993i 995i 4190s",
		  MAILU_2024_06_EARLY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(older); i++) {
		struct complaints complaints = { 0 };
		struct mailu mailu = { 0 };
		char shown[256];

		assert_int_equal(parse(older[i].text, older[i].version, &mailu, &complaints), 0);
		show(&mailu.services, shown, sizeof(shown));
		if (strcmp(shown, older[i].services) != 0 || complaints.n)
			fail_msg("%s: %s, %zu complaints", older[i].why, shown, complaints.n);
		mailu_clear(&mailu);
	}
}

static void versions_are_read_from_tags(void **state)
{
	static const struct {
		const char *tag;
		enum mailu_version version;
	} tags[] = {
		{ "", MAILU_CURRENT },
		{ "latest", MAILU_CURRENT },
		{ "2024.06", MAILU_CURRENT },
		{ "2024.06.0", MAILU_2024_06_EARLY },
		{ "2024.06.4", MAILU_2024_06_EARLY },
		{ "2024.06.5", MAILU_CURRENT },
		{ "2024.06.37", MAILU_CURRENT },
		{ "2.0", MAILU_2_0 },
		{ "2.0.44", MAILU_2_0 },
		{ "1.9", MAILU_2_0 },
		{ "2024.06.3@sha256:0123", MAILU_2024_06_EARLY },
		{ "2025.12", MAILU_CURRENT },
		{ "99999999999999999999.1", MAILU_CURRENT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (mailu_version_parse(tags[i].tag) != tags[i].version)
			fail_msg("%s: %d", tags[i].tag, mailu_version_parse(tags[i].tag));
}

static void lists_are_bounded(void **state)
{
	struct complaints complaints = { 0 };
	struct mailu mailu = { 0 };
	char text[4096];

	(void)text_copy(text, sizeof(text), "TLS_FLAVOR=cert\nPORTS=");
	for (int i = 0; i < 70; i++)
		(void)text_append(text, sizeof(text), "587,");
	assert_int_equal(parse(text, MAILU_CURRENT, &mailu, &complaints), -EINVAL);
	for (int i = 0; i < 300; i++)
		(void)text_append(text, sizeof(text), "5870,");
	assert_int_equal(parse(text, MAILU_CURRENT, &mailu, &complaints), -EINVAL);
	assert_string_equal(complaints.list[0].text, "f:2: PORTS: has more than 64 items");
	assert_string_equal(complaints.list[1].text, "f:2: PORTS: is longer than 1023 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_follow_mailu),	      cmocka_unit_test(what_it_serves_follows_the_flavor),
		cmocka_unit_test(older_versions_open_others), cmocka_unit_test(versions_are_read_from_tags),
		cmocka_unit_test(lists_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
