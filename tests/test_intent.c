// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"
#include "intent.h"
#include "policy.h"
#include "rendering.h"
#include "text.h"

static const char *const letters[TLS_MODE_COUNT] = {
	[TLS_STARTTLS] = "s", [TLS_STARTTLS_OPTIONAL] = "o", [TLS_IMPLICIT] = "i", [TLS_NONE] = "-",
};

/* "587sN/mp": port, TLS, rendered (Y, N, ?), and who says so: c, m, d, p and so on; "!" before what is
 * off. */
static void show(const struct intent *intent, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < intent->services.n; i++) {
		const struct service *service = &intent->services.list[i];

		(void)text_append(to, size, "%s%s%u%s%c/", i ? " " : "", service->expected ? "" : "!",
				  service->port, letters[service->tls], "?NY"[service->rendered]);
		for (int kind = 0; kind < SOURCE_KIND_COUNT; kind++)
			if (service->sources & 1u << kind)
				(void)text_append(to, size, "%c", "cmwkdfxonsp"[kind]);
	}
}

static char directory[64], path[96], env[96];

static int make_directory(void **state)
{
	(void)strcpy(directory, "/tmp/hearken-intent-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/hearken.conf", directory);
	(void)snprintf(env, sizeof(env), "%s/mailu.env", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)unlink(path);
	(void)unlink(env);
	return rmdir(directory);
}

static struct intent_tools tools;
static struct last_good *memory; /* of the merges before; NULL: none */
static bool as_found; /* as if auto had found the servers */

/* In the place of the server's programs, installed or not. */
static void say(struct rendered_server *server, const char *output, int result)
{
	for (size_t i = 0; i < server->n_tools; i++) {
		struct intent_tool *tool = &server->tools[i];

		if (!output && result == 0)
			tool->state = TOOL_WAITS;
		else
			intent_tool_done(tool, result, output ? strdup(output) : NULL);
	}
}

/* @mailu, @output: NULL for none. "@" in @text stands for the mailu.env. */
static void read_all(const char *text, const char *mailu, const char *output, int result, struct intent *ret)
{
	struct complaints complaints = { 0 };
	struct config config = { 0 };
	cleanup(memory_freep) char *printed = NULL;
	const char *at = strchr(text, '@');
	char whole[2048], file[128];

	if (at)
		(void)text_format(whole, sizeof(whole), "%.*s%s%s", (int)(at - text), text, env, at + 1);
	else
		(void)text_copy(whole, sizeof(whole), text);
	assert_int_equal(file_replace(path, whole, strlen(whole), 0600), 0);
	(void)unlink(env);
	if (mailu)
		assert_int_equal(file_replace(env, mailu, strlen(mailu), 0600), 0);
	if (output && output[0] == '=') {
		(void)snprintf(file, sizeof(file), "tests/data/doveconf-%s.txt", output + 1);
		assert_int_equal(file_read(file, RENDERING_TEXT_MAX, &printed, NULL), 0);
		output = printed;
	}
	if (config_load(path, &config, &complaints) < 0)
		fail_msg("%s: %s", text, complaints.list[0].text);
	intent_tools_find(&config, 0, &tools);
	for (size_t i = 0; i < tools.n; i++) {
		tools.list[i].said = !as_found;
		say(&tools.list[i], output, result);
	}
	assert_int_equal(intent_merge(&config, &tools, memory, ret), 0);
	intent_tools_clear(&tools);
	config_clear(&config);
}

#define H	"[hearken]\nsources = "
#define CERT	"TLS_FLAVOR=cert\n"
#define NOTLS	"TLS_FLAVOR=notls\n"
#define INNER	"2525oY/d 4190sY/d 10025sY/d 10143sY/d 14190sY/d"
#define DEFAULT "25o?/m 443i?/m 465i?/mp 587s?/p 993i?/mp 995i?/mp 4190s?/m"

