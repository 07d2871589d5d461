// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the servers' programs are asked, and what counts when one of them, or a file, is broken. */
#include "tests/support/intent_play.h"

#include <errno.h>

#define DEFAULT "25o?/m 443i?/m 465i?/mp 587s?/p 993i?/mp 995i?/mp 4190s?/m"

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
		  "doveconf was killed by signal 9 (Killed): it did not say why", DEFAULT },
		{ "doveconf died while it printed", H "dovecot mailu:@\n", CERT,
		  "listen = *\nmail_password = hunter2\n", 9,
		  "doveconf was killed by signal 9 (Killed): it did not say why", DEFAULT },
		{ "doveconf failed while it printed", H "dovecot mailu:@\n", CERT, "mail_password = hunter2", 1 << 8,
		  "doveconf exited with status 1: ", DEFAULT },
		{ "doveconf died within a value", H "dovecot mailu:@\n", CERT, "ssl_key = -----BEGIN\nhunter2", 9,
		  "doveconf was killed by signal 9 (Killed): it did not say why", DEFAULT },
		{ "doveconf says what it was given", H "dovecot mailu:@\n", CERT, "doveconf: Fatal: a = b", 1 << 8,
		  "doveconf exited with status 1: doveconf: Fatal: a = b", DEFAULT },
		{ "doveconf goes on in a second line", H "dovecot mailu:@\n", CERT,
		  "x\nerror in line 5:\n  no such option", 1 << 8,
		  "doveconf exited with status 1: error in line 5:   no such option", DEFAULT },
		{ "doveconf by its path", H "dovecot mailu:@\n", CERT, "/usr/bin/doveconf: Fatal: \"a b = c\"", 1 << 8,
		  "doveconf exited with status 1: /usr/bin/doveconf: Fatal: \"a b = c\"", DEFAULT },
		{ "doveconf says nothing", H "dovecot mailu:@\n", CERT, "", 1 << 8,
		  "doveconf exited with status 1: it did not say why", DEFAULT },
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

		intent_play_read(rows[i].text, rows[i].mailu, rows[i].output, rows[i].result, &intent);
		intent_play_show(&intent, shown, sizeof(shown));
		assert_int_equal(intent.n_sources, 2);
		for (size_t j = 0; j < intent.n_sources; j++)
			if (intent.sources[j].state == SOURCE_BROKEN)
				broken = &intent.sources[j];
		if (!broken || !strstr(broken->complaints.list[0].text, rows[i].complaint) ||
		    strcmp(shown, rows[i].services) != 0)
			fail_msg("%s: %s; %s", rows[i].why, broken ? broken->complaints.list[0].text : "none", shown);
		if (strstr(broken->complaints.list[0].text, "hunter2"))
			fail_msg("%s: a secret is told", rows[i].why);
		intent_clear(&intent);
	}
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
		  "25o?/m 443i?/m 465i?/m 587s?/m 993i?/m 995i?/m 4190s?/m",
		  "mailu.env: what it said before still holds" },
		{ "and gone", H "mailu:@\npolicy = off\n", NULL, NULL, 0,
		  "25o?/m 443i?/m 465i?/m 587s?/m 993i?/m 995i?/m 4190s?/m", "still holds" },
		{ "mended, and it says something else", H "mailu:@\npolicy = off\n", CERT, NULL, 0,
		  "25o?/m 443i?/m 465i?/m 993i?/m 995i?/m 4190s?/m", NULL },
		{ "broken again", H "mailu:@\npolicy = off\n", "TLS_FLAVOR=certt\n", NULL, 0,
		  "25o?/m 443i?/m 465i?/m 993i?/m 995i?/m 4190s?/m", "still holds" },
		{ "no source any more", H "none\n", NULL, NULL, 0, "", NULL },
		{ "so it is forgotten", H "mailu:@\npolicy = off\n", "TLS_FLAVOR=certt\n", NULL, 0, "", "TLS_FLAVOR" },
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

		intent_play_read(rows[i].conf, rows[i].mailu, rows[i].output, rows[i].result, &intent);
		intent_play_show(&intent, shown, sizeof(shown));
		for (size_t j = 0; intent.n_sources && j < intent.sources[0].complaints.n; j++)
			told = rows[i].told &&
			       (told || strstr(intent.sources[0].complaints.list[j].text, rows[i].told));
		if (strcmp(shown, rows[i].services) != 0 || !told ||
		    (intent.n_sources && (intent.sources[0].state == SOURCE_BROKEN) != (rows[i].told != NULL)))
			fail_msg("%s: %s", rows[i].why, shown);
		intent_clear(&intent);
	}
	memory = NULL;
	last_good_clear(&kept);
	assert_int_equal(kept.n, 0);
}

/* Of 2.4 alone. */
#define NAMES "-P listen protocols hostname ssl auth_allow_cleartext service ssl_server;"

