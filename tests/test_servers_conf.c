// SPDX-License-Identifier: LGPL-2.1-or-later
/* The readers of Exim, nginx, OpenSMTPD and systemd's socket for Dovecot. tests/data/exim-*.txt were printed by
 * Exim 4.96, nginx-*.txt by nginx 1.22.1: nginx-mail.txt by one that then listened on just what is said here. */
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
#include "intent/rendered/dovecot_socket.h"
#include "intent/rendered/exim_options.h"
#include "intent/rendered/nginx_conf.h"
#include "intent/rendered/smtpd_conf.h"
#include "tests/support/show_rendering.h"

static const char services[] = "smtp 25/tcp mail\nsubmission 587/tcp\nsubmissions 465/tcp smtps\n";

static char *read_data(const char *name)
{
	char path[128], *text = NULL;

	(void)snprintf(path, sizeof(path), "tests/data/%s", name);
	assert_int_equal(file_read(path, RENDERING_TEXT_MAX, &text, NULL), 0);
	return text;
}

/* ---- Exim ---- */

#define EXIM "daemon_smtp_ports = 25\nlocal_interfaces = <; ::0 ; 0.0.0.0\ntls_advertise_hosts = *\n"
#define FULL "25o[127.0.0.1 ::1] 465i[127.0.0.1 ::1] 587s[127.0.0.1 ::1] 2525o[192.0.2.1]=smtp 2526o[192.0.2.2]=smtp"

static void exim_is_understood(void **state)
{
	static const struct {
		const char *why, *options, *defaults, *shown;
		int r;
		size_t n_complaints;
	} rows[] = {
		{ "as it comes", "=exim-default.txt", NULL, "25-", 0, 0 },
		{ "submission", "=exim-full.txt", NULL, FULL, 0, 0 },
		{ "names, no IPv6", "=exim-odd.txt", NULL, "25o[0.0.0.0] 587s[0.0.0.0] 10025o[127.0.0.1]=smtp", 0, 0 },
		{ "Debian's -oX", "=exim-default.txt",
		  "# x\nSMTPLISTENEROPTIONS='-oX 25:587:10025 -oP /run/exim4/exim.pid'\n", "25- 587- 10025-=smtp", 0,
		  0 },
		{ "-oX with an address", EXIM, "SMTPLISTENEROPTIONS='-oX <;25;127.0.0.1'\n", "25o[127.0.0.1]", 0, 0 },
		{ "an empty one", EXIM, "SMTPLISTENEROPTIONS=''\n", "25o", 0, 0 },
		{ "only the queue", EXIM, "QUEUERUNNER='queueonly'\n", "", 0, 0 },
		{ "TLS port that nobody opens", EXIM "tls_on_connect_ports = 465\n", NULL, "25o", 0, 1 },
		{ "TLS by name", EXIM "daemon_smtp_ports = smtps\ntls_on_connect_ports = submissions\n", NULL, "465i",
		  0, 0 },
		{ "no such port", EXIM "daemon_smtp_ports = 25 : nothing : 0 : 65536\n", NULL, "25o", 0, 3 },
		{ "a host's name", EXIM "local_interfaces = mail.example.test\n", NULL, "25o[any]", 0, 1 },
		{ "some hosts", EXIM "daemon_smtp_ports = 587\ntls_advertise_hosts = 10.0.0.0/8\n", NULL, "587o", 0,
		  0 },
		{ "doubled colons", EXIM "local_interfaces = ::::1 : 10.0.0.1\n", NULL, "25o[::1 10.0.0.1]", 0, 0 },
		{ "a proxy", EXIM "hosts_proxy = *\n", NULL, "25oP", 0, 0 },
		{ "empty", "", NULL, "", -EINVAL, 1 },
		{ "an error", "exim: failed to find uid for user name \"x\"\n", NULL, "", -EINVAL, 1 },
		{ "only separators", EXIM "local_interfaces = <;;;;\ndaemon_smtp_ports = :::\n", NULL, "", 0, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *read = rows[i].options[0] == '=' ? read_data(rows[i].options + 1) : NULL;
		const struct exim_text text = { .options = read ? read : rows[i].options,
						.defaults = rows[i].defaults,
						.services = services };
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };
		char shown[512];
		int r = exim_options_parse(&text, "e", &rendering, &complaints);

		show_rendering(&rendering, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].shown) != 0 || complaints.n != rows[i].n_complaints)
			fail_msg("%s: %d, %s, %zu: %s", rows[i].why, r, shown, complaints.n, complaints.list[0].text);
		rendering_clear(&rendering);
	}
}

