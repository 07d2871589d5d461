// SPDX-License-Identifier: LGPL-2.1-or-later
/* Several servers' configurations merged: whose a port is, what would help, and who is in whose way. */
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
#include "base/text.h"
#include "intent/config/config_load.h"
#include "intent/merge/intent.h"
#include "intent/merge/intent_render.h"
#include "intent/merge/intent_read.h"

#define MAIN(interfaces)                                                                                       \
	"inet_protocols = all\nsmtpd_tls_security_level = may\nsmtpd_tls_cert_file = /p.pem\ninet_interfaces " \
	"= " interfaces "\n"
#define LINE(name) name " inet n - y - - smtpd\n"
#define DOVECOT(protocols, service, port)                                                                \
	"listen = *\nssl = required\nssl_cert = </dev/null\nprotocols = " protocols "\nservice " service \
	" {\n  inet_listener x {\n    port = " port "\n  }\n}\n"

struct outputs {		     /* NULL: the program failed by itself, status 1 */
	const char *master, *main;   /* of the first Postfix */
	const char *master2, *main2; /* of the second */
	const char *dovecot, *exim;
};

/* What @server says to the question that begins with @asked: "-M". */
static const char *output_of(const struct outputs *outputs, enum source_kind server, const char *asked, bool second)
{
	if (server == SOURCE_DOVECOT)
		return outputs->dovecot;
	if (server == SOURCE_EXIM)
		return outputs->exim;
	if (strcmp(asked, "-M") == 0)
		return second ? outputs->master2 : outputs->master;
	if (strcmp(asked, "-x") == 0)
		return second ? outputs->main2 : outputs->main;
	return "";
}

/* "587sY[/dev/null]dove", "!" before what is not expected. */
static void show(const struct intent *intent, char *to, size_t size)
{
	static const char letters[] = { '?', 's', 'o', 'i', '-' };

	to[0] = '\0';
	for (size_t i = 0; i < intent->services.n; i++) {
		const struct service *service = &intent->services.list[i];

		(void)text_append(to, size, "%s%s%u%c%c%zu[%s]", i ? " " : "", service->expected ? "" : "!",
				  service->want.port, letters[service->want.tls], "?NY"[service->provenance.rendered],
				  service -> want.n_addresses, service->server.certificate);
		/* Debian has an instance do Postfix's work. */
		(void)text_append(to, size, "%.4s", service->server.unit);
	}
}