static void sources_are_merged(void **state)
{
	static const struct {
		const char *why, *text, *mailu, *output, *services;
	} rows[] = {
		{ "nobody speaks", H "none\n", NULL, NULL, "" },
		{ "Mailu's default and the policy", H "mailu:@\n", CERT, NULL,
		  "25o?/m 443i?/m 465i?/mp 587sN/p 993i?/mp 995i?/mp 4190s?/m" },
		{ "policy off", H "mailu:@\npolicy = off\n", CERT, NULL,
		  "25o?/m 443i?/m 465i?/m 993i?/m 995i?/m 4190s?/m" },
		{ "notls", H "mailu:@\n", NOTLS, NULL, "25-?/m 4190-?/m" },
		{ "notls-opt-in", H "mailu:@\n", NOTLS "PORTS=25,143,587\n", NULL,
		  "25-?/m 143-?/m !587-?/p 4190-?/m" },
		{ "notls-opt-in, policy off", H "mailu:@\npolicy = off\n", NOTLS "PORTS=25,143,587\n", NULL,
		  "25-?/m 143-?/m 587-?/m 4190-?/m" },
		{ "notls, hearken.conf insists",
		  H "mailu:@\n[listener submission]\nexpected = yes\n", NOTLS "PORTS=587\n", NULL,
		  "25-?/m 587-?/c 4190-?/m" },
		{ "Dovecot without 587", H "dovecot\n", NULL, "=mailu-buggy",
		  "465iY/dp 587sN/p 993iY/dp 995iY/dp " INNER },
		{ "Dovecot with it", H "dovecot\n", NULL, "=mailu-fixed",
		  "110sY/d 143sY/d 465iY/dp 587sY/dp 993iY/dp 995iY/dp " INNER },
		{ "Dovecot with ssl = no", H "dovecot\n", NULL, "=mailu-notls",
		  "2525-Y/d 4190-Y/d 10025-Y/d 10143-Y/d 14190-Y/d" },
		{ "Dovecot without submission", H "dovecot\n", NULL, "=imap", "143sY/d 993iY/dp" },
		{ "the Mailu outage: declared, not rendered", H "dovecot mailu:@\n", CERT "PORTS=25,587\n",
		  "=mailu-buggy",
		  "25o?/m 443i?/m 465iY/mdp 587sN/mp 993iY/mdp 995iY/mdp 2525oY/d 4190sY/md 10025sY/d 10143sY/d 14190sY/d" },
		{ "one is off, one is on", H "dovecot mailu:@\n", NOTLS, "=imap",
		  "25-?/m 143sY/d 993iY/dp 4190-N/m" },
		{ "a section does not undo the policy",
		  H "mailu:@\n[listener submissions]\nrestart-command = /bin/true\n", NOTLS, NULL,
		  "25-?/m !465i?/p 4190-?/m" },
		{ "hearken.conf alone", H "none\n[listener submission]\n", NULL, NULL, "587s?/c" },
		{ "hearken.conf adds", H "dovecot\n[listener submission]\n", NULL, "=imap",
		  "143sY/d 587s?/c 993iY/dp" },
		{ "Dovecot's by its unit", H "dovecot\n[listener submission]\nunit = dovecot.service\n", NULL,
		  "=imap", "143sY/d 587sN/c 993iY/dp" },
		{ "another's by its unit", H "dovecot\n[listener submission]\nunit = postfix.service\n", NULL,
		  "=mailu-buggy", "465iY/dp 587s?/cp 993iY/dp 995iY/dp " INNER },
		{ "overrides by name", H "mailu:@\n[listener submission]\ntls = starttls-optional\n", CERT, NULL,
		  "25o?/m 443i?/m 465i?/mp 587o?/cp 993i?/mp 995i?/mp 4190s?/m" },
		{ "overrides by port", H "mailu:@\n[listener mine]\nport = 25\ntls = none\n", CERT, NULL,
		  "25-?/cm 443i?/m 465i?/mp 587sN/p 993i?/mp 995i?/mp 4190s?/m" },
		{ "takes off", H "mailu:@\n[listener submission]\nexpected = no\n", CERT, NULL,
		  "25o?/m 443i?/m 465i?/mp !587s?/c 993i?/mp 995i?/mp 4190s?/m" },
		{ "another port", H "none\n[listener x]\nport = 2525\nprotocol = smtp\ntls = none\n", NULL, NULL,
		  "2525-?/c" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };
		char shown[512];

		read_all(rows[i].text, rows[i].mailu, rows[i].output, 0, &intent);
		show(&intent, shown, sizeof(shown));
		if (strcmp(shown, rows[i].services) != 0)
			fail_msg("%s: %s", rows[i].why, shown);
		if (intent.complaints.n)
			fail_msg("%s: %s", rows[i].why, intent.complaints.list[0].text);
		assert_int_equal(intent.anything_spoke, intent.services.n > 0);
		intent_clear(&intent);
	}
}

