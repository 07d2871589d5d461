// SPDX-License-Identifier: LGPL-2.1-or-later
/* Several products' files at once: what counts, what each said, and what they disagree on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "intent/merge/intent.h"
#include "intent/merge/intent_read.h"
#include "intent/merge/merging.h"

static char directory[64];

static const char *const names[] = { "hearken.conf", "mailu.env", "mailcow.conf", "mailserver.env",
				     "docker-compose.yml" };

static int make_directory(void **state)
{
	(void)strcpy(directory, "/tmp/hearken-merge-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];

		(void)text_format(path, sizeof(path), "%s/%s", directory, names[i]);
		(void)unlink(path);
	}
	return rmdir(directory);
}

static void put(const char *name, const char *text)
{
	char path[128];

	(void)text_format(path, sizeof(path), "%s/%s", directory, name);
	(void)unlink(path);
	if (text)
		assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
}

/* @conf: what stands in [hearken] and behind it, "@" for the directory. */
static void read_all(const char *conf, struct intent *ret)
{
	struct complaints complaints = { 0 };
	struct config config = { 0 };
	char text[2048] = "[hearken]\n", path[128];

	for (const char *s = conf; *s; s++)
		(void)(*s == '@' ? text_append(text, sizeof(text), "%s", directory)
				 : text_append(text, sizeof(text), "%c", *s));
	put("hearken.conf", text);
	(void)text_format(path, sizeof(path), "%s/hearken.conf", directory);
	if (config_load(path, &config, &complaints) < 0)
		fail_msg("%s", complaints.list[0].text);
	assert_int_equal(intent_read(&config, 0, NULL, ret), 0);
	config_clear(&config);
}

/* "465-/pk: k- p!": port, TLS and who wants it (or "!", who takes it off); then what each said, "!" off. */
static void show(const struct intent *intent, uint16_t port, char to[static 128])
{
	static const char letters[] = "?soi-", kinds[] = "cmwkdfxonsp";
	const struct service *service = service_set_find(&intent->services, port);

	to[0] = '\0';
	if (!service)
		return;
	(void)text_format(to, 128, "%s%c/", service->expected ? "" : "!", letters[service->want.tls]);
	for (int kind = 0; kind < SOURCE_KIND_COUNT; kind++)
		if (service->provenance.sources & 1u << kind)
			(void)text_append(to, 128, "%c", kinds[kind]);
	(void)text_append(to, 128, ":");
	for (size_t i = 0; i < intent->statements.n; i++) {
		const struct statement *statement = &intent->statements.list[i];

		if (statement->port == port)
			(void)text_append(to, 128, " %c%c", kinds[statement->kind],
					  statement->expected ? letters[statement->tls] : '!');
	}
}

#define MAILU	 "mailu:@/mailu.env"
#define COW	 "mailcow:@/mailcow.conf"
#define DMS	 "docker-mailserver:@/mailserver.env"
#define COW_CONF "MAILCOW_HOSTNAME=a\n"
#define AWAY	 "netns = path:/proc/self/ns/net\n"