/* $EXIMSERVICE, and what an init script read before, lies there still. */
static void exim_is_started_by_debian_13(void **state)
{
	static const struct {
		const char *why, *defaults, *shown;
	} rows[] = {
		{ "nothing is said", "SMTPLISTENEROPTIONS='-oX 587'\nQUEUERUNNER='queueonly'\n", "25o" },
		{ "ports", "EXIMSERVICE='-bdf -q30m -oX 25:587:465 -oP /run/exim4/exim.pid'\n", "25o 465o 587s" },
		{ "unquoted, the last one counts", "EXIMSERVICE=-q1h\nEXIMSERVICE=-bd -oX 127.0.0.1\n",
		  "25o[127.0.0.1]" },
		{ "the queue alone", "#EXIMSERVICE='-bdf'\nEXIMSERVICE=\"-q30m\"\n", "" },
		{ "a word that is missing", "EXIMSERVICE='-bdf -oX'\n", "25o" },
	};
	cleanup(memory_freep) char *unit = read_data("exim4-4.98.2-debian13.service");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct exim_text text = {
			.options = EXIM, .defaults = rows[i].defaults, .unit = unit, .services = services
		};
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };
		char shown[512];

		assert_int_equal(exim_options_parse(&text, "e", &rendering, &complaints), 0);
		show_rendering(&rendering, shown, sizeof(shown));
		if (strcmp(shown, rows[i].shown) != 0)
			fail_msg("%s: %s", rows[i].why, shown);
		rendering_clear(&rendering);
	}
}

static void exim_names_its_certificate(void **state)
{
	cleanup(memory_freep) char *options = read_data("exim-full.txt");
	const struct exim_text text = { .options = options };
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };

	assert_int_equal(exim_options_parse(&text, "e", &rendering, &complaints), 0);
	assert_string_equal(service_set_find(&rendering.services, 465)->server.certificate, "/etc/exim4/exim.crt");
	assert_string_equal(service_set_find(&rendering.services, 465)->server.key, "/etc/exim4/exim.key");
	rendering_clear(&rendering);
}

/* ---- nginx ---- */

#define MAIL(text)   "mail {\n" text "}\n"
#define SERVER(text) MAIL("server { " text " }\n")