/* A local server on the host of a Mailu in containers, each with ports of its own. */
static void what_is_found_is_not_the_containers(void **state)
{
	static const struct {
		const char *why, *mailu, *output, *services;
		size_t warnings;  /* of ports that both want */
		size_t conflicts; /* of those that only it wants */
	} rows[] = {
		{ "it has none of what is missing", CERT, "=imap", "25o?/m 143sY/d 443i?/m 465i?/mp 587sN/p 993i?/mp "
		  "995i?/mp 4190s?/m", 1, 2 },
		{ "it has the same ports", CERT "PORTS=25,587\n", "=mailu-buggy",
		  "25o?/m 443i?/m 465i?/mp 587s?/mp 993i?/mp 995i?/mp 2525oY/d 4190s?/m 10025sY/d 10143sY/d 14190sY/d", 4, 0 },
	};

	as_found = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };
		char shown[512];

		read_all(H "dovecot mailu:@\n", rows[i].mailu, rows[i].output, 0, &intent);
		show(&intent, shown, sizeof(shown));
		if (strcmp(shown, rows[i].services) != 0 || intent.conflicts.n != rows[i].conflicts)
			fail_msg("%s: %s, %s", rows[i].why, shown, intent.conflicts.n ? intent.conflicts.list[0].text : "");
		assert_string_equal(service_set_find(&intent.services, 993)->unit, "");
		assert_int_equal(intent.sources[1].complaints.n, rows[i].warnings);
		assert_non_null(strstr(intent.sources[1].complaints.list[0].text, "published by a container too"));
		intent_clear(&intent);
	}
	as_found = false;
}