static void each_keeps_all_that_was_said(void **state)
{
	static const struct {
		const char *why, *conf, *mailu, *mailcow, *mailserver;
		uint16_t port;
		const char *shown;
		size_t conflicts;
	} rows[] = {
		{ "the policy beside mailu", "sources = " MAILU "\n", "TLS_FLAVOR=cert\n", NULL, NULL, 465,
		  "i/mp: mi pi", 0 },
		{ "three agree", "sources = " DMS " " COW " " MAILU "\n", "TLS_FLAVOR=cert\nPORTS=587\n", COW_CONF,
		  "SSL_TYPE=custom\n", 587, "s/mwkp: ms ws ks ps", 0 },
		{ "SSL_TYPE is empty: listening, and taken off", "sources = " DMS "\n", NULL, NULL, "SSL_TYPE=\n", 465,
		  "!-/p: k- p!", 0 },
		{ "the same with the policy off", "sources = " DMS "\npolicy = off\n", NULL, NULL, "SSL_TYPE=\n", 465,
		  "-/k: k-", 0 },
		{ "993 is not even listening then", "sources = " DMS "\npolicy = off\n", NULL, NULL, "SSL_TYPE=\n", 993,
		  "", 0 },
		{ "TLS on in one, off in the other", "sources = " MAILU " " DMS "\n", "TLS_FLAVOR=cert\nPORTS=143\n",
		  NULL, "SSL_TYPE=\n", 143, "s/mk: ms k-", 1 },
		{ "and hearken.conf decides", "sources = " MAILU " " DMS "\n[listener imap]\ntls = none\n",
		  "TLS_FLAVOR=cert\nPORTS=143\n", NULL, "SSL_TYPE=\n", 143, "-/cmk: ms k- c-", 0 },
		{ "hearken.conf takes it off", "sources = " MAILU "\n[listener smtp]\nexpected = no\n",
		  "TLS_FLAVOR=cert\n", NULL, NULL, 25, "!o/c: mo c!", 0 },
		{ "mailcow alone: nothing for the policy to add", "sources = " COW "\n", NULL,
		  COW_CONF "SUBMISSION_PORT=2587\n", NULL, 587, "", 0 },
		{ "mailcow, moved", "sources = " COW "\n", NULL, COW_CONF "SUBMISSION_PORT=2587\n", NULL, 2587,
		  "s/w: ws", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };
		size_t n = 0;
		char shown[128];

		put("mailu.env", rows[i].mailu);
		put("mailcow.conf", rows[i].mailcow);
		put("mailserver.env", rows[i].mailserver);
		read_all(rows[i].conf, &intent);
		show(&intent, rows[i].port, shown);
		for (size_t j = 0; j < intent.conflicts.n; j++)
			n += intent.conflicts.list[j].port == rows[i].port;
		if (strcmp(shown, rows[i].shown) != 0 || n != rows[i].conflicts)
			fail_msg("%s: %s, %zu conflicts", rows[i].why, shown, n);
		intent_clear(&intent);
	}
}

static void the_rest_counts(void **state)
{
	static const struct {
		const char *why, *mailcow;
		const char *complaint;
	} rows[] = {
		{ "not there", NULL, "/mailcow.conf: cannot be read: No such file or directory" },
		{ "another product's", "A=b\n", "/mailcow.conf: has neither" },
	};

	put("mailu.env", "TLS_FLAVOR=cert\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };

		put("mailcow.conf", rows[i].mailcow);
		read_all("sources = " COW " " MAILU "\n", &intent);
		assert_non_null(service_set_find(&intent.services, 465));
		assert_int_equal(intent.n_sources, 2);
		for (size_t j = 0; j < intent.n_sources; j++) {
			const struct source *source = &intent.sources[j];
			bool is_broken = source->kind == SOURCE_MAILCOW;

			if (source->state != (is_broken ? SOURCE_BROKEN : SOURCE_READ) ||
			    source->complaints.n_errors != is_broken ||
			    (is_broken && !strstr(source->complaints.list[0].text, rows[i].complaint)))
				fail_msg("%s: %s", rows[i].why, source->complaints.list[0].text);
		}
		intent_clear(&intent);
	}
}

/* Inside, 587 is 587; on the host it is where compose has put it. */
static void compose_takes_it_to_the_host(void **state)
{
	static const struct {
		const char *why, *conf;
		uint16_t port;
		const char *shown, *address;
	} rows[] = {
		{ "moved on the host", "sources = " MAILU "\n", 2465, "i/m: mi", "192.0.2.1" },
		{ "and the policy does not ask for the old one", "sources = " MAILU "\n", 465, "", NULL },
		{ "not published", "sources = " MAILU "\n", 993, "", NULL },
		{ "published", "sources = " MAILU "\n", 995, "i/mp: mi pi", NULL },
		{ "inside", "sources = " MAILU "\n" AWAY, 465, "i/mp: mi pi", "0.0.0.0" },
		{ "inside, not published", "sources = " MAILU "\n" AWAY, 993, "i/mp: mi pi", "0.0.0.0" },
	};

	put("mailu.env", "TLS_FLAVOR=cert\nSUBNET6=fd00::/64\n");
	put("docker-compose.yml", "services:\n front:\n  image: ghcr.io/mailu/nginx:2024.06\n  ports: "
				  "['25:25', '995:995', '192.0.2.1:2465:465']\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };
		const struct service *service;
		char shown[128], address[ADDRESS_TEXT_SIZE] = "";

		read_all(rows[i].conf, &intent);
		show(&intent, rows[i].port, shown);
		service = service_set_find(&intent.services, rows[i].port);
		if (service && service->want.n_addresses)
			address_show(&service->want.addresses[0], address);
		if (strcmp(shown, rows[i].shown) != 0 || strcmp(address, rows[i].address ? rows[i].address : "") != 0)
			fail_msg("%s: %s on %s", rows[i].why, shown, address);
		intent_clear(&intent);
	}
}

