// SPDX-License-Identifier: LGPL-2.1-or-later
/* tests/data/postconf-*.txt were printed by Postfix 3.7.11, from a main.cf and a master.cf of the shape that the
 * named product writes; all but Debian's hold only those lines of "postconf -x" that matter. */
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
#include "intent/rendered/netservices.h"
#include "intent/rendered/postconf.h"
#include "tests/support/show_rendering.h"

static const char services[] = "smtps 4650/udp\nsmtp\t\t25/tcp\t\tmail\nsubmission\t587/tcp\t# Submission\n"
			       "submissions\t465/tcp\t\tssmtp smtps urd # Submission over TLS\n"
			       "bad line\n\nbroken 70000/tcp\nsieve 4190/tcp";

/* Cuts "== NAME" sections out of @text, in place. */
static char *section(char *text, const char *name)
{
	char header[32];
	char *start, *end;

	(void)snprintf(header, sizeof(header), "== %s\n", name);
	start = strstr(text, header);
	assert_non_null(start);
	start += strlen(header);
	end = strstr(start, "\n== ");
	start = end ? strndup(start, (size_t)(end + 1 - start)) : strdup(start);
	assert_non_null(start);
	return start;
}

static void parse_file(const char *name, struct rendering *ret, struct complaints *complaints)
{
	static const char *const names[] = { "master", "options", "main", "master.cf" };
	cleanup(memory_freep) char *text = NULL;
	char path[128], *parts[4];
	struct postconf_text all = { .services = services };

	(void)snprintf(path, sizeof(path), "tests/data/postconf-%s.txt", name);
	assert_int_equal(file_read(path, RENDERING_TEXT_MAX, &text, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		parts[i] = section(text, names[i]);
	all.master = parts[0];
	all.options = parts[1];
	all.main = parts[2];
	all.master_cf = parts[3];
	assert_int_equal(postconf_parse(&all, "p", ret, complaints), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		free(parts[i]);
}

static void products_are_understood(void **state)
{
	static const struct {
		const char *name, *services, *complaint; /* NULL: none */
		bool tls_on, has_submission;
	} rows[] = {
		{ "debian", "25o", NULL, true, false },
		{ "iredmail", "25o[0.0.0.0] 465i[0.0.0.0] 587s[0.0.0.0] 10025-[127.0.0.1]=smtp 10028o[127.0.0.1]=smtp",
		  NULL, true, true },
		{ "mailinabox", "25o 465i 587s", NULL, true, true },
		{ "modoboa", "25o 587i", "p/master.cf:8: this -o line belongs to smtps, which is commented out", true,
		  true },
		{ "dms-notls", "25-[0.0.0.0] 465-[0.0.0.0] 587-P[0.0.0.0] 10025-[127.0.0.1]=smtp", NULL, false, true },
		{ "dms", "25o[0.0.0.0] 465i[0.0.0.0] 587s[0.0.0.0] 12525oP[0.0.0.0]=smtp", NULL, true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };
		char shown[512];

		parse_file(rows[i].name, &rendering, &complaints);
		show_rendering(&rendering, shown, sizeof(shown));
		if (strcmp(shown, rows[i].services) != 0 || rendering.tls_on != rows[i].tls_on ||
		    rendering.has_submission != rows[i].has_submission)
			fail_msg("%s: %s", rows[i].name, shown);
		if (complaints.n != (rows[i].complaint != NULL) ||
		    (rows[i].complaint && !strstr(complaints.list[0].text, rows[i].complaint)))
			fail_msg("%s: %zu complaints: %s", rows[i].name, complaints.n, complaints.list[0].text);
		rendering_clear(&rendering);
	}
}

static void certificates_are_named(void **state)
{
	static const struct {
		const char *name, *certificate, *key;
	} rows[] = {
		{ "mailinabox", "/home/user-data/ssl/ssl_certificate.pem", "/home/user-data/ssl/ssl_private_key.pem" },
		{ "dms", "/etc/letsencrypt/live/m/fullchain.pem\n/etc/dms/tls/both.pem",
		  "/etc/letsencrypt/live/m/privkey.pem\n" },
		{ "dms-notls", "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };
		const struct service *service;

		parse_file(rows[i].name, &rendering, &complaints);
		service = service_set_find(&rendering.services, 587);
		assert_string_equal(service->server.certificate, rows[i].certificate);
		assert_string_equal(service->server.key, rows[i].key);
		rendering_clear(&rendering);
	}
}

#define MAIN	   "inet_interfaces = all\ninet_protocols = all\nsmtpd_tls_security_level = may\nsmtpd_tls_cert_file = /c\n"
#define LINE(name) name " inet n - y - - smtpd -o x=y\n"
#define ON(text) \
	"inet_protocols = all\nsmtpd_tls_security_level = may\nsmtpd_tls_cert_file = /c\ninet_interfaces = " text "\n"
#define NO_CERT(tls) "inet_interfaces = all\ninet_protocols = all\nsmtpd_tls_cert_file =\n" tls

static const char hosts[] = "127.0.0.1 localhost\n";

static void rules_one_by_one(void **state)
{
	static const struct {
		const char *why, *master, *options, *main, *services;
		int r;
		size_t n_errors, n_warnings;
	} rows[] = {
		{ "plain", LINE("smtp"), "", MAIN, "25o", 0, 0, 0 },
		{ "a number", LINE("2525"), "", MAIN, "2525o=smtp", 0, 0, 0 },
		{ "an alias", LINE("smtps"), "smtps/inet/smtpd_tls_wrappermode = yes\n", MAIN, "465i", 0, 0, 0 },
		{ "host:port", LINE("127.0.0.1:submission") LINE("[::1]:587"), "", MAIN, "587s[127.0.0.1 ::1]", 0, 0,
		  0 },
		{ "IPv4 in brackets", LINE("[127.0.0.1]:587"), "", MAIN, "587s[127.0.0.1]", 0, 0, 0 },
		{ "localhost", LINE("localhost:587"), "", MAIN, "587s[127.0.0.1]", 0, 0, 0 },
		{ "localhost by IPv6 alone", LINE("localhost:587"), "", MAIN "inet_protocols = ipv6\n", "587s[any]", 0,
		  0, 1 },
		{ "a host's name", LINE("mail:587"), "", MAIN, "587s[any]", 0, 0, 1 },
		{ "no such port", LINE("nothing") LINE("smtp"), "", MAIN, "25o", 0, 1, 0 },
		{ "port 0", LINE("0"), "", MAIN, "", 0, 1, 0 },
		{ "port 65536", LINE("65536"), "", MAIN, "", 0, 1, 0 },
		{ "digits of others", LINE("\xd9\xa2\xd9\xa5"), "", MAIN, "", 0, 1, 0 },
		{ "not inet", "smtp unix - - y - - smtpd\n587 pass - - n - - smtpd\n", "", MAIN, "", 0, 0, 1 },
		{ "not for mail", "628 inet n - n - - qmqpd\n2000 inet n n n - 0 spawn argv=/x\n", "", MAIN, "", 0, 0,
		  0 },
		{ "a path", "smtp inet n - n - - /usr/lib/smtpd\n", "", MAIN, "25o", 0, 0, 0 },
		{ "a line too short", "smtp inet n - n\n", "", MAIN, "", 0, 0, 1 },
		{ "two names, the last counts", LINE("submission") LINE("587"),
		  "submission/inet/smtpd_tls_wrappermode = yes\n", MAIN, "587s", 0, 0, 1 },
		{ "a line twice", LINE("587") LINE("587"), "587/inet/smtpd_tls_security_level = encrypt\n", MAIN,
		  "587s", 0, 0, 0 },
		{ "wildcard and address", LINE("smtp") LINE("127.0.0.1:25"), "", MAIN, "25o[0.0.0.0 :: 127.0.0.1]", 0,
		  0, 1 },
		{ "encrypt", LINE("587"), "587/inet/smtpd_tls_security_level = encrypt\n", MAIN, "587s", 0, 0, 0 },
		{ "none", LINE("587"), "587/inet/smtpd_tls_security_level = none\n", MAIN, "587-", 0, 0, 0 },
		{ "what a client may want", LINE("587"), "587/inet/smtpd_tls_security_level = verify\n", MAIN, "587s",
		  0, 0, 0 },
		{ "another service's option", LINE("587"), "465/inet/smtpd_tls_wrappermode = yes\n", MAIN, "587s", 0, 0,
		  0 },
		{ "another type's option", LINE("587"), "587/unix/smtpd_tls_wrappermode = yes\n", MAIN, "587s", 0, 0,
		  0 },
		{ "the master reads no -o", LINE("587"),
		  "587/inet/inet_interfaces = 127.0.0.1\n587/inet/inet_protocols = ipv4\n", MAIN, "587s", 0, 0, 0 },
		{ "no for 465", LINE("465"), "465/inet/smtpd_tls_wrappermode = no\n", MAIN, "465s", 0, 0, 0 },
		{ "a proxy", LINE("587"), "587/inet/smtpd_upstream_proxy_protocol = haproxy\n", MAIN, "587sP", 0, 0,
		  0 },
		{ "25 with TLS alone", LINE("smtp"), "smtp/inet/smtpd_tls_wrappermode = yes\n", MAIN, "25i", 0, 0, 1 },
		{ "25 that demands it", LINE("smtp"), "smtp/inet/smtpd_tls_security_level = encrypt\n", MAIN, "25s", 0,
		  0, 1 },
		{ "clients elsewhere", LINE("2587"), "2587/inet/smtpd_sasl_auth_enable = yes\n", MAIN,
		  "2587s=submission", 0, 0, 0 },
		{ "may, without a certificate", LINE("587"), "", NO_CERT("smtpd_tls_security_level = may\n"), "587-", 0,
		  0, 1 },
		{ "wrapped, without one", LINE("465"), "465/inet/smtpd_tls_wrappermode = yes\n", NO_CERT(""), "465i", 0,
		  0, 1 },
		{ "by the old names", LINE("587"), "", NO_CERT("smtpd_use_tls = yes\nsmtpd_tls_eccert_file = /e\n"),
		  "587s", 0, 0, 0 },
		{ "and enforced", LINE("587"), "", NO_CERT("smtpd_enforce_tls = yes\nsmtpd_tls_eccert_file = /e\n"),
		  "587s", 0, 0, 0 },
		{ "loopback-only", LINE("25"), "", ON("loopback-only"), "25o[127.0.0.1 ::1]", 0, 0, 0 },
		{ "two addresses", LINE("25"), "", ON("192.0.2.1, 2001:db8::1"), "25o[192.0.2.1 2001:db8::1]", 0, 0,
		  0 },
		{ "a name among them", LINE("25"), "", ON("192.0.2.1, mail.example.test"), "25o[any]", 0, 0, 1 },
		{ "ipv4", LINE("25"), "", ON("all") "inet_protocols = ipv4\n", "25o[0.0.0.0]", 0, 0, 0 },
		{ "ipv6", LINE("25"), "", ON("all") "inet_protocols = ipv6\n", "25o[::]", 0, 0, 0 },
		{ "a family that is off", LINE("25"), "", ON("127.0.0.1, ::1") "inet_protocols = ipv4\n",
		  "25o[127.0.0.1]", 0, 1, 0 },
		{ "all inet off", LINE("25"), "", MAIN "master_service_disable = inet\n", "", 0, 0, 0 },
		{ "one off", LINE("25") LINE("587"), "", MAIN "master_service_disable = 587/inet\n", "25o", 0, 0, 0 },
		{ "as it was written once", LINE("25") LINE("587"), "", MAIN "master_service_disable = foo, 587.inet\n",
		  "25o", 0, 0, 0 },
		{ "all but one", LINE("25") LINE("587"), "", MAIN "master_service_disable = !25/inet inet\n", "25o", 0,
		  0, 0 },
		{ "a part of a name", LINE("25"), "", MAIN "master_service_disable = 2/inet unix\n", "25o", 0, 0, 0 },
		{ "what is off is not looked up", LINE("nothing"), "", MAIN "master_service_disable = inet\n", "", 0, 0,
		  0 },
		{ "no interface", LINE("25"), "", ON(""), "", -EINVAL, 1, 0 },
		{ "empty", "", "", "", "", -EINVAL, 1, 0 },
		{ "an error message", "", "", "postconf: fatal: open main.cf\n", "", -EINVAL, 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct postconf_text text = {
			rows[i].master, rows[i].options, rows[i].main, hosts, services, NULL, NULL
		};
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };
		char shown[256];
		int r = postconf_parse(&text, "p", &rendering, &complaints);

		show_rendering(&rendering, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].services) != 0 || complaints.n_errors != rows[i].n_errors ||
		    complaints.n_warnings != rows[i].n_warnings)
			fail_msg("%s: %d, %s, %zu errors, %zu warnings: %s", rows[i].why, r, shown, complaints.n_errors,
				 complaints.n_warnings, complaints.list[0].text);
		rendering_clear(&rendering);
	}
}

static void orphans_are_found(void **state)
{
	static const struct {
		const char *why, *master_cf;
		size_t n;
	} rows[] = {
		{ "none", "smtp inet n - y - - smtpd\n  -o a=b\n", 0 },
		{ "all commented out", "smtp inet n - y - - smtpd\n#587 inet n - y - - smtpd\n#  -o a=b\n", 0 },
		{ "a comment between", "587 inet n - y - - smtpd\n#  -o c=d\n# so that it works\n  -o a=b\n", 0 },
		{ "two lines, one warning",
		  "smtp inet n - y - - smtpd\n#587 inet n - y - - smtpd\n  -o a=b\n  -o c=d\n", 1 },
		{ "two services",
		  "smtp inet n - y - - smtpd\n#587 inet n - y - - smtpd\n  -o a=b\n# 465 inet n - y - - smtpd\n -o "
		  "c=d\n",
		  2 },
		{ "a service between", "#587 inet n - y - - smtpd\nsmtp inet n - y - - smtpd\n  -o a=b\n", 0 },
		{ "only prose", "smtp inet n - y - - smtpd\n# the inet service\n  -o a=b\n", 0 },
		{ "no service at all", "#587 inet n - y - - smtpd\n  -o a=b\n", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct postconf_text text = { LINE("25"), "", MAIN, NULL, services, rows[i].master_cf, NULL };
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };

		assert_int_equal(postconf_parse(&text, "p", &rendering, &complaints), 0);
		if (complaints.n != rows[i].n)
			fail_msg("%s: %zu: %s", rows[i].why, complaints.n, complaints.list[0].text);
		rendering_clear(&rendering);
	}
}

#define DEFAULTS                                                                                    \
	"compatibility_level = 0\nhopcount_limit = 50\nlmtp_connect_timeout = 0s\nmyhostname = h\n" \
	"postscreen_greet_wait = 6s\nsmtpd_forbid_bare_newline = no\nsmtpd_helo_required = no\n"    \
	"smtpd_client_connection_count_limit = 50\nsmtpd_timeout = 300s\n"

/* As Postfix 3.7.11 was seen to take them or not: with one line of main.cf, or one -o of 587. */
static void refusals_are_foreseen(void **state)
{
	static const struct {
		const char *main, *options, *complaint; /* NULL: none */
	} rows[] = {
		{ "smtpd_client_connection_count_limit = 7", "", NULL },
		{ "smtpd_client_connection_count_limit =", "", "p: smtpd_client_connection_count_limit is empty: " },
		{ "smtpd_client_connection_count_limit = x", "", "count_limit = x: it is to be a number" },
		{ "smtpd_client_connection_count_limit = +020", "", NULL },
		{ "smtpd_client_connection_count_limit = 1e9", "", "it is to be a number" },
		{ "", "587/inet/smtpd_client_connection_count_limit =", "p: service \"587\": smtpd_client_conn" },
		{ "", "465/inet/smtpd_client_connection_count_limit =", NULL },
		{ "smtpd_timeout = 1h30", "", NULL },
		{ "smtpd_timeout = 10", "", NULL },
		{ "smtpd_timeout = 5x", "", "it is to be a time" },
		{ "smtpd_timeout = 5M", "", "it is to be a time" },
		{ "smtpd_timeout = -1s", "", "it is to be a time" },
		{ "smtpd_timeout =", "", "it is to be a time" },
		{ "smtpd_helo_required = Yes", "", NULL },
		{ "smtpd_helo_required = on", "", "it is to be yes or no" },
		{ "smtpd_forbid_bare_newline = normalize", "", NULL },
		{ "compatibility_level = 3.6", "", NULL },
		{ "hopcount_limit = many", "", "hopcount_limit = many" },
		{ "lmtp_connect_timeout = soon", "", NULL },
		{ "postscreen_greet_wait = soon", "", NULL }, /* there is none */
		{ "its_own = word", "", NULL },
		{ "myhostname =", "", "p: myhostname is empty: it has to be something" },
		{ "milter_macro_daemon_name =\nmyhostname =\nmyorigin =", "", "p: myhostname is empty" },
		{ "cleanup_service_name =", "", "cleanup_service_name is empty" },
		{ "smtpd_tls_security_level = MAY", "", NULL },
		{ "smtpd_tls_security_level = dane", "", "there is no such level" },
		{ "", "587/inet/smtpd_tls_security_level = must", "service \"587\": smtpd_tls_security_level = must" },
		{ "smtpd_upstream_proxy_protocol = proxy", "", "there is no such protocol" },
		{ "smtpd_tls_security_level = may\nsmtpd_tls_ciphers = best", "", "there is no such grade" },
		{ "smtpd_tls_security_level = may\nsmtpd_tls_mandatory_ciphers = best", "", NULL },
		{ "smtpd_tls_security_level = encrypt\nsmtpd_tls_mandatory_ciphers = best", "", "no such grade" },
		{ "smtpd_tls_security_level = none\nsmtpd_tls_ciphers = best", "", NULL },
		{ "smtpd_tls_security_level = may\nsmtpd_tls_protocols = tlsv1.2 !sslv2:!SSLv3,>=0x0303", "", NULL },
		{ "smtpd_tls_security_level = may\nsmtpd_tls_protocols = >=TLSv9", "", "no such version of TLS" },
		{ "smtpd_relay_restrictions =", "", "reject nobody" },
		{ "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = Reject", "", NULL },
		{ "smtpd_relay_restrictions = permit_mynetworks permit, reject", "", "reject nobody" },
		{ "smtpd_relay_restrictions = warn_if_reject reject", "", "reject nobody" },
		{ "smtpd_relay_restrictions = c\nsmtpd_restriction_classes = b c\nc = defer", "", NULL },
		{ "smtpd_relay_restrictions = c\nsmtpd_restriction_classes = b c\nc = c", "", "reject nobody" },
		{ "", "587/inet/smtpd_relay_restrictions =", "p: service \"587\": smtpd_relay_restrictions and" },
		{ "smtpd_relay_restrictions =", "587/inet/smtpd_relay_restrictions = reject", NULL },
		{ "smtpd_client_restrictions = reject_unknwon_client", "",
		  "p: smtpd_client_restrictions: there is no restriction \"reject_unknwon_client\"" },
		{ "smtpd_client_restrictions = check_client_access cidr:/x, sleep 5 hash:/y check_policy_service { "
		  "inet:127.0.0.1:1, default_action=DUNNO } Permit",
		  "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char main[1024];
		struct postconf_text text = { LINE("587"), rows[i].options, main, NULL, services, NULL, DEFAULTS };
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };

		(void)snprintf(
			main, sizeof(main), "inet_interfaces = all\ninet_protocols = all\n%s%s%s\n",
			strstr(rows[i].main, "smtpd_relay_restrictions")
				? ""
				: "smtpd_relay_restrictions = reject_unauth_destination\n",
			strstr(rows[i].main, "smtpd_recipient_restrictions") ? "" : "smtpd_recipient_restrictions =\n",
			rows[i].main);
		assert_int_equal(postconf_parse(&text, "p", &rendering, &complaints), 0);
		if (complaints.n_errors != (rows[i].complaint != NULL) ||
		    (rows[i].complaint && !strstr(complaints_first_error(&complaints), rows[i].complaint)))
			fail_msg("%s %s: %zu errors: %s", rows[i].main, rows[i].options, complaints.n_errors,
				 complaints_first_error(&complaints));
		rendering_clear(&rendering);
	}
}

static void port_names(void **state)
{
	static const struct {
		const char *word;
		int port; /* 0: none */
	} rows[] = {
		{ "smtp", 25 },	   { "mail", 25 },	 { "smtps", 465 }, { "urd", 465 }, { "4190", 4190 },
		{ "sieve", 4190 }, { "submission ", 0 }, { "SMTP", 0 },	   { "", 0 },	   { "#", 0 },
		{ "broken", 0 },   { "line", 0 },	 { "65536", 0 },   { "\n", 0 },	   { "x\nsmtp", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint16_t port = 0;
		int r = netservices_port(services, rows[i].word, &port);

		if (port != rows[i].port || (r == 0) != (rows[i].port != 0))
			fail_msg("\"%s\": %d, %u", rows[i].word, r, port);
	}
	assert_int_equal(netservices_port(NULL, "smtp", &(uint16_t){ 0 }), -EINVAL);
}

static void hostile_output_is_bounded(void **state)
{
	size_t size = 2 * RENDERING_TEXT_MAX;
	cleanup(memory_freep) char *text = malloc(size + 1);
	struct postconf_text all = { "", "", MAIN, NULL, services, NULL, NULL };
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	char *to = text;

	memset(text, 'x', size);
	text[size] = '\0';
	all.master = all.options = all.master_cf = text;
	assert_int_equal(postconf_parse(&all, "p", &rendering, &complaints), 0);
	assert_int_equal(rendering.services.n, 0);
	for (int i = 0; i <= RENDERING_LISTENERS_MAX; i++)
		to += sprintf(to, "%d inet n - y - - smtpd\n", i + 1);
	assert_int_equal(postconf_parse(&all, "p", &rendering, &complaints), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_are_understood),   cmocka_unit_test(certificates_are_named),
		cmocka_unit_test(rules_one_by_one),	     cmocka_unit_test(orphans_are_found),
		cmocka_unit_test(refusals_are_foreseen),     cmocka_unit_test(port_names),
		cmocka_unit_test(hostile_output_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