static void broken_sources_are_said_and_the_rest_counts(void **state)
{
	static const struct {
		const char *why, *text, *mailu, *output;
		int result;
		const char *complaint; /* a part of the broken source's */
		const char *services;
	} rows[] = {
		{ "doveconf failed", H "dovecot mailu:@\n", CERT, "x\ndoveconf: Fatal: no\n\n", 89 << 8,
		  "doveconf exited with status 89: doveconf: Fatal: no", DEFAULT },
		{ "doveconf died", H "dovecot mailu:@\n", CERT, NULL, 9,
		  "doveconf was killed by signal 9 (Killed): ", DEFAULT },
		{ "doveconf died while it printed", H "dovecot mailu:@\n", CERT, "listen = *\nmail_password = hunter2\n", 9,
		  "doveconf was killed by signal 9 (Killed): ", DEFAULT },
		{ "doveconf failed while it printed", H "dovecot mailu:@\n", CERT, "mail_password = hunter2", 1 << 8,
		  "doveconf exited with status 1: ", DEFAULT },
		{ "doveconf died within a value", H "dovecot mailu:@\n", CERT, "ssl_key = -----BEGIN\nhunter2", 9,
		  "doveconf was killed by signal 9 (Killed): ", DEFAULT },
		{ "doveconf says what it was given", H "dovecot mailu:@\n", CERT, "doveconf: Fatal: a = b", 1 << 8,
		  "doveconf exited with status 1: doveconf: Fatal: a = b", DEFAULT },
		{ "no doveconf", H "dovecot mailu:@\n", CERT, NULL, -ENOENT, "there is no doveconf", DEFAULT },
		{ "doveconf hangs", H "dovecot mailu:@\n", CERT, NULL, -ETIMEDOUT, "doveconf did not end in time",
		  DEFAULT },
		{ "doveconf not run", H "dovecot mailu:@\n", CERT, NULL, 0, "nobody tried", DEFAULT },
		{ "nonsense", H "dovecot mailu:@\n", CERT, "nonsense", 0, "is this Dovecot 2.3 or 2.4?", DEFAULT },
		{ "no mailu.env", H "mailu:@ dovecot\n", NULL, "=imap", 0, "cannot be read: No such file",
		  "143sY/d 993iY/dp" },
		{ "no flavor", H "mailu:@ dovecot\n", "PORTS=587\n", "=imap", 0, "TLS_FLAVOR is missing",
		  "143sY/d 993iY/dp" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };
		const struct source *broken = NULL;
		char shown[512];

		read_all(rows[i].text, rows[i].mailu, rows[i].output, rows[i].result, &intent);
		show(&intent, shown, sizeof(shown));
		assert_int_equal(intent.n_sources, 2);
		for (size_t j = 0; j < intent.n_sources; j++)
			if (intent.sources[j].state == SOURCE_BROKEN)
				broken = &intent.sources[j];
		if (!broken || !strstr(broken->complaints.list[0].text, rows[i].complaint) ||
		    strcmp(shown, rows[i].services) != 0)
			fail_msg("%s: %s; %s", rows[i].why, broken ? broken->complaints.list[0].text : "none",
				 shown);
		if (strstr(broken->complaints.list[0].text, "hunter2"))
			fail_msg("%s: a secret is told", rows[i].why);
		intent_clear(&intent);
	}
}

static void sections_are_complained_about(void **state)
{
	static const struct {
		const char *text, *mailu, *complaint;
	} rows[] = {
		{ H "none\n[listener x]\ntls = none\n", NULL,
		  ":3: [listener x]: no source knows this listener, so it needs port =" },
		{ H "none\n[listener x]\nport = 1\ntls = none\n", NULL, "so it needs protocol =" },
		{ H "none\n[listener x]\nport = 1\nprotocol = imap\n", NULL, "so it needs tls =" },
		{ H "mailu:@\n[listener smtp]\nport = 465\n", CERT,
		  ":3: [listener smtp]: port 465 is already that of submissions" },
		{ H "mailu:@\n[listener submission]\n", NOTLS "PORTS=587\n",
		  ":3: [listener submission]: the default policy takes port 587 off" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };

		read_all(rows[i].text, rows[i].mailu, NULL, 0, &intent);
		if (intent.complaints.n != 1 || !strstr(intent.complaints.list[0].text, rows[i].complaint))
			fail_msg("%s: %zu: %s", rows[i].text, intent.complaints.n,
				 intent.complaints.list[0].text);
		intent_clear(&intent);
	}
}

static void units_are_dovecots_unless_told_otherwise(void **state)
{
	struct intent intent = { 0 };

	read_all(H "dovecot\n[listener imap]\nunit = cyrus.service\n[listener imaps]\n"
		   "restart-command = /bin/true\n[listener mine]\nport = 110\n",
		 NULL, "=mailu-fixed", 0, &intent);
	assert_string_equal(service_set_find(&intent.services, 587)->unit, "dovecot.service");
	assert_string_equal(service_set_find(&intent.services, 143)->unit, "cyrus.service");
	assert_string_equal(service_set_find(&intent.services, 993)->unit, "");
	assert_string_equal(service_set_find(&intent.services, 993)->restart_command, "/bin/true");
	assert_string_equal(service_set_find(&intent.services, 110)->unit, "dovecot.service");
	assert_string_equal(service_set_find(&intent.services, 110)->name, "mine");
	intent_clear(&intent);
}

