// SPDX-License-Identifier: LGPL-2.1-or-later
/* tests/data/doveconf-*.txt were printed by doveconf 2.3.19.1 from configurations like Mailu's;
 * doveconf-2.4.1-*.txt by doveconf 2.4.1-4 of Debian 13: -names by what it is asked for, -set by -n -P, of the
 * configuration as it is installed, and of one of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "intent/rendered/doveconf.h"
#include "tests/support/show_rendering.h"

static const char *const letters[TLS_MODE_COUNT] = {
	[TLS_STARTTLS] = "s",
	[TLS_STARTTLS_OPTIONAL] = "o",
	[TLS_IMPLICIT] = "i",
	[TLS_NONE] = "-",
};

static void show(const struct service_set *set, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < set->n; i++)
		(void)text_append(to, size, "%s%u%s%s", i ? " " : "", set->list[i].want.port,
				  letters[set->list[i].want.tls], set->list[i].want.proxy_header ? "P" : "");
}

static int parse(const char *text, const char *path, struct rendering *ret, struct complaints *complaints)
{
	return doveconf_parse(&(struct doveconf_text){ .main = text, .hosts = "127.0.0.1 localhost\n" }, path, ret,
			      NULL, complaints);
}

static void parse_file(const char *name, struct rendering *ret)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	char path[128];

	(void)snprintf(path, sizeof(path), "tests/data/doveconf-%s.txt", name);
	assert_int_equal(file_read(path, RENDERING_TEXT_MAX, &text, NULL), 0);
	assert_int_equal(parse(text, path, ret, &complaints), 0);
	assert_int_equal(complaints.n, 0);
}

static void real_outputs_are_understood(void **state)
{
	static const struct {
		const char *name, *services;
		bool tls_on;
		size_t n_addresses; /* of each */
	} rows[] = {
		{ "mailu-buggy", "465i 993i 995i 2525o 4190s 10025s 10143s 14190s", true, 1 },
		{ "mailu-fixed", "110s 143s 465i 587s 993i 995i 2525o 4190s 10025s 10143s 14190s", true, 2 },
		{ "mailu-notls", "2525- 4190- 10025- 10143- 14190-", false, 1 },
		{ "mailu-proxy", "465iP 587sP 993iP 995iP 2525o 4190sP 10025s 10143s 14190s", true, 1 },
		{ "imap", "143s 993i", true, 2 },
		{ "debian", "110s 143s 587s 993i 995i 4190s", true, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rendering doveconf = { 0 };
		char shown[256];

		parse_file(rows[i].name, &doveconf);
		show(&doveconf.services, shown, sizeof(shown));
		if (strcmp(shown, rows[i].services) != 0 || doveconf.tls_on != rows[i].tls_on)
			fail_msg("%s: %s", rows[i].name, shown);
		for (size_t j = 0; j < doveconf.services.n; j++)
			assert_int_equal(doveconf.services.list[j].want.n_addresses, rows[i].n_addresses);
		rendering_clear(&doveconf);
	}
}

static void names_and_addresses(void **state)
{
	struct rendering doveconf = { 0 };
	char shown[ADDRESS_TEXT_SIZE];
	const struct service *service;

	parse_file("imap", &doveconf);
	assert_false(doveconf.has_submission);
	service = service_set_find_name(&doveconf.services, "imap");
	address_show(&service->want.addresses[0], shown);
	assert_string_equal(shown, "127.0.0.1");
	service = service_set_find_name(&doveconf.services, "imaps");
	address_show(&service->want.addresses[1], shown);
	assert_string_equal(shown, "2001:db8::1");
	assert_int_equal(service->provenance.rendered, RENDERED_YES);
	rendering_clear(&doveconf);

	parse_file("mailu-fixed", &doveconf);
	assert_true(doveconf.has_submission);
	service = service_set_find_name(&doveconf.services, "submission-webmail-10025");
	assert_int_equal(service->want.port, 10025);
	assert_int_equal(service->want.protocol, PROTOCOL_SUBMISSION);
	address_show(&service->want.addresses[0], shown);
	assert_string_equal(shown, "0.0.0.0");
	address_show(&service->want.addresses[1], shown);
	assert_string_equal(shown, "::");
	rendering_clear(&doveconf);
}