static void nginx_is_understood(void **state)
{
	static const struct {
		const char *why, *text, *shown;
		int r;
		size_t n_complaints;
	} rows[] = {
		{ "mail", "=nginx-mail.txt",
		  "25-[0.0.0.0] 110sP 143-[*] 465i[127.0.0.1 ::1] 587s[0.0.0.0] 993i[0.0.0.0] 995i[0.0.0.0]", 0, 0 },
		{ "Debian's, for the web", "=nginx-debian.txt", "", 0, 0 },
		{ "empty", "", "", 0, 0 },
		{ "plain", SERVER("listen 143; protocol imap;"), "143-[0.0.0.0]", 0, 0 },
		{ "ssl", SERVER("listen 993 ssl;"), "993i[0.0.0.0]", 0, 0 },
		{ "inherited", MAIL("starttls on; server { listen 1143; protocol imap; }"), "1143s[0.0.0.0]=imap", 0,
		  0 },
		{ "what is not inherited", MAIL("protocol imap; server { listen 143; }"), "143-[0.0.0.0]", 0, 1 },
		{ "guessed by the first port that is known", SERVER("listen 2143; listen 143; listen 110;"),
		  "110-[0.0.0.0]=imap 143-[0.0.0.0] 2143-[0.0.0.0]=imap", 0, 0 },
		{ "a wildcard takes its port's addresses",
		  SERVER("listen 127.0.0.1:143; listen [::1]:143; listen 143; listen 127.0.0.2:143;"),
		  "143-[::1 0.0.0.0]", 0, 0 },
		{ "a stream that passes on",
		  "stream { server { listen 587; proxy_pass b; } server { listen 2993 ssl; proxy_pass 10.0.0.1:143; }\n"
		  "upstream b { server 10.0.0.1:2587; } server { listen 80; proxy_pass 10.0.0.1:80; }\n"
		  "server { listen 25 udp; proxy_pass b; } server { listen [::1]:2465 proxy_protocol; proxy_pass c; }\n"
		  "upstream c { server 10.0.0.1:465 weight=5; } }\n",
		  "587s[0.0.0.0] 2465iP[::1]=submission 2993i[0.0.0.0]=imap", 0, 0 },
		{ "a stream in the way of mail",
		  SERVER("listen 143;") "stream { server { listen 127.0.0.1:143; proxy_pass 10.0.0.1:143; } }\n",
		  "143-[0.0.0.0 127.0.0.1]", 0, 1 },
		{ "and said anew", MAIL("starttls on; server { listen 143; starttls off; }"), "143-[0.0.0.0]", 0, 0 },
		{ "said below", MAIL("server { listen 143; starttls only; }"), "143s[0.0.0.0]", 0, 0 },
		{ "quotes and braces", "http { x \"}\"; y '{'; }\n" SERVER("listen \"143\"; # }\n"), "143-[0.0.0.0]", 0,
		  0 },
		{ "server elsewhere", "http { server { listen 143; } }\nstream { server { listen 993; } }\n", "", 0,
		  0 },
		{ "a socket", SERVER("listen unix:/x;"), "", 0, 0 },
		{ "no protocol", SERVER("listen 2525;"), "", 0, 1 },
		{ "a range", SERVER("listen 1-9;"), "", 0, 1 },
		{ "a name", SERVER("listen localhost:143;"), "143-[any]", 0, 1 },
		{ "twice", SERVER("listen 143; listen *:143;"), "143-[0.0.0.0]", 0, 1 },
		{ "an include of nothing", MAIL("include /none/*;"), "", 0, 0 },
		{ "an include without a word", MAIL("include;"), "", -EINVAL, 1 },
		{ "unclosed", "mail { server { listen 143;", "", -EINVAL, 1 },
		{ "unclosed quote", SERVER("listen \"143; "), "", -EINVAL, 1 },
		{ "closed too often", "} mail {}", "", -EINVAL, 1 },
		{ "a loop", "# configuration file /a:\ninclude /a;\n", "", -EINVAL, 1 },
		{ "a loop of two", "# configuration file /a:\ninclude b;\n# configuration file /b:\ninclude a;\n", "",
		  -EINVAL, 1 },
		{ "many to the power",
		  "# configuration file /a:\nmail{}\ninclude /*;include /*;include /*;include /*;include /*;\n", "",
		  -EINVAL, 1 },
		{ "too deep", "{{{{{{{{{{{{{{{{{{{{{{{{{", "", -EINVAL, 1 },
		{ "CRLF", "#\r\nmail {\r\nserver {\r\nlisten 143;\r\n}\r\n}\r\n", "143-[0.0.0.0]", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *read = rows[i].text[0] == '=' ? read_data(rows[i].text + 1) : NULL;
		const char *text = read ? read : rows[i].text;
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };
		char shown[512];
		int r = nginx_conf_parse(text, strlen(text), "n", &rendering, &complaints);

		show_rendering(&rendering, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].shown) != 0 || complaints.n != rows[i].n_complaints)
			fail_msg("%s: %d, %s, %zu: %s", rows[i].why, r, shown, complaints.n, complaints.list[0].text);
		rendering_clear(&rendering);
	}
}

