// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "intent/config/config_keys.h"

static char directory[64], path[96];

static int make_directory(void **state)
{
	(void)strcpy(directory, "/tmp/hearken-config-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/hearken.conf", directory);
	return 0;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

static void put(const char *name, const char *text)
{
	char full[256];

	(void)snprintf(full, sizeof(full), "%s/hearken.conf.d", directory);
	(void)mkdir(full, 0755);
	(void)snprintf(full, sizeof(full), "%s/%s", directory, name);
	assert_int_equal(file_replace(full, text, strlen(text), 0644), 0);
}

static void clean(void)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'/*", directory);
	assert_int_equal(system(command), 0);
}

static void defaults_are_those_of_the_manual(void **state)
{
	struct complaints complaints = { 0 };
	struct config config = { 0 };

	clean();
	put("hearken.conf", "");
	assert_int_equal(config_load(path, &config, &complaints), 0);
	assert_true(config.sources_auto && config.policy);
	assert_string_equal(config.netns, "");
	assert_string_equal(config.textfile, "/var/lib/prometheus/node-exporter/hearken.prom");
	assert_string_equal(config.status, "/run/hearken/status.json");
	assert_string_equal(config.state, "/var/lib/hearken");
	assert_int_equal(config.probe_interval_usec, 60 * USEC_PER_SEC);
	assert_int_equal(config.probe_timeout_usec, 10 * USEC_PER_SEC);
	assert_int_equal(config.certificate_warn_usec, 14 * 86400 * USEC_PER_SEC);
	assert_true(config.injection_check);
	assert_int_equal(config.repair, CONFIG_REPAIR_OFF);
	assert_int_equal(config.repair_limit, 3);
	assert_int_equal(config.repair_window_usec, 3600 * USEC_PER_SEC);
	assert_int_equal(config.n_listeners, 0);
	assert_int_equal(complaints.n, 0);
	config_clear(&config);
}

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"