static void programs_are_asked_rightly(void **state)
{
	static const struct {
		enum source_kind kind;
		const char *path;
		const char *commands; /* without the program */
	} rows[] = {
		{ SOURCE_DOVECOT, "/x/d.conf", "-c /x/d.conf -a -P;-c /x/d.conf -n -P;-c /x/d.conf " NAMES },
		{ SOURCE_DOVECOT, "", "-a -P;-n -P;" NAMES },
		{ SOURCE_POSTFIX, "/x/p", "-c /x/p -M;-c /x/p -P -x;-c /x/p -x;-c /x/p -d -x;" },
		{ SOURCE_POSTFIX, "", "-M;-P -x;-x;-d -x;" },
		{ SOURCE_EXIM, "/x/e", "-C /x/e -bP;" },
		{ SOURCE_NGINX, "/x/n", "" },
		{ SOURCE_MAILU, "/x/m", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config = { .n_sources = 1 };
		char shown[256] = "";

		config.sources[0].kind = rows[i].kind;
		(void)text_copy(config.sources[0].path, sizeof(config.sources[0].path), rows[i].path);
		intent_tools_find(&config, 0, NULL, &tools);
		assert_int_equal(tools.n, rows[i].kind != SOURCE_MAILU);
		for (size_t j = 0; tools.n && j < tools.list[0].n_tools; j++) {
			const struct intent_tool *tool = &tools.list[0].tools[j];

			if (!tool->question)
				continue; /* enabled on this machine */
			for (size_t k = server_program(tools.list[0].server) != NULL; tool->argv[k]; k++)
				(void)text_append(shown, sizeof(shown), "%s%s",
						  shown[0] && shown[strlen(shown) - 1] != ';' ? " " : "",
						  tool->argv[k]);
			(void)text_append(shown, sizeof(shown), ";");
		}
		if (tools.n && server_program(tools.list[0].server) && strcmp(shown, rows[i].commands) != 0)
			fail_msg("%d: %s", rows[i].kind, shown);
		intent_tools_clear(&tools);
	}
}

static void a_failed_program_spares_the_rest(void **state)
{
	struct config config = { .n_sources = 2 };
	struct intent_tool *tool;
	int n = 0;

	config.sources[0].kind = SOURCE_POSTFIX;
	config.sources[1].kind = SOURCE_EXIM;
	intent_tools_find(&config, 0, NULL, &tools);
	assert_int_equal(tools.n, 2);
	for (size_t i = 0; i < tools.n; i++)
		intent_play_say(&tools.list[i], NULL, 0); /* as if they were installed */
	while ((tool = intent_tools_next(&tools))) {
		intent_tool_done(tool, -ETIMEDOUT, NULL);
		n++;
	}
	assert_int_equal(n, 2);
	assert_int_equal(tools.list[0].tools[1].state, TOOL_SKIPPED);
	assert_int_equal(tools.list[1].tools[0].state, TOOL_RAN);
	intent_tools_clear(&tools);
}

/* Since 2.4 it wants to be told first for which version it was written. */
static void write_dovecot_conf(const char *version, const char *rest)
{
	char text[256];

	(void)text_format(text, sizeof(text), "%s%s",
			  text_starts_with(version, "2.3")
				  ? ""
				  : "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n",
			  rest);
	assert_int_equal(file_replace(conf, text, strlen(text), 0600), 0);
}

static void the_real_doveconf_is_run(void **state)
{
	struct config config = { .n_sources = 1, .sources = { { SOURCE_DOVECOT, "" } }, .policy = true };
	char version[32] = "";
	struct intent intent = { 0 };
	FILE *asked;

	if (!server_program(servers[0]))
		skip(); /* no Dovecot on this machine */
	asked = popen("PATH=$PATH:/usr/sbin:/usr/local/sbin dovecot --version", "r");
	assert_non_null(asked);
	(void)fscanf(asked, "%31s", version);
	(void)pclose(asked);
	(void)text_copy(config.sources[0].path, sizeof(config.sources[0].path), conf);
	write_dovecot_conf(version, "protocols = submission\nlisten = 127.0.0.1\nssl = yes\n");
	assert_int_equal(intent_read(&config, 0, NULL, &intent), 0);
	if (intent.sources[0].state != SOURCE_READ)
		fail_msg("%s", intent.sources[0].complaints.list[0].text);
	assert_true(intent.servers[SOURCE_DOVECOT].serves & 1u << PROTOCOL_SUBMISSION);
	intent_clear(&intent);

	write_dovecot_conf(version, "ssl = maybe\n");
	assert_int_equal(intent_read(&config, 0, NULL, &intent), 0);
	assert_int_equal(intent.sources[0].state, SOURCE_BROKEN);
	assert_non_null(strstr(intent.sources[0].complaints.list[0].text, "Invalid value: maybe"));
	intent_clear(&intent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_sources_are_said_and_the_rest_counts),
		cmocka_unit_test(a_broken_source_keeps_its_last_word),
		cmocka_unit_test(programs_are_asked_rightly),
		cmocka_unit_test(a_failed_program_spares_the_rest),
		cmocka_unit_test(the_real_doveconf_is_run),
	};

	return cmocka_run_group_tests(tests, intent_play_set_up, intent_play_tear_down);
}