/* What is * to Mailu's Dovecot is whatever docker makes of it to the host. */
static void addresses_inside_mean_nothing_outside(void **state)
{
	struct intent intent = { 0 };

	put("mailu.env", "TLS_FLAVOR=cert\nSUBNET6=fd00::/64\n");
	read_all("sources = " MAILU "\n", &intent);
	assert_int_equal(service_set_find(&intent.services, 465)->want.n_addresses, 0);
	intent_clear(&intent);
	read_all("sources = " MAILU "\n" AWAY, &intent);
	assert_int_equal(service_set_find(&intent.services, 465)->want.n_addresses, 2);
	intent_clear(&intent);
}

static void compose_tells_the_version(void **state)
{
	static const struct {
		const char *tag;
		bool pop3, submission;
	} rows[] = { { "2.0", true, true }, { "2024.06.2", true, false }, { "2024.06.20", false, false } };

	put("mailu.env", "TLS_FLAVOR=cert\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };
		char yaml[256];

		(void)text_format(yaml, sizeof(yaml), "services:\n front:\n  image: ghcr.io/mailu/nginx:%s\n",
				  rows[i].tag);
		put("docker-compose.yml", yaml);
		read_all("policy = off\nsources = " MAILU "\n", &intent);
		if (!!service_set_find(&intent.services, 110) != rows[i].pop3 ||
		    !!service_set_find(&intent.services, 587) != rows[i].submission)
			fail_msg("%s", rows[i].tag);
		intent_clear(&intent);
	}
}

/* Whatever the stronger source says of a port, what the server on it asks for it gets. */
static void a_weaker_source_completes(void **state)
{
	static const enum proxy_header rows[][3] = {
		/* stronger, weaker, both */
		{ PROXY_HEADER_NO, PROXY_HEADER_NO, PROXY_HEADER_NO },
		{ PROXY_HEADER_NO, PROXY_HEADER_V2, PROXY_HEADER_V2 },
		{ PROXY_HEADER_V1, PROXY_HEADER_NO, PROXY_HEADER_V1 },
		{ PROXY_HEADER_V1, PROXY_HEADER_V2, PROXY_HEADER_V1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct source dovecot = { .kind = SOURCE_DOVECOT };
		struct intent intent = { .sources = &dovecot, .n_sources = 1 };
		struct merging merging = { .intent = &intent };

		for (size_t j = 0; j < 2; j++) {
			struct service said = { .name = "imap", .expected = true, .want.port = 143 };
			struct service_set set = { .list = &said, .n = 1 };

			said.want.proxy_header = rows[i][j];
			assert_int_equal(merging_take(&merging, &dovecot, &set), 0);
		}
		assert_int_equal(intent.services.n, 1);
		assert_int_equal(intent.services.list[0].want.proxy_header, rows[i][2]);
		intent.sources = NULL; /* ours */
		intent_clear(&intent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_keeps_all_that_was_said, make_directory, remove_directory),
		cmocka_unit_test(a_weaker_source_completes),
		cmocka_unit_test_setup_teardown(the_rest_counts, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(compose_takes_it_to_the_host, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(addresses_inside_mean_nothing_outside, make_directory,
						remove_directory),
		cmocka_unit_test_setup_teardown(compose_tells_the_version, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