static void nginx_names_its_certificates(void **state)
{
	cleanup(memory_freep) char *text = read_data("nginx-mail.txt");
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };

	assert_int_equal(nginx_conf_parse(text, strlen(text), "n", &rendering, &complaints), 0);
	assert_string_equal(service_set_find(&rendering.services, 587)->server.certificate,
			    "/etc/nginx/ssl/good-chain.pem");
	assert_string_equal(service_set_find(&rendering.services, 465)->server.certificate,
			    "/etc/nginx/ssl/goodrsa-chain.pem");
	assert_string_equal(service_set_find(&rendering.services, 465)->server.key, "/etc/nginx/ssl/goodrsa.key");
	assert_string_equal(service_set_find(&rendering.services, 143)->server.certificate, "");
	rendering_clear(&rendering);
}

/* Each certificate belongs to the key of its place, also where one is no path that we could read. */
static void nginx_pairs_its_files(void **state)
{
	static const struct {
		const char *files, *certificate, *key;
	} rows[] = {
		{ "ssl_certificate /a; ssl_certificate_key /k;", "/a", "/k" },
		{ "ssl_certificate a; ssl_certificate /b; ssl_certificate_key /j; ssl_certificate_key /k;", "/b",
		  "/k" },
		{ "ssl_certificate /a; ssl_certificate_key /j; ssl_certificate_key /k;", "/a", "/j" },
		{ "ssl_certificate /a; ssl_certificate /b; ssl_certificate_key engine:x; ssl_certificate_key /k;",
		  "/a\n/b", "\n/k" },
		{ "ssl_certificate '/a\n/b'; ssl_certificate_key '/j\n/k';", "", "" },
		{ "ssl_certificate '/a\nb'; ssl_certificate /c; ssl_certificate_key /j; ssl_certificate_key /k;", "/c",
		  "/k" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };
		char text[512];

		(void)snprintf(text, sizeof(text), SERVER("listen 993 ssl; %s"), rows[i].files);
		assert_int_equal(nginx_conf_parse(text, strlen(text), "n", &rendering, &complaints), 0);
		assert_string_equal(service_set_find(&rendering.services, 993)->server.certificate,
				    rows[i].certificate);
		assert_string_equal(service_set_find(&rendering.services, 993)->server.key, rows[i].key);
		rendering_clear(&rendering);
	}
}

/* ---- OpenSMTPD ---- */

static void smtpd_conf_is_understood(void **state)
{
	static const struct {
		const char *why, *text, *shown;
		int r;
		size_t n_complaints;
	} rows[] = {
		{ "a relay", "=smtpd-relay.conf", "25-[any] 465i[192.0.2.1] 587s[192.0.2.1]", 0, 0 },
		{ "Debian's", "listen on localhost\n", "25-[127.0.0.1]", 0, 0 },
		{ "all", "listen on all tls pki x\n", "25o[any]", 0, 0 },
		{ "one family", "listen on lo inet6 port 2525\nlisten on localhost inet6\n", "25-[::1] 2525-[any]=smtp",
		  0, 0 },
		{ "verify", "listen on 10.0.0.1 port 587 tls-require verify pki x\n", "587s[10.0.0.1]", 0, 0 },
		{ "before 6.4", "listen on 10.0.0.1 secure pki x auth\n", "25o[10.0.0.1] 465i[10.0.0.1]", 0, 0 },
		{ "smtps and tls", "listen on 10.0.0.1 smtps tls pki x\n", "25o[10.0.0.1] 465i[10.0.0.1]", 0, 1 },
		{ "its socket, twice", "listen on socket\nlisten on ::1\nlisten on socket\n", "25-[::1]", 0, 1 },
		{ "smtps elsewhere", "listen on 10.0.0.1 port 4650 smtps pki x auth\n", "4650i[10.0.0.1]=submission", 0,
		  0 },
		{ "a proxy", "listen on 10.0.0.1 proxy-v2\n", "25-P[10.0.0.1]", 0, 0 },
		{ "words that are values", "listen on 10.0.0.1 hostname smtps tag tls filter auth\n", "25-[10.0.0.1]",
		  0, 0 },
		{ "no comment", "listen on ::1 tag \"#\" smtps\n", "465i[::1]", 0, 0 },
		{ "a comment", "#listen on all\n  # listen on all\n", "", 0, 1 },
		{ "no such port", "listen on 10.0.0.1 port nothing\n", "25-[10.0.0.1]", 0, 1 },
		{ "twice", "listen on 10.0.0.1\nlisten on 10.0.0.1\n", "25-[10.0.0.1]", 0, 1 },
		{ "an include",
		  "# configuration file /a/b:\ninclude \"c\"\n# configuration file /a/c:\nlisten on ::1\n", "25-[::1]",
		  0, 0 },
		{ "a loop", "# configuration file /a:\ninclude \"/a\"\n", "", -EINVAL, 1 },
		{ "a macro in a macro's place", "a = 10.0.0.1\nb = $a\nlisten on $b port 25\n", "25-[10.0.0.1]", 0, 0 },
		{ "an unknown macro", "listen on $b\n", "25-[any]", 0, 0 },
		{ "continued at the end", "listen on ::1 \\", "25-[::1]", 0, 0 },
		{ "nothing behind", "listen\nlisten on\npki\npki x\ninclude\n=\na=\n", "", 0, 1 },
		{ "unclosed quote", "listen on \"::1\n", "25-[::1]", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *read = rows[i].text[0] == '=' ? read_data(rows[i].text + 1) : NULL;
		const char *text = read ? read : rows[i].text;
		struct complaints complaints = { 0 };
		struct rendering rendering = { 0 };
		char shown[512];
		int r = smtpd_conf_parse(text, strlen(text), services, "s", &rendering, &complaints);

		show_rendering(&rendering, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].shown) != 0 || complaints.n != rows[i].n_complaints)
			fail_msg("%s: %d, %s, %zu: %s", rows[i].why, r, shown, complaints.n, complaints.list[0].text);
		rendering_clear(&rendering);
	}
}