static void parse_24(const char *name, struct rendering *ret, struct dovecot_demands *demands)
{
	cleanup(memory_freep) char *names = NULL;
	cleanup(memory_freep) char *set = NULL;
	struct complaints complaints = { 0 };
	char path[128];

	(void)snprintf(path, sizeof(path), "tests/data/doveconf-2.4.1-%s-names.txt", name);
	assert_int_equal(file_read(path, RENDERING_TEXT_MAX, &names, NULL), 0);
	(void)snprintf(path, sizeof(path), "tests/data/doveconf-2.4.1-%s-set.txt", name);
	assert_int_equal(file_read(path, RENDERING_TEXT_MAX, &set, NULL), 0);
	assert_true(doveconf_is_24(set));
	assert_int_equal(doveconf_parse(&(struct doveconf_text){ names, set, NULL }, path, ret, demands, &complaints),
			 0);
	assert_int_equal(complaints.n, 0);
}

static void dovecot_24_is_understood(void **state)
{
	static const char *const rows[][2] = {
		{ "stock", "110s 143s 465i 587s 993i 995i 2000s=sieve 4190s" },
		{ "own", "24o[192.0.2.1] 587s[127.0.0.1 ::1] 993i[127.0.0.1 ::1] 4650i[127.0.0.1 ::1]=submission "
			 "5870sP[127.0.0.5]=submission" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rendering rendering = { 0 };
		char shown[256];

		parse_24(rows[i][0], &rendering, NULL);
		show_rendering(&rendering, shown, sizeof(shown));
		if (strcmp(shown, rows[i][1]) != 0)
			fail_msg("%s: %s", rows[i][0], shown);
		assert_true(rendering.has_submission);
		assert_string_equal(rendering.hostname, i ? "mail.example.test" : "");
		rendering_clear(&rendering);
	}
}

static void certificates_of_24_are_named(void **state)
{
	struct rendering rendering = { 0 };
	const struct service *service;

	parse_24("own", &rendering, NULL);
	service = service_set_find(&rendering.services, 993);
	assert_string_equal(service->server.certificate, "/etc/dovecot/imap.pem\n/etc/dovecot/b.pem");
	assert_string_equal(service->server.key, "/etc/dovecot/imap.key\n/etc/dovecot/b.key");
	service = service_set_find(&rendering.services, 587);
	assert_string_equal(service->server.certificate,
			    "/etc/dovecot/rsa.pem\n/etc/dovecot/ec.pem\n/etc/dovecot/b.pem");
	assert_string_equal(service->server.key, "/etc/dovecot/rsa.key\n/etc/dovecot/ec.key\n/etc/dovecot/b.key");
	/* Inner ones end first; a client's address chooses none that could be asked for. */
	assert_int_equal(rendering.n_certificates, 4);
	assert_string_equal(rendering.certificates[1].name, "b.example.test");
	assert_int_equal(rendering.certificates[1].protocol, PROTOCOL_IMAP);
	assert_string_equal(rendering.certificates[1].certificate, "/etc/dovecot/b-imap.pem");
	assert_string_equal(rendering.certificates[2].name, "b.example.test");
	assert_int_equal(rendering.certificates[2].protocol, PROTOCOL_UNSET);
	assert_string_equal(rendering.certificates[2].key, "/etc/dovecot/b.key");
	rendering_clear(&rendering);
}

static void certificates_are_named(void **state)
{
	struct rendering rendering = { 0 };
	const struct service *service;

	parse_file("certificates", &rendering);
	service = service_set_find(&rendering.services, 143);
	assert_string_equal(service->server.certificate, "/etc/dovecot/rsa-chain.pem\n/etc/dovecot/sni-b-chain.pem");
	assert_string_equal(service->server.key, "/etc/dovecot/private/rsa.key\n/etc/dovecot/private/sni-b.key");
	service = service_set_find(&rendering.services, 587);
	assert_string_equal(service->server.certificate,
			    "/etc/dovecot/good-chain.pem\n/etc/dovecot/ec.pem\n/etc/dovecot/sni-b-chain.pem");
	assert_string_equal(
		service->server.key,
		"/etc/dovecot/private/good.key\n/etc/dovecot/private/ec.key\n/etc/dovecot/private/sni-b.key");
	assert_int_equal(rendering.n_certificates, 3);
	assert_string_equal(rendering.certificates[1].name, "b.example.test");
	rendering_clear(&rendering);
}

/* What Dovecot reads at its start, and what OpenSSL has to take. */
static void demands_are_heard(void **state)
{
	static const struct {
		const char *why, *text, *set, *heard;
	} rows[] = {
		{ "2.3's files, wherever they stand",
		  "ssl_dh = </gone/dh\nssl_key = <rel.key\nplugin {\n  k = </p\n}\nprotocol imap {\n  ssl_ca = < "
		  "/ca\n}\n",
		  NULL, "ssl_dh=</gone/dh ssl_key=<rel.key k=</p ssl_ca=</ca" },
		{ "no file", "login_log_format = <%u>\nx = a <b\ny =\nssl_client_ca_file = /2.3/takes/it\n", NULL, "" },
		{ "a key inline", "ssl_key = -----BEGIN secret\nssl_dh = secret\n", NULL, "" },
		{ "TLS", "ssl_cipher_list = HIGH\nssl_min_protocol = TLSv1.2\nssl_curve_list =\n", NULL,
		  "ssl_cipher_list=HIGH ssl_min_protocol=TLSv1.2" },
		{ "2.4's files, and each once", "ssl_server {\n  cert_file = /c\n}\n",
		  "ssl_server {\n  cert_file = /c\n  dh_file = /dh\n}\nlocal_name a {\n  ssl_server {\n    key_file = "
		  "/k\n  }\n}\n"
		  "passdb lua {\n  lua_file = /l\n}\n",
		  "cert_file=</c dh_file=</dh key_file=</k lua_file=</l" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rendering rendering = { 0 };
		struct complaints complaints = { 0 };
		cleanup(memory_freep) struct dovecot_demands *demands = calloc(1, sizeof(*demands));
		char text[1024], shown[1024] = "";

		(void)snprintf(text, sizeof(text), "protocols = imap\nlisten = *\nssl = yes\n%s", rows[i].text);
		assert_int_equal(doveconf_parse(&(struct doveconf_text){ text, rows[i].set, NULL }, "d", &rendering,
						demands, &complaints),
				 0);
		for (size_t j = 0; j < demands->n; j++)
			(void)text_append(shown, sizeof(shown), "%s%s=%s%s", j ? " " : "", demands->list[j].setting,
					  demands->list[j].is_file ? "<" : "", demands->list[j].value);
		if (strcmp(shown, rows[i].heard) != 0)
			fail_msg("%s: %s", rows[i].why, shown);
		rendering_clear(&rendering);
	}
}

static void demands_are_checked(void **state)
{
	static const struct {
		struct dovecot_demand demand;
		bool speaks_tls;
		const char *complaint; /* a part of it; NULL: there is none */
	} rows[] = {
		{ { "ssl_ca", "/etc/passwd", true }, true, NULL },
		{ { "ssl_ca", "/gone/ca", true }, false, "d/c: ssl_ca: /gone/ca cannot be read (No such file" },
		{ { "ssl_ca", "/etc", true }, true, "(Is a directory)" },
		{ { "ssl_ca", "gone.pem", true }, true, "ssl_ca: d/gone.pem cannot be read" },
		{ { "ssl_dh", "/etc/passwd", true }, true, "no DH parameters" },
		{ { "ssl_dh", "/etc/passwd", true }, false, NULL },
		{ { "ssl_cipher_list", "HIGH:!aNULL", false }, true, NULL },
		{ { "ssl_cipher_list", "NONSENSE", false }, true, "there is no such cipher" },
		{ { "ssl_cipher_list", "NONSENSE", false }, false, NULL },
		{ { "ssl_cipher_suites", "TLS_AES_128_GCM_SHA256", false }, true, NULL },
		{ { "ssl_cipher_suites", "NOPE", false }, true, "ssl_cipher_suites = NOPE: " },
		{ { "ssl_curve_list", "P-256:X25519", false }, true, NULL },
		{ { "ssl_curve_list", "nocurve", false }, true, "no such curve" },
		{ { "ssl_min_protocol", "TLSv1.3", false }, true, NULL },
		{ { "ssl_min_protocol", "TLSv9", false }, true, "no such version" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dovecot_demands demands = { .list = { rows[i].demand }, .n = 1 };
		struct complaints complaints = { 0 };

		dovecot_demands_check(&demands, "d/c", rows[i].speaks_tls, &complaints);
		if (complaints.n != (rows[i].complaint != NULL) ||
		    (rows[i].complaint && !strstr(complaints.list[0].text, rows[i].complaint)))
			fail_msg("%s = %s: %s", rows[i].demand.setting, rows[i].demand.value, complaints.list[0].text);
	}
}

/* A protocol's own certificate without a key of its own goes with everybody's key, not with all their keys. */
static void a_protocol_inherits_the_key(void **state)
{
	static const char text[] =
		"protocols = imap\nlisten = *\nssl = yes\nssl_cert = </a.pem\nssl_key = </a.key\n"
		"ssl_alt_cert = </b.pem\nssl_alt_key = </b.key\nservice imap-login {\n"
		"  inet_listener imap {\n    port = 143\n  }\n}\nprotocol imap {\n  ssl_cert = </c.pem\n}\n";
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };

	assert_int_equal(parse(text, "d", &rendering, &complaints), 0);
	assert_string_equal(service_set_find(&rendering.services, 143)->server.certificate, "/c.pem");
	assert_string_equal(service_set_find(&rendering.services, 143)->server.key, "/a.key");
	rendering_clear(&rendering);
}

#define OWN(in)	  "service own {\n  executable = imap-login -x\n" in "  inet_listener x {\n  port = 1143\n  }\n}\n"
#define HEAD	  "protocols = imap\nlisten = *\nssl = yes\n"
#define BLOCK(in) "service imap-login {\n  inet_listener x {\n" in "  }\n}\n"

static void rules_one_by_one(void **state)
{
	static const struct {
		const char *why, *text, *services;
		int r;
		size_t n_complaints;
	} rows[] = {
		{ "plain", HEAD BLOCK("port = 143\n"), "143s", 0, 0 },
		{ "port 0", HEAD BLOCK("port = 0\n"), "", 0, 0 },
		{ "not enabled", "protocols = pop3\nlisten = *\nssl = yes\n" BLOCK("port = 143\n"), "", 0, 0 },
		{ "word in a word", "protocols = imapx\nlisten = *\nssl = yes\n" BLOCK("port = 143\n"), "", 0, 0 },
		{ "ssl without ssl", "protocols = imap\nlisten = *\nssl = no\n" BLOCK("port = 993\nssl = yes\n"), "", 0,
		  0 },
		{ "ssl below", BLOCK("port = 143\n") "protocols = \" imap\"\nlisten = *\nssl = required\n", "143s", 0,
		  0 },
		{ "ssl of a local block", HEAD "local 192.0.2.1 {\n  ssl = no\n}\n" BLOCK("port = 143\n"), "143s", 0,
		  0 },
		{ "other service", HEAD "service doveadm {\n inet_listener x {\n port = 143\n}\n}\n", "", 0, 0 },
		{ "other listener", HEAD "service imap-login {\n unix_listener x {\n port = 143\n}\n}\n", "", 0, 0 },
		{ "two addresses",
		  HEAD BLOCK("port = 143\naddress = 10.0.0.1\n") BLOCK("port = 143\naddress = 10.0.0.2\n"), "143s", 0,
		  0 },
		{ "a name of this host", HEAD BLOCK("port = 143\naddress = localhost\n"), "143s", 0, 0 },
		{ "a name of others", HEAD BLOCK("port = 143\naddress = mail.example.org\n"), "143s", 0, 1 },
		{ "bad port", HEAD BLOCK("port = imap\n"), "", 0, 1 },
		{ "port too large", HEAD BLOCK("port = 65536\n"), "", 0, 1 },
		{ "a service of one's own", HEAD OWN(""), "1143s", 0, 0 },
		{ "of a protocol that is off", HEAD OWN("protocol = pop3\n"), "", 0, 0 },
		{ "of one that is on", HEAD OWN("protocol = imap\n"), "1143s", 0, 0 },
		{ "a program of one's own",
		  HEAD "service imap-login {\n  executable = /x/y\n  inet_listener x {\n  port = 143\n}\n}\n", "", 0,
		  0 },
		{ "passwords before TLS", HEAD "disable_plaintext_auth = no\n" BLOCK("port = 143\n"), "143s", 0, 1 },
		{ "the same in 2.4", HEAD "auth_allow_cleartext = yes\n" BLOCK("port = 143\n"), "143s", 0, 1 },
		{ "which ssl = required forbids",
		  HEAD "ssl = required\ndisable_plaintext_auth = no\n" BLOCK("port = 143\n"), "143s", 0, 0 },
		{ "the same place twice", HEAD BLOCK("port = 143\n") BLOCK("port = 143\n"), "143s", 0, 1 },
		{ "wildcard and address", HEAD BLOCK("port = 143\n") BLOCK("port = 143\naddress = 127.0.0.1\n"), "143s",
		  0, 1 },
		{ "2.4's lists",
		  "protocols {\n  imap = yes\n  pop3 = no\n}\nlisten {\n  * = yes\n}\nssl = yes\n" BLOCK(
			  "port = 143\n"),
		  "143s", 0, 0 },
		{ "2.4, off", "protocols {\n  imap = no\n}\nlisten = *\nssl = yes\n" BLOCK("port = 143\n"), "", 0, 0 },
		{ "empty", "", "", -EINVAL, 1 },
		{ "an error message", "doveconf: Fatal: open(/x) failed\n", "", -EINVAL, 1 },
		{ "unbalanced", HEAD "}\n}\n}\n" BLOCK("port = 143\n"), "143s", 0, 0 },
		{ "only a brace", HEAD " {\n{\n = \n=\n", "", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct rendering doveconf = { 0 };
		char shown[256];
		int r = parse(rows[i].text, "d", &doveconf, &complaints);

		show(&doveconf.services, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].services) != 0 || complaints.n != rows[i].n_complaints)
			fail_msg("%s: %d, %s, %zu complaints: %s", rows[i].why, r, shown, complaints.n,
				 complaints.list[0].text);
		rendering_clear(&doveconf);
	}
}

static void hostile_output_is_bounded(void **state)
{
	size_t size = RENDERING_TEXT_MAX + 100;
	cleanup(memory_freep) char *text = calloc(1, size);
	struct complaints complaints = { 0 };
	struct rendering doveconf = { 0 };
	char *to = text;

	memset(text, 'x', size - 1);
	assert_int_equal(parse(text, "d", &doveconf, &complaints), -EINVAL);
	text[RENDERING_TEXT_MAX] = '\0';
	assert_int_equal(parse(text, "d", &doveconf, &complaints), -EINVAL);
	for (int i = 0; i < 1000; i++)
		to = stpcpy(to, "a {\n");
	assert_int_equal(parse(text, "d", &doveconf, &complaints), -EINVAL);
	to = stpcpy(text, HEAD "service imap-login {\n");
	for (int i = 0; i <= RENDERING_LISTENERS_MAX; i++)
		to += sprintf(to, "inet_listener %0100d {\nport = %d\n}\n", i, i + 1);
	assert_int_equal(parse(text, "d", &doveconf, &complaints), -EINVAL);
	assert_string_equal(complaints.list[3].text, "d: Dovecot has more than 512 listeners");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_outputs_are_understood),
		cmocka_unit_test(names_and_addresses),
		cmocka_unit_test(certificates_of_24_are_named),
		cmocka_unit_test(demands_are_heard),
		cmocka_unit_test(demands_are_checked),
		cmocka_unit_test(dovecot_24_is_understood),
		cmocka_unit_test(certificates_are_named),
		cmocka_unit_test(a_protocol_inherits_the_key),
		cmocka_unit_test(rules_one_by_one),
		cmocka_unit_test(hostile_output_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
