// SPDX-License-Identifier: LGPL-2.1-or-later
/* What clients call a host: the host's own words as Debian's installer, cloud images and people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/merge/names.h"
#include "intent/rendered/servers.h"

#define LOCAL "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"

/* "mail.example.org/h": the name, and who says it: c, m, d, f as in intent_play.h, h the host, ? nobody. */
static void show(const struct server_names *names, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < names->n; i++) {
		(void)text_append(to, size, "%s%s/", i ? " " : "", names->list[i].name);
		for (int kind = 0; kind < SOURCE_KIND_COUNT; kind++)
			if (names->list[i].sources & 1u << kind)
				(void)text_append(to, size, "%c", "cmwkdfxonsp"[kind]);
		if (names->list[i].sources & NAME_OF_HOST)
			(void)text_append(to, size, "h");
		if (!server_name_is_said(&names->list[i]))
			(void)text_append(to, size, "?");
	}
}

static void the_strongest_word_counts(void **state)
{
	static const struct {
		const char *why, *kernel, *hosts, *config, *more, *declared, *postfix, *dovecot, *names;
	} rows[] = {
		{ "Debian's installer", "mail", LOCAL "127.0.1.1\tmail.example.org\tmail\n",
		  .names = "mail.example.org/h" },
		{ "without a domain", "mail", LOCAL "127.0.1.1 mail\n", .names = "" },
		{ "a made up domain", "mail", LOCAL "127.0.1.1 mail.localdomain mail\n",
		  .names = "mail.localdomain/?" },
		{ "a router's domain", "mail", LOCAL "127.0.1.1 mail.fritz.box mail\n", .names = "mail.fritz.box/?" },
		{ "no line", "mail", LOCAL, .names = "" },
		{ "no file", "mail", "", .names = "" },
		{ "no name at all", "", LOCAL "127.0.1.1 mail.example.org mail\n", .names = "" },
		{ "localhost", "localhost", LOCAL, .names = "" },
		{ "localhost.localdomain", "localhost.localdomain",
		  "127.0.0.1 localhost.localdomain localhost localhost4\n", .names = "localhost.localdomain/?" },
		{ "an alias of localhost", "mail", "127.0.0.1 localhost mail\n127.0.1.1 mail.example.org mail\n",
		  .names = "mail.example.org/h" },
		{ "the wrong way round", "mail", LOCAL "127.0.1.1 mail mail.example.org\n",
		  .names = "mail.example.org/?" },
		{ "a public address", "mail", LOCAL "192.0.2.1 mail.example.org mail # ours\n",
		  .names = "mail.example.org/h" },
		{ "commented out", "mail", LOCAL "#127.0.1.1 mail.example.org mail\n", .names = "" },
		{ "a whole kernel name", "mail.example.org", LOCAL "127.0.1.1 mail.example.org mail\n",
		  .names = "mail.example.org/h" },
		{ "a whole kernel name alone", "mail.example.org", LOCAL, .names = "mail.example.org/?" },
		{ "capitals", "Mail", LOCAL "127.0.1.1 MAIL.example.org mail\n", .names = "MAIL.example.org/h" },
		{ "another host's line", "mail", LOCAL "192.0.2.9 mail2.example.org mail2\n", .names = "" },
		{ "Postfix says", "mail", LOCAL "127.0.1.1 vps1.provider.net mail\n", .postfix = "mail.example.org",
		  .names = "mail.example.org/f" },
		{ "Postfix's default", "mail", LOCAL, .postfix = "mail.localdomain", .names = "" },
		{ "Postfix's bare one", "mail", LOCAL "127.0.1.1 mail.example.org mail\n", .postfix = "mail",
		  .names = "mail.example.org/h" },
		{ "Dovecot says nothing", "mail", LOCAL, .postfix = "mx.example.org", .dovecot = "",
		  .names = "mx.example.org/f" },
		{ "both say", "mail", LOCAL, .postfix = "mx.example.org", .dovecot = "imap.example.org",
		  .names = "mx.example.org/f imap.example.org/d" },
		{ "both the same", "mail", LOCAL, .postfix = "mx.example.org", .dovecot = "mx.example.org",
		  .names = "mx.example.org/df" },
		{ "a product", "mail", LOCAL "127.0.1.1 vps1.provider.net mail\n", .declared = "mail.example.org",
		  .postfix = "mx.example.org", .names = "mail.example.org/m" },
		{ "hearken.conf", "mail", LOCAL "127.0.1.1 vps1.provider.net mail\n", .config = "imap.example.org",
		  .declared = "mail.example.org", .postfix = "mx.example.org", .names = "imap.example.org/c" },
		{ "hearken.conf, even a bare one", "mail", LOCAL, .config = "mail", .names = "mail/c" },
		{ "more names", "mail", LOCAL "127.0.1.1 mail.example.org mail\n", .more = "mail.example.net",
		  .names = "mail.example.org/h mail.example.net/c" },
		{ "more names alone", "mail", LOCAL, .more = "mail.example.net", .names = "mail.example.net/c" },
		{ "an address is no name", "192.0.2.1", LOCAL "192.0.2.1 192.0.2.1\n", .names = "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rendered_result results[2] = { { .server = servers_find(SOURCE_POSTFIX) },
						      { .server = servers_find(SOURCE_DOVECOT) } };
		struct config config = { 0 };
		struct server_names declared = { 0 }, names;
		const struct rendered_set rendered = { .list = results, .n = 2 };
		const struct names_said said = { &config, &declared, &rendered };
		struct host_words host = { 0 };
		char shown[512];

		(void)text_copy(host.kernel, sizeof(host.kernel), rows[i].kernel);
		host_words_parse(rows[i].hosts, &host);
		if (rows[i].config)
			(void)text_copy(config.server_name, sizeof(config.server_name), rows[i].config);
		if (rows[i].more)
			(void)server_names_add(&config.server_names, rows[i].more, 1U << SOURCE_CONFIG, 0);
		if (rows[i].declared)
			(void)server_names_add(&declared, rows[i].declared, 1U << SOURCE_MAILU, 0);
		if (rows[i].postfix)
			(void)text_copy(results[0].rendering.hostname, HOST_NAME_SIZE, rows[i].postfix);
		if (rows[i].dovecot)
			(void)text_copy(results[1].rendering.hostname, HOST_NAME_SIZE, rows[i].dovecot);
		names_find(&said, &host, &names);
		show(&names, shown, sizeof(shown));
		if (strcmp(shown, rows[i].names) != 0)
			fail_msg("%s: %s", rows[i].why, shown);
	}
}

static void servers_have_names_of_their_own(void **state)
{
	struct certificate_files files[] = { { .name = "a.example.org" },
					     { .name = "*.example.org" },
					     { .name = "", .protocol = PROTOCOL_IMAP },
					     { .name = "b.example.org", .protocol = PROTOCOL_POP3 } };
	struct rendered_result result = { .server = servers_find(SOURCE_DOVECOT),
					  .rendering = { .certificates = files, .n_certificates = ARRAY_SIZE(files) } };
	const struct rendered_set rendered = { .list = &result, .n = 1 };
	const struct config config = { .server_name = "mail.example.org" };
	const struct server_names declared = { 0 };
	const struct names_said said = { &config, &declared, &rendered };
	const struct host_words host = { .kernel = "mail" };
	struct server_names names;

	names_find(&said, &host, &names);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.list[1].name, "a.example.org");
	assert_true(server_name_is_of(&names.list[1], PROTOCOL_IMAP));
	assert_false(server_name_is_of(&names.list[1], PROTOCOL_SMTP));
	assert_string_equal(names.list[2].name, "b.example.org");
	assert_int_equal(names.list[2].protocols, 1U << PROTOCOL_POP3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_strongest_word_counts),
		cmocka_unit_test(servers_have_names_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