static void smtpd_conf_is_bounded(void **state)
{
	cleanup(memory_freep) char *text = malloc(RENDERING_TEXT_MAX + 2);
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	char *to = text;

	memset(text, 'x', RENDERING_TEXT_MAX + 1);
	assert_int_equal(smtpd_conf_parse(text, RENDERING_TEXT_MAX + 1, NULL, "s", &rendering, &complaints), -EINVAL);
	assert_int_equal(nginx_conf_parse(text, RENDERING_TEXT_MAX + 1, "n", &rendering, &complaints), -EINVAL);
	assert_int_equal(smtpd_conf_parse(text, 100000, NULL, "s", &rendering, &complaints), 0);
	assert_non_null(strstr(complaints.list[2].text, "a line of more than 2048 bytes"));
	for (int i = 0; i <= RENDERING_LISTENERS_MAX; i++)
		to += sprintf(to, "listen on lo port %d\n", i + 1);
	assert_int_equal(smtpd_conf_parse(text, (size_t)(to - text), NULL, "s", &rendering, &complaints), -EINVAL);
}

/* ---- systemd ---- */

static void the_socket_unit(void **state)
{
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	char shown[256];

	assert_int_equal(dovecot_socket_parse("Listen=[::]:143 (Stream)\nListen=0.0.0.0:993 (Stream)\n"
					      "Listen=127.0.0.1:993 (Datagram)\nListen=/run/x (Stream)\nListen=\n"
					      "Listen=[::1]:995 (Stream)\nListen=[::]:80 (Stream)\nx\n",
					      &rendering, &complaints),
			 0);
	show_rendering(&rendering, shown, sizeof(shown));
	assert_string_equal(shown, "143s[any] 993i[0.0.0.0] 995i[::1]");
	assert_int_equal(complaints.n, 0);
	rendering_clear(&rendering);
	assert_int_equal(dovecot_socket_parse("", &rendering, &complaints), 0);
	assert_int_equal(complaints.n_warnings, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exim_is_started_by_debian_13),
		cmocka_unit_test(exim_is_understood),
		cmocka_unit_test(exim_names_its_certificate),
		cmocka_unit_test(nginx_is_understood),
		cmocka_unit_test(nginx_names_its_certificates),
		cmocka_unit_test(nginx_pairs_its_files),
		cmocka_unit_test(smtpd_conf_is_understood),
		cmocka_unit_test(smtpd_conf_is_bounded),
		cmocka_unit_test(the_socket_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