static void every_key_is_read(void **state)
{
	static const char text[] = "[hearken]\n"
				   "sources = dovecot:/etc/d.conf mailu:/mailu/mailu.env\n"
				   "policy = off\n"
				   "netns = name:mail\n"
				   "textfile =\n"
				   "status = /tmp/status.json\n"
				   "state = /tmp/state\n"
				   "probe-interval = 5min ; a comment\n"
				   "probe-timeout = 500ms\n"
				   "certificate-warn = 0\n"
				   "server-name = mail.example.org\n"
				   "server-names = imap.example.org  MAIL.example.net. imap.example.org\n"
				   "ca-file = /tmp/ca.pem\n"
				   "tls-minimum = 1.3\n"
				   "certificate-pin = sha256:" HEX "\n"
				   "repair = restart\n"
				   "repair-limit = 5 per 2h\n"
				   "injection-check = off\n"
				   "hook = /usr/local/bin/hook --fast\n"
				   "published = auto\n"
				   "[listener submission]\n"
				   "port = 587\n"
				   "protocol = submission\n"
				   "tls = starttls\n"
				   "address = 192.0.2.1 ::\n"
				   "unit = dovecot.service\n"
				   "restart-command = /usr/bin/docker restart mailu-front-1\n"
				   "proxy-header = yes\n"
				   "tls-minimum = 1.0\n"
				   "certificate-pin = spki-sha256:" HEX " sha256:" HEX "\n"
				   "tlsa = 3 1 1 " HEX ",2 0 1 " HEX "\n"
				   "certificate-file = /etc/a.pem  /etc/b.pem\n"
				   "published = 192.0.2.7 2001:db8::7\n"
				   "expected = no\n"
				   "[listener lmtp]\n";
	struct complaints complaints = { 0 };
	struct config config = { 0 };
	const struct service *service;

	clean();
	put("hearken.conf", text);
	assert_int_equal(config_load(path, &config, &complaints), 0);
	assert_int_equal(complaints.n, 0);
	assert_false(config.sources_auto);
	assert_int_equal(config.n_sources, 2);
	assert_int_equal(config.sources[0].kind, SOURCE_DOVECOT);
	assert_string_equal(config.sources[0].path, "/etc/d.conf");
	assert_string_equal(config.sources[1].path, "/mailu/mailu.env");
	assert_false(config.policy);
	assert_string_equal(config.netns, "/run/netns/mail");
	assert_string_equal(config.textfile, "");
	assert_int_equal(config.probe_interval_usec, 300 * USEC_PER_SEC);
	assert_int_equal(config.probe_timeout_usec, 500 * USEC_PER_MSEC);
	assert_int_equal(config.certificate_warn_usec, 0);
	assert_false(config.injection_check);
	assert_string_equal(config.server_name, "mail.example.org");
	assert_int_equal(config.server_names.n, 2);
	assert_string_equal(config.server_names.list[0].name, "imap.example.org");
	assert_string_equal(config.server_names.list[1].name, "MAIL.example.net");
	assert_int_equal(config.server_names.list[1].sources, 1U << SOURCE_CONFIG);
	assert_int_equal(config.repair, CONFIG_REPAIR_RESTART);
	assert_int_equal(config.repair_limit, 5);
	assert_int_equal(config.repair_window_usec, 7200 * USEC_PER_SEC);
	assert_string_equal(config.hook, "/usr/local/bin/hook --fast");
	assert_int_equal(config.n_listeners, 2);
	assert_int_equal(config.trust.tls_minimum, 0x0304);
	assert_int_equal(config.trust.n_pins, 1);
	assert_int_equal(config.listeners[0].said, 0x3ff | CONFIG_SAID_PUBLISHED);
	assert_int_equal(config.listeners[1].said, 0);
	service = &config.listeners[0].service;
	assert_string_equal(service->name, "submission");
	assert_int_equal(service->want.port, 587);
	assert_int_equal(service->want.protocol, PROTOCOL_SUBMISSION);
	assert_int_equal(service->want.tls, TLS_STARTTLS);
	assert_int_equal(service->want.n_addresses, 2);
	assert_string_equal(service->server.unit, "dovecot.service");
	assert_string_equal(service->server.restart_command, "/usr/bin/docker restart mailu-front-1");
	assert_int_equal(service->want.published.mode, PUBLISHED_LIST);
	assert_int_equal(service->want.published.n, 2);
	assert_int_equal(service->want.published.addresses[1].family, AF_INET6);
	assert_int_equal(config.published.mode, PUBLISHED_AUTO);
	assert_true(service->want.proxy_header == PROXY_HEADER_V2 && !service->expected);
	assert_int_equal(service->want.trust.tls_minimum, 0x0301);
	assert_int_equal(service->want.trust.n_pins, 2);
	assert_int_equal(service->want.trust.pins[0].kind, PIN_KEY);
	assert_int_equal(service->want.trust.n_tlsa, 2);
	assert_int_equal(service->want.trust.tlsa[1].usage, 2);
	assert_string_equal(service->server.certificate, "/etc/a.pem\n/etc/b.pem");
	config_clear(&config);
}

#define LONG_40 "0123456789012345678901234567890123456789"