/* @complaint: a part of one, NULL: there is none. @help: for the port @of, NULL: nothing would. */
static void servers_are_merged(void **state)
{
	static const struct {
		const char *why, *sources, *listener;
		struct outputs outputs;
		const char *shown, *complaint;
		uint16_t of;
		const char *help;
	} rows[] = {
		{ "Postfix alone",
		  "postfix:/x",
		  "",
		  { LINE("25"), MAIN("all"), NULL, NULL, NULL, NULL },
		  "25oY2[/p.pem]post",
		  NULL,
		  25,
		  "in Postfix's master.cf:\n25 inet n - y - - smtpd" },
		{ "a port it lacks",
		  "postfix:/x",
		  "[listener submission]\nport = 587\n",
		  { LINE("25"), MAIN("all"), NULL, NULL, NULL, NULL },
		  "25oY2[/p.pem]post 587sN0[]",
		  NULL,
		  587,
		  "in Postfix's master.cf:\n587 inet n - y - - smtpd\n  -o smtpd_tls_security_level=encrypt\n"
		  "  -o smtpd_sasl_auth_enable=yes" },
		{ "465 brings 587, which is Postfix's to open",
		  "postfix:/x dovecot:/y",
		  "",
		  { LINE("465"), MAIN("all"), NULL, NULL, DOVECOT("imap", "imap-login", "143"), NULL },
		  "143sY1[/dev/null]dove 465iY2[/p.pem]post 587sN0[] 993iN0[]",
		  "/x: port 465 is configured with tls starttls, and its clients speak TLS from the first byte (RFC "
		  "8314)",
		  587,
		  "in Postfix's master.cf:\n587 inet n - y - - smtpd\n  -o smtpd_tls_security_level=encrypt\n"
		  "  -o smtpd_sasl_auth_enable=yes" },
		{ "or Dovecot's, where it serves submission",
		  "postfix:/x dovecot:/y",
		  "",
		  { LINE("25"), MAIN("all"), NULL, NULL, DOVECOT("submission", "submission-login", "587"), NULL },
		  "25oY2[/p.pem]post 465iN0[] 587sY1[/dev/null]dove",
		  NULL,
		  465,
		  "service submission-login {\n  inet_listener submissions {\n    port = 465\n    ssl = yes\n  }\n}" },
		{ "two want one port",
		  "dovecot:/y postfix:/x",
		  "",
		  { LINE("587"), MAIN("all"), NULL, NULL, DOVECOT("submission", "submission-login", "587"), NULL },
		  "465iN0[] 587sY2[/dev/null]dove",
		  "/x: port 587 is also opened by dovecot",
		  0,
		  NULL },
		{ "two want one port, elsewhere",
		  "dovecot:/y postfix:/x",
		  "",
		  { LINE("587"), MAIN("::1"), NULL, NULL, DOVECOT("submission", "submission-login", "587"), NULL },
		  "465iN0[] 587sY2[/dev/null]dove",
		  NULL,
		  0,
		  NULL },
		{ "two instances",
		  "postfix:/x postfix:/z",
		  "",
		  { LINE("25"), MAIN("10.0.0.1"), LINE("25") LINE("2525"), MAIN("10.0.0.2"), NULL, NULL },
		  "25oY2[/p.pem]post 2525oY1[/p.pem]post",
		  NULL,
		  0,
		  NULL },
		{ "one fails, the other counts",
		  "postfix:/x dovecot:/y",
		  "",
		  { NULL, NULL, NULL, NULL, DOVECOT("imap", "imap-login", "143"), NULL },
		  "143sY1[/dev/null]dove 993iN0[]",
		  "/x: postconf exited with status 1: ",
		  0,
		  NULL },
		{ "Exim",
		  "exim:/e",
		  "[listener submissions]\n",
		  { NULL, NULL, NULL, NULL, NULL,
		    "daemon_smtp_ports = 25\nlocal_interfaces = <; ::0 ; 0.0.0.0\ntls_advertise_hosts = *\n" },
		  "25oY2[]exim 465iN0[]",
		  NULL,
		  465,
		  "add 465 to daemon_smtp_ports and to tls_on_connect_ports in Exim's configuration, or to -oX where "
		  "its "
		  "command line has one" },
		{ "declared, and Dovecot names the certificate",
		  "mailu:@ dovecot:/y",
		  "",
		  { NULL, NULL, NULL, NULL, DOVECOT("imap", "imap-login", "993"), NULL },
		  "25o?0[] 443i?0[] 465iN0[] 587s?0[] 993iY1[/dev/null]dove 995iN0[] 4190sN0[]",
		  NULL,
		  0,
		  NULL },
		{ "an nginx that is not there",
		  "nginx:/nonexistent/nginx.conf",
		  "",
		  { 0 },
		  "",
		  "/nonexistent/nginx.conf: cannot be read: No such file or directory",
		  0,
		  NULL },
	};
	static struct intent_tools tools;
	char path[] = "/tmp/hearken-rendered-XXXXXX", env[64], text[512];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	(void)snprintf(env, sizeof(env), "%s.env", path);
	assert_int_equal(file_replace(env, "TLS_FLAVOR=cert\nPORTS=993\n", 26, 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct config config = { 0 };
		struct intent intent = { 0 };
		char shown[512], line[INTENT_RENDER_SIZE];
		const char *complaint = NULL;
		size_t n_postfix = 0;

		const char *at = strchr(rows[i].sources, '@');

		(void)snprintf(text, sizeof(text), "[hearken]\nsources = %.*s%s%s\n%s",
			       at ? (int)(at - rows[i].sources) : 0, rows[i].sources, at ? env : "",
			       at ? at + 1 : rows[i].sources, rows[i].listener);
		assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
		assert_int_equal(config_load(path, &config, &complaints), 0);
		intent_tools_find(&config, 0, NULL, &tools);
		for (size_t j = 0; j < tools.n; j++) {
			n_postfix += tools.list[j].server->kind == SOURCE_POSTFIX;
			for (size_t k = 0; k < tools.list[j].n_tools; k++) {
				struct intent_tool *tool = &tools.list[j].tools[k];
				const char *output = tool->question
							     ? output_of(&rows[i].outputs, tools.list[j].server->kind,
									 tool->question->args[0], n_postfix == 2)
							     : "";

				intent_tool_done(tool, output ? 0 : 1 << 8, output ? strdup(output) : NULL);
			}
		}
		assert_int_equal(intent_merge(&config, &tools, NULL, &intent), 0);
		show(&intent, shown, sizeof(shown));
		for (size_t j = 0; j < intent.n_sources; j++)
			if (intent.sources[j].complaints.n > 0)
				complaint = intent.sources[j].complaints.list[0].text;
		if (strcmp(shown, rows[i].shown) != 0 || (complaint != NULL) != (rows[i].complaint != NULL) ||
		    (complaint && !strstr(complaint, rows[i].complaint)))
			fail_msg("%s: %s; %s", rows[i].why, shown, complaint ? complaint : "no complaint");
		if (rows[i].of) {
			(void)intent_render_line(&intent, service_set_find(&intent.services, rows[i].of), line,
						 sizeof(line));
			if (strcmp(line, rows[i].help) != 0)
				fail_msg("%s: %s", rows[i].why, line);
		}
		intent_tools_clear(&tools);
		intent_clear(&intent);
		config_clear(&config);
	}
	(void)unlink(path);
	(void)unlink(env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