static void what_would_help_is_named(void **state)
{
	static const struct {
		const char *text, *mailu, *output;
		uint16_t port;
		const char *line; /* NULL: nothing would */
	} rows[] = {
		{ H "mailu:@\n", CERT, NULL, 587,
		  "add 587 to PORTS in mailu.env (PORTS=25,80,443,465,993,995,4190,587)" },
		{ H "mailu:@\n", CERT "PORTS=25\n", NULL, 587,
		  "add 587 to PORTS in mailu.env (PORTS=25,587)" },
		{ H "mailu:@\n", CERT "PORTS=\n", NULL, 587, "add 587 to PORTS in mailu.env (PORTS=587)" },
		{ H "mailu:@\n", CERT, NULL, 465, "mailu.env needs nothing for 465 but TLS_FLAVOR other than "
						  "notls and its certificate files; see the log of Mailu's front "
						  "container" },
		{ H "dovecot\n", NULL, "=mailu-buggy", 587,
		  "service submission-login {\n  inet_listener submission {\n    port = 587\n  }\n}" },
		{ H "dovecot\n[listener submissions]\n", NULL, "=imap", 465,
		  "protocols = $protocols submission\nservice submission-login {\n  inet_listener submissions {\n"
		  "    port = 465\n    ssl = yes\n  }\n}" },
		{ H "none\n[listener submission]\n", NULL, NULL, 587, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };
		char line[INTENT_RENDER_SIZE];
		int r;

		read_all(rows[i].text, rows[i].mailu, rows[i].output, 0, &intent);
		r = intent_render_line(&intent, service_set_find(&intent.services, rows[i].port), line,
				       sizeof(line));
		if (r != (rows[i].line ? 0 : -ENOENT) || strcmp(line, rows[i].line ? rows[i].line : "") != 0)
			fail_msg("row %zu: %d, %s", i, r, line);
		intent_clear(&intent);
	}
}