static void complaints_name_file_line_and_key(void **state)
{
	static const struct {
		const char *text;
		const char *says; /* behind the path */
		int r;
	} rows[] = {
		{ "[hearken]\nsorces = auto\n",
		  ":2: unknown key sorces in [hearken], did you mean sources; it is ignored", 0 },
		{ "[hearken]\nx = 1\n", ":2: unknown key x in [hearken]; it is ignored", 0 },
		{ "[herken]\npolicy = sideways\n",
		  ":1: unknown section [herken], did you mean [hearken]; it is ignored", 0 },
		{ "[listner imap]\nport = 1\n",
		  ":1: unknown section [listner imap], did you mean [listener NAME]; it is ignored", 0 },
		{ "\n\n[hearken]\npolicy = sideways\n", ":4: policy = sideways: write yes or no", -EINVAL },
		{ "[hearken]\nprobe-interval = 60\n",
		  ":2: probe-interval = 60: write a duration from 1s to 1d, as 60s or 5min", -EINVAL },
		{ "[hearken]\nprobe-interval = 999ms\n", ":2: probe-interval = 999ms: write a duration from 1s",
		  -EINVAL },
		{ "[hearken]\nprobe-timeout = 11min\n", ":2: probe-timeout = 11min: write a duration from 100ms",
		  -EINVAL },
		{ "[hearken]\nnetns = container:../x\n",
		  ":2: netns = container:../x: write host, name:NAME, path:/run/netns/X or container:NAME-OR-ID",
		  -EINVAL },
		{ "[hearken]\nnetns = container:\n", ":2: netns = container:: write host", -EINVAL },
		{ "[hearken]\nnetns = container:-x\n", ":2: netns = container:-x: write host", -EINVAL },
		{ "[hearken]\nnetns = container:a b\n", ":2: netns = container:a b: write host", -EINVAL },
		{ "[hearken]\nnetns = name:../x\n", ":2: netns = name:../x: write host, name:NAME", -EINVAL },
		{ "[hearken]\ntls-minimum = 1.4\n", ":2: tls-minimum = 1.4: write 1.0, 1.1, 1.2 or 1.3", -EINVAL },
		{ "[hearken]\ncertificate-pin = sha256:00\n", ":2: certificate-pin = sha256:00: write sha256: and",
		  -EINVAL },
		{ "[hearken]\ntlsa = 3 1 1 00\n", ":2: unknown key tlsa in [hearken]; it is ignored", 0 },
		{ "[listener a]\ntlsa = 1 1 1 " HEX "\n", ":2: tlsa = 1 1 1 " HEX ": write records as in the zone",
		  -EINVAL },
		{ "[listener a]\ncertificate-file = a.pem\n", ":2: certificate-file = a.pem: write absolute paths",
		  -EINVAL },
		{ "[hearken]\nrepair = maybe\n", ":2: repair = maybe: write off, reload or restart", -EINVAL },
		{ "[hearken]\nrepair-limit = 3 in 1h\n", ":2: repair-limit = 3 in 1h: write a number and a duration",
		  -EINVAL },
		{ "[hearken]\nhook = notify\n", ":2: hook = notify: write the program's absolute path", -EINVAL },
		{ "[hearken]\nsources = mailu\n", ":2: sources = mailu: this source needs its file's absolute path",
		  -EINVAL },
		{ "[hearken]\nsources = sendmail\n", ":2: sources = sendmail: write auto, none, or a list", -EINVAL },
		{ "[hearken]\nsources =\n", ":2: sources = : write auto, none or a list", -EINVAL },
		{ "[hearken]\nstatus = here\n", ":2: status = here: write an absolute path", -EINVAL },
		{ "[listener a]\nport = 0\n", ":2: port = 0: write a number from 1 to 65535", -EINVAL },
		{ "[listener a]\nport = 65536\n", ":2: port = 65536: write a number from 1 to 65535", -EINVAL },
		{ "[listener a]\nport = \xef\xbc\x95\xef\xbc\x98\n",
		  ":2: port = \xef\xbc\x95\xef\xbc\x98: write a number", -EINVAL },
		{ "[listener a]\nport = submission \n", ":2: port = submission: write a number", -EINVAL },
		{ "[listener a]\nport = \"587\n", ":2: port = \"587: write a number", -EINVAL },
		{ "\xef\xbb\xbf[listener a]\r\nport = 0\r\n", ":2: port = 0: write a number", -EINVAL },
		{ "[listener a]\nport = 1\ntls = none\nport = 2\n",
		  ":4: port is said again in [listener a]; the last one counts", 0 },
		{ "[hearken]\npolicy = on\npolicy = on\n", ":3: policy is said again in [hearken]", 0 },
		{ "[listener a]\ntls = ssl\n", ":2: tls = ssl: write starttls,", -EINVAL },
		{ "[listener a]\nprotocol = smtps\n", ":2: protocol = smtps: write smtp,", -EINVAL },
		{ "[listener a]\naddress = localhost\n", ":2: address = localhost: write *,", -EINVAL },
		{ "[listener a]\nunit = dovecot\n", ":2: unit = dovecot: write the whole unit name", -EINVAL },
		{ "[listener a]\nproxy-header = v3\n", ":2: proxy-header = v3: write no, yes, v1 or v2", -EINVAL },
		{ "[listener a]\npublished = *\n", ":2: published = *: write none, auto or at most 4", -EINVAL },
		{ "[hearken]\npublished = auto 192.0.2.1\n", ":2: published = auto 192.0.2.1: write none, auto",
		  -EINVAL },
		{ "[hearken]\npublished =\n", ":2: published = : write none, auto", -EINVAL },
		{ "[hearken]\npublished = 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5\n",
		  ":2: published = ", -EINVAL },
		{ "[listener]\nport = 1\n", ":1: [listener]: write one word behind listener", -EINVAL },
		{ "[listener a b]\n", ":1: [listener a b]: write one word", -EINVAL },
		{ "policy = on\n", ":1: policy stands before any section", -EINVAL },
		{ "[hearken]\npolicy\n", ":2: policy: write key = value", -EINVAL },
		{ "[hearken\npolicy = on\n", ":1: [hearken: a section is written", -EINVAL },
		{ "[hearken]\nsources = dovecot\n  mailu:/mailu.env\n",
		  ":3: unknown key mailu in [hearken]; it is ignored", 0 },
		{ "[hearken]\nsources = dovecot\n  postfix\n",
		  ":3: postfix: write key = value; a value cannot continue", -EINVAL },
		{ "[hearken]\nhook = /" LONG_40 LONG_40 LONG_40 LONG_40 LONG_40 "\n", ":2: the line is longer than ",
		  -EINVAL },
		{ "[listener " LONG_40 "]\n", ":1: the section's name is longer than 48 bytes", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct config config = { 0 };
		char says[512];
		int r;

		clean();
		put("hearken.conf", rows[i].text);
		r = config_load(path, &config, &complaints);
		(void)snprintf(says, sizeof(says), "%s%s", path, rows[i].says);
		if (r != rows[i].r || complaints.n != 1 || strncmp(complaints.list[0].text, says, strlen(says)) != 0)
			fail_msg("row %zu: %d, %zu complaints: %s", i, r, complaints.n, complaints.list[0].text);
		if (r < 0)
			assert_int_equal(config.n_listeners, 0);
		config_clear(&config);
	}
}

static void harmless_forms_are_accepted(void **state)
{
	static const char *const rows[] = {
		"\xef\xbb\xbf[hearken]\r\npolicy = off\r\n",
		"# " LONG_40 LONG_40 LONG_40 LONG_40 LONG_40 LONG_40 "\n[hearken]\n  policy = off",
		"; x\n\n[hearken] ; c\npolicy=off ; " LONG_40 "\n",
		"[hearken]\npolicy = on\n[hearken]\n\tpolicy = off\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct config config = { 0 };

		clean();
		put("hearken.conf", rows[i]);
		if (config_load(path, &config, &complaints) < 0 || complaints.n || config.policy)
			fail_msg("row %zu: %s", i, complaints.list[0].text);
		config_clear(&config);
	}
}

/* Each way to say it takes back the one before. */
static void the_namespace_is_one(void **state)
{
	static const struct {
		const char *text, *netns, *container;
	} rows[] = {
		{ "netns = container:mailu-front_1.x\n", "", "mailu-front_1.x" },
		{ "netns = container:front\nnetns = name:mail\n", "/run/netns/mail", "" },
		{ "netns = name:mail\nnetns = container:0123abcd\n", "", "0123abcd" },
		{ "netns = container:front\nnetns = host\n", "", "" },
		{ "netns = path:/proc/7/ns/net\n", "/proc/7/ns/net", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct config config = { 0 };
		char text[256];

		clean();
		(void)text_format(text, sizeof(text), "[hearken]\n%s", rows[i].text);
		put("hearken.conf", text);
		assert_int_equal(config_load(path, &config, &complaints), 0);
		assert_string_equal(config.netns, rows[i].netns);
		assert_string_equal(config.container, rows[i].container);
		config_clear(&config);
	}
}

static void later_files_win_key_by_key(void **state)
{
	struct complaints complaints = { 0 };
	struct config config = { 0 };

	clean();
	put("hearken.conf", "[hearken]\npolicy = off\nrepair = reload\n[listener a]\nport = 1\ntls = none\n");
	put("hearken.conf.d/20-b.conf", "[listener a]\nport = 3\n");
	put("hearken.conf.d/10-a.conf", "[hearken]\nrepair = restart\n[listener a]\nport = 2\n[listener b]\n");
	put("hearken.conf.d/30-c.conf~", "[hearken]\nrepair = nonsense\n");
	put("hearken.conf.d/.hidden.conf", "[hearken]\nrepair = nonsense\n");
	assert_int_equal(config_load(path, &config, &complaints), 0);
	assert_int_equal(complaints.n, 0);
	assert_false(config.policy);
	assert_int_equal(config.repair, CONFIG_REPAIR_RESTART);
	assert_int_equal(config.n_listeners, 2);
	assert_int_equal(config.listeners[0].service.want.port, 3);
	assert_int_equal(config.listeners[0].service.want.tls, TLS_NONE);
	assert_int_equal(config.listeners[0].said, CONFIG_SAID_PORT | CONFIG_SAID_TLS);
	assert_non_null(strstr(config.listeners[0].where, "20-b.conf:1"));
	config_clear(&config);
}

static void a_given_file_must_be_there(void **state)
{
	struct complaints complaints = { 0 };
	struct config config = { 0 };

	clean();
	assert_int_equal(config_load(path, &config, &complaints), -ENOENT);
	assert_int_equal(complaints.n_errors, 1);
	put("hearken.conf.d/a.conf", "[hearken]\npolicy = x\n");
	put("hearken.conf", "");
	assert_int_equal(config_load(path, &config, &complaints), -EINVAL);
	assert_non_null(strstr(complaints.list[1].text, "hearken.conf.d/a.conf:2: policy"));
}

#define EXAMPLE "packaging/hearken.conf"

/* @text without the "#" of lines that are a key or a section. */
static void uncomment(char *text)
{
	for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t n = strspn(line + 1, "abcdefghijklmnopqrstuvwxyz-");

		if (line[0] == '#' && (line[1] == '[' || (n && text_starts_with(line + 1 + n, " ="))))
			line[0] = ' ';
	}
}

static size_t count(const char *text, const char *key)
{
	char line[64];
	size_t n = 0;

	(void)snprintf(line, sizeof(line), "\n#%s =", key);
	for (const char *s = text; (s = strstr(s, line)); s++)
		n++;
	return n;
}

/* Which also is where a key is explained. */
static void the_example_has_every_key(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	struct config config = { 0 };
	char *listener;

	assert_int_equal(file_read(EXAMPLE, 65536, &text, NULL), 0);
	listener = strstr(text, "\n#[listener ");
	assert_non_null(listener);
	for (size_t i = 0; config_listener_keys[i].name; i++)
		if (count(listener, config_listener_keys[i].name) != 1)
			fail_msg("[listener]: %s", config_listener_keys[i].name);
	*listener = '\0';
	for (size_t i = 0; config_main_keys[i].name; i++)
		if (count(text, config_main_keys[i].name) != 1)
			fail_msg("[hearken]: %s", config_main_keys[i].name);
	*listener = '\n';

	clean();
	uncomment(text);
	put("hearken.conf", text);
	assert_int_equal(config_load(path, &config, &complaints), 0);
	if (complaints.n)
		fail_msg("%s", complaints.list[0].text);
	assert_int_equal(config.n_listeners, 1);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(complaints_name_file_line_and_key),
		cmocka_unit_test(harmless_forms_are_accepted),
		cmocka_unit_test(the_namespace_is_one),
		cmocka_unit_test(later_files_win_key_by_key),
		cmocka_unit_test(a_given_file_must_be_there),
		cmocka_unit_test(the_example_has_every_key),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