static void the_policy_alone(void **state)
{
	static const struct {
		const char *why;
		bool heard, tls_on, submission, imap, pop3;
		const char *ports;
	} rows[] = {
		{ "nobody", false, false, false, false, false, "" },
		{ "all", true, true, true, true, true, "465 587 993 995" },
		{ "submission", true, true, true, false, false, "465 587" },
		{ "imap", true, true, false, true, false, "993" },
		{ "pop3", true, true, false, false, true, "995" },
		{ "off", true, false, true, true, true, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_facts facts = { 0 };
		struct service_set set = { 0 };
		char shown[64] = "";

		if (rows[i].heard)
			policy_hear(&facts, rows[i].tls_on, rows[i].submission, rows[i].imap, rows[i].pop3);
		assert_int_equal(policy_apply(&facts, &set), 0);
		for (size_t j = 0; j < set.n; j++)
			(void)text_append(shown, sizeof(shown), "%s%u", j ? " " : "", set.list[j].port);
		if (strcmp(shown, rows[i].ports) != 0)
			fail_msg("%s: %s", rows[i].why, shown);
		service_set_clear(&set);
	}
}

static void programs_are_asked_rightly(void **state)
{
	static const struct {
		enum config_source_kind kind;
		const char *path;
		const char *commands; /* without the program */
	} rows[] = {
		{ CONFIG_SOURCE_DOVECOT, "/x/d.conf", "-c /x/d.conf -a -P;" },
		{ CONFIG_SOURCE_DOVECOT, "", "-a -P;" },
		{ CONFIG_SOURCE_POSTFIX, "/x/p", "-c /x/p -M;-c /x/p -P -x;-c /x/p -x;" },
		{ CONFIG_SOURCE_POSTFIX, "", "-M;-P -x;-x;" },
		{ CONFIG_SOURCE_EXIM, "/x/e", "-C /x/e -bP;" },
		{ CONFIG_SOURCE_NGINX, "/x/n", "" },
		{ CONFIG_SOURCE_MAILU, "/x/m", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config = { .n_sources = 1 };
		char shown[256] = "";

		config.sources[0].kind = rows[i].kind;
		(void)text_copy(config.sources[0].path, sizeof(config.sources[0].path), rows[i].path);
		intent_tools_find(&config, 0, &tools);
		assert_int_equal(tools.n, rows[i].kind != CONFIG_SOURCE_MAILU);
		for (size_t j = 0; tools.n && j < tools.list[0].n_tools; j++) {
			const struct intent_tool *tool = &tools.list[0].tools[j];

			if (tool->kind == TOOL_DOVECOT_SOCKET)
				continue; /* enabled on this machine */
			for (size_t k = server_program(tools.list[0].server) != NULL; tool->argv[k]; k++)
				(void)text_append(shown, sizeof(shown), "%s%s",
						  shown[0] && shown[strlen(shown) - 1] != ';' ? " " : "",
						  tool->argv[k]);
			(void)text_append(shown, sizeof(shown), ";");
		}
		if (server_program(tools.list[0].server) && strcmp(shown, rows[i].commands) != 0)
			fail_msg("%d: %s", rows[i].kind, shown);
		intent_tools_clear(&tools);
	}
}

static void a_failed_program_spares_the_rest(void **state)
{
	struct config config = { .n_sources = 2 };
	struct intent_tool *tool;
	int n = 0;

	config.sources[0].kind = CONFIG_SOURCE_POSTFIX;
	config.sources[1].kind = CONFIG_SOURCE_EXIM;
	intent_tools_find(&config, 0, &tools);
	assert_int_equal(tools.n, 2);
	for (size_t i = 0; i < tools.n; i++)
		say(&tools.list[i], NULL, 0); /* as if they were installed */
	while ((tool = intent_tools_next(&tools))) {
		intent_tool_done(tool, -ETIMEDOUT, NULL);
		n++;
	}
	assert_int_equal(n, 2);
	assert_int_equal(tools.list[0].tools[1].state, TOOL_SKIPPED);
	assert_int_equal(tools.list[1].tools[0].state, TOOL_RAN);
	intent_tools_clear(&tools);
}

static void the_real_doveconf_is_run(void **state)
{
	struct config config = { .n_sources = 1, .sources = { { CONFIG_SOURCE_DOVECOT, "" } }, .policy = true };
	static const char text[] = "protocols = submission\nlisten = 127.0.0.1\nssl = yes\n";
	struct intent intent = { 0 };

	if (!server_program(&servers[0]))
		skip(); /* no Dovecot on this machine */
	(void)text_copy(config.sources[0].path, sizeof(config.sources[0].path), path);
	assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
	assert_int_equal(intent_read(&config, 0, &intent), 0);
	if (intent.sources[0].state != SOURCE_READ)
		fail_msg("%s", intent.sources[0].complaints.list[0].text);
	assert_true(intent.dovecot_has_submission);
	intent_clear(&intent);

	assert_int_equal(file_replace(path, "ssl = maybe\n", 12, 0600), 0);
	assert_int_equal(intent_read(&config, 0, &intent), 0);
	assert_int_equal(intent.sources[0].state, SOURCE_BROKEN);
	assert_non_null(strstr(intent.sources[0].complaints.list[0].text, "line 1: Invalid value: maybe"));
	intent_clear(&intent);
}

/* A source that breaks while a daemon runs: its last good word counts, and only its. */
static void a_broken_source_keeps_its_last_word(void **state)
{
	static const struct {
		const char *why, *conf, *mailu, *output;
		int result;
		const char *services;
		const char *told; /* among the complaints of the first source; NULL: none */
	} rows[] = {
		{ "good", H "mailu:@\npolicy = off\n", CERT "PORTS=587\n", NULL, 0,
		  "25o?/m 443i?/m 465i?/m 587s?/m 993i?/m 995i?/m 4190s?/m", NULL },
		{ "broken", H "mailu:@\npolicy = off\n", "TLS_FLAVOR=certt\n", NULL, 0,
		  "25o?/m 443i?/m 465i?/m 587s?/m 993i?/m 995i?/m 4190s?/m", "mailu.env: what it said before still holds" },
		{ "and gone", H "mailu:@\npolicy = off\n", NULL, NULL, 0,
		  "25o?/m 443i?/m 465i?/m 587s?/m 993i?/m 995i?/m 4190s?/m", "still holds" },
		{ "mended, and it says something else", H "mailu:@\npolicy = off\n", CERT, NULL, 0,
		  "25o?/m 443i?/m 465i?/m 993i?/m 995i?/m 4190s?/m", NULL },
		{ "broken again", H "mailu:@\npolicy = off\n", "TLS_FLAVOR=certt\n", NULL, 0,
		  "25o?/m 443i?/m 465i?/m 993i?/m 995i?/m 4190s?/m", "still holds" },
		{ "no source any more", H "none\n", NULL, NULL, 0, "", NULL },
		{ "so it is forgotten", H "mailu:@\npolicy = off\n", "TLS_FLAVOR=certt\n", NULL, 0, "",
		  "TLS_FLAVOR" },
		{ "a server's own", H "dovecot:/x\npolicy = off\n", NULL, "=imap", 0, "143sY/d 993iY/d", NULL },
		{ "its program fails", H "dovecot:/x\npolicy = off\n", NULL, "nonsense", 89 << 8, "143sY/d 993iY/d",
		  "/x: what it said before still holds" },
		{ "or hangs", H "dovecot:/x\npolicy = off\n", NULL, NULL, -ETIMEDOUT, "143sY/d 993iY/d",
		  "still holds" },
		{ "another file has said nothing yet", H "dovecot:/y\npolicy = off\n", NULL, NULL, -ETIMEDOUT, "",
		  "did not end in time" },
	};
	struct last_good kept = { 0 };

	memory = &kept;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent;
		char shown[512];
		bool told = !rows[i].told;

		read_all(rows[i].conf, rows[i].mailu, rows[i].output, rows[i].result, &intent);
		show(&intent, shown, sizeof(shown));
		for (size_t j = 0; intent.n_sources && j < intent.sources[0].complaints.n; j++)
			told = rows[i].told && (told || strstr(intent.sources[0].complaints.list[j].text, rows[i].told));
		if (strcmp(shown, rows[i].services) != 0 || !told ||
		    (intent.n_sources && (intent.sources[0].state == SOURCE_BROKEN) != (rows[i].told != NULL)))
			fail_msg("%s: %s", rows[i].why, shown);
		intent_clear(&intent);
	}
	memory = NULL;
	last_good_clear(&kept);
	assert_int_equal(kept.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_source_keeps_its_last_word),
		cmocka_unit_test(sources_are_merged),
		cmocka_unit_test(what_is_found_is_not_the_containers),
		cmocka_unit_test(broken_sources_are_said_and_the_rest_counts),
		cmocka_unit_test(sections_are_complained_about),
		cmocka_unit_test(units_are_dovecots_unless_told_otherwise),
		cmocka_unit_test(what_would_help_is_named),
		cmocka_unit_test(the_policy_alone),
		cmocka_unit_test(programs_are_asked_rightly),
		cmocka_unit_test(a_failed_program_spares_the_rest),
		cmocka_unit_test(the_real_doveconf_is_run),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
