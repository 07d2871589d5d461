// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is expected, of several sources and hearken.conf, and what would help it. */
#include "tests/support/intent_play.h"

#include <errno.h>

#include "intent/merge/default_set.h"
#include "intent/merge/intent_render.h"

#define NOTLS "TLS_FLAVOR=notls\n"
#define INNER "2525oY/d 4190sY/d 10025sY/d 10143sY/d 14190sY/d"

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
		{ "notls-opt-in", H "mailu:@\n", NOTLS "PORTS=25,143,587\n", NULL, "25-?/m 143-?/m !587-?/p 4190-?/m" },
		{ "notls-opt-in, policy off", H "mailu:@\npolicy = off\n", NOTLS "PORTS=25,143,587\n", NULL,
		  "25-?/m 143-?/m 587-?/m 4190-?/m" },
		{ "notls, hearken.conf insists", H "mailu:@\n[listener submission]\nexpected = yes\n",
		  NOTLS "PORTS=587\n", NULL, "25-?/m 587-?/c 4190-?/m" },
		{ "Dovecot without 587", H "dovecot\n", NULL, "=mailu-buggy",
		  "465iY/dp 587sN/p 993iY/dp 995iY/dp " INNER },
		{ "Dovecot with it", H "dovecot\n", NULL, "=mailu-fixed",
		  "110sY/d 143sY/d 465iY/dp 587sY/dp 993iY/dp 995iY/dp " INNER },
		{ "Dovecot with ssl = no", H "dovecot\n", NULL, "=mailu-notls",
		  "2525-Y/d 4190-Y/d 10025-Y/d 10143-Y/d 14190-Y/d" },
		{ "Dovecot without submission", H "dovecot\n", NULL, "=imap", "143sY/d 993iY/dp" },
		{ "the Mailu outage: declared, not rendered", H "dovecot mailu:@\n", CERT "PORTS=25,587\n",
		  "=mailu-buggy",
		  "25o?/m 443i?/m 465iY/mdp 587sN/mp 993iY/mdp 995iY/mdp 2525oY/d 4190sY/md 10025sY/d 10143sY/d "
		  "14190sY/d" },
		{ "one is off, one is on", H "dovecot mailu:@\n", NOTLS, "=imap", "25-?/m 143sY/d 993iY/dp 4190-N/m" },
		{ "a section does not undo the policy",
		  H "mailu:@\n[listener submissions]\nrestart-command = /bin/true\n", NOTLS, NULL,
		  "25-?/m !465i?/p 4190-?/m" },
		{ "hearken.conf alone", H "none\n[listener submission]\n", NULL, NULL, "587s?/c" },
		{ "hearken.conf adds", H "dovecot\n[listener submission]\n", NULL, "=imap",
		  "143sY/d 587s?/c 993iY/dp" },
		{ "Dovecot's by its unit", H "dovecot\n[listener submission]\nunit = dovecot.service\n", NULL, "=imap",
		  "143sY/d 587sN/c 993iY/dp" },
		{ "Dovecot's by its socket", H "dovecot\n[listener submission]\nunit = dovecot.socket\n", NULL, "=imap",
		  "143sY/d 587sN/c 993iY/dp" },
		{ "another's by its unit", H "dovecot\n[listener submission]\nunit = postfix.service\n", NULL,
		  "=mailu-buggy", "465iY/dp 587s?/cp 993iY/dp 995iY/dp " INNER },
		{ "overrides by name", H "mailu:@\n[listener submission]\ntls = starttls-optional\n", CERT, NULL,
		  "25o?/m 443i?/m 465i?/mp 587oN/cp 993i?/mp 995i?/mp 4190s?/m" },
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

		intent_play_read(rows[i].text, rows[i].mailu, rows[i].output, 0, &intent);
		intent_play_show(&intent, shown, sizeof(shown));
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
		{ "it has none of what is missing", CERT, "=imap",
		  "25o?/m 143sY/d 443i?/m 465i?/mp 587sN/p 993i?/mp "
		  "995i?/mp 4190s?/m",
		  1, 2 },
		{ "it has the same ports", CERT "PORTS=25,587\n", "=mailu-buggy",
		  "25o?/m 443i?/m 465i?/mp 587s?/mp 993i?/mp 995i?/mp 2525oY/d 4190s?/m 10025sY/d 10143sY/d 14190sY/d",
		  4, 0 },
	};

	as_found = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };
		char shown[512];

		intent_play_read(H "dovecot mailu:@\n", rows[i].mailu, rows[i].output, 0, &intent);
		intent_play_show(&intent, shown, sizeof(shown));
		if (strcmp(shown, rows[i].services) != 0 || intent.conflicts.n != rows[i].conflicts)
			fail_msg("%s: %s, %s", rows[i].why, shown,
				 intent.conflicts.n ? intent.conflicts.list[0].text : "");
		assert_string_equal(service_set_find(&intent.services, 993)->server.unit, "");
		assert_int_equal(intent.sources[1].complaints.n, rows[i].warnings);
		assert_non_null(strstr(intent.sources[1].complaints.list[0].text, "published by a container too"));
		intent_clear(&intent);
	}
	as_found = false;
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

		intent_play_read(rows[i].text, rows[i].mailu, NULL, 0, &intent);
		if (intent.complaints.n != 1 || !strstr(intent.complaints.list[0].text, rows[i].complaint))
			fail_msg("%s: %zu: %s", rows[i].text, intent.complaints.n, intent.complaints.list[0].text);
		intent_clear(&intent);
	}
}

static void units_are_dovecots_unless_told_otherwise(void **state)
{
	struct intent intent = { 0 };

	intent_play_read(H "dovecot\n[listener imap]\nunit = cyrus.service\n[listener imaps]\n"
			   "restart-command = /bin/true\n[listener mine]\nport = 110\n",
			 NULL, "=mailu-fixed", 0, &intent);
	assert_string_equal(service_set_find(&intent.services, 587)->server.unit, "dovecot.service");
	assert_string_equal(service_set_find(&intent.services, 143)->server.unit, "cyrus.service");
	assert_string_equal(service_set_find(&intent.services, 993)->server.unit, "");
	assert_string_equal(service_set_find(&intent.services, 993)->server.restart_command, "/bin/true");
	assert_string_equal(service_set_find(&intent.services, 110)->server.unit, "dovecot.service");
	assert_string_equal(service_set_find(&intent.services, 110)->name, "mine");
	intent_clear(&intent);
}

/* What hearken.conf says of a service never takes away why it is missing. */
static void a_word_hides_no_explanation(void **state)
{
	static const char *const words[] = {
		"",
		"restart-command = /usr/bin/docker restart front\n",
		"unit = mailu.service\n",
		"unit = docker.service\n",
		"address = 192.0.2.1\n",
		"tls = starttls\n",
		"protocol = submission\n",
		"proxy-header = yes\n",
		"expected = yes\n",
		"published = none\n",
		"tls-minimum = 1.3\n",
		"port = 587\nprotocol = submission\ntls = starttls\naddress = *\n",
	};
	static const char *const policies[] = { "on", "off" };

	for (size_t i = 0; i < ARRAY_SIZE(words) * ARRAY_SIZE(policies); i++) {
		const char *word = words[i / 2];
		struct intent intent = { 0 };
		const struct service *service;
		char text[512], line[INTENT_RENDER_SIZE];

		(void)text_format(text, sizeof(text), H "mailu:@\npolicy = %s\n[listener submission]\nport = 587\n%s",
				  policies[i % 2], word);
		intent_play_read(text, CERT, NULL, 0, &intent);
		service = service_set_find(&intent.services, 587);
		if (!service || !service->expected || service->provenance.rendered != RENDERED_NO)
			fail_msg("%s: not known to be left out", text);
		assert_int_equal(intent_render_line(&intent, service, line, sizeof(line)), 0);
		if (!text_starts_with(line, "add 587 to PORTS in mailu.env"))
			fail_msg("%s: %s", text, line);
		intent_clear(&intent);
	}
}

/* But that of a server which is not Mailu's. */
static void the_hosts_own_server_is_not_left_out(void **state)
{
	static const struct {
		const char *text;
		uint16_t port;
	} rows[] = {
		{ H "mailu:@\n[listener submission]\nunit = postfix@-.service\n", 587 },
		{ H "mailu:@\n[listener submission]\nunit = dovecot.socket\n", 587 },
		{ H "mailu:@\n[listener inner]\nport = 10025\nprotocol = smtp\ntls = none\n", 10025 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct intent intent = { 0 };

		intent_play_read(rows[i].text, CERT, NULL, 0, &intent);
		if (service_set_find(&intent.services, rows[i].port)->provenance.rendered != RENDERED_UNKNOWN)
			fail_msg("%s: nobody can tell", rows[i].text);
		intent_clear(&intent);
	}
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
		{ H "mailu:@\n", CERT "PORTS=25\n", NULL, 587, "add 587 to PORTS in mailu.env (PORTS=25,587)" },
		{ H "mailu:@\n", CERT "PORTS=\n", NULL, 587, "add 587 to PORTS in mailu.env (PORTS=587)" },
		{ H "mailu:@\n", CERT, NULL, 465,
		  "mailu.env needs nothing for 465 but TLS_FLAVOR other than "
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

		intent_play_read(rows[i].text, rows[i].mailu, rows[i].output, 0, &intent);
		r = intent_render_line(&intent, service_set_find(&intent.services, rows[i].port), line, sizeof(line));
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
		struct default_set_facts facts = { 0 };
		struct service_set set = { 0 };
		char shown[64] = "";

		if (rows[i].heard)
			default_set_hear(&facts, rows[i].tls_on, rows[i].submission, rows[i].imap, rows[i].pop3);
		assert_int_equal(default_set_apply(&facts, &set), 0);
		for (size_t j = 0; j < set.n; j++)
			(void)text_append(shown, sizeof(shown), "%s%u", j ? " " : "", set.list[j].want.port);
		if (strcmp(shown, rows[i].ports) != 0)
			fail_msg("%s: %s", rows[i].why, shown);
		service_set_clear(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_are_merged),
		cmocka_unit_test(what_is_found_is_not_the_containers),
		cmocka_unit_test(sections_are_complained_about),
		cmocka_unit_test(units_are_dovecots_unless_told_otherwise),
		cmocka_unit_test(a_word_hides_no_explanation),
		cmocka_unit_test(the_hosts_own_server_is_not_left_out),
		cmocka_unit_test(what_would_help_is_named),
		cmocka_unit_test(the_policy_alone),
	};

	return cmocka_run_group_tests(tests, intent_play_set_up, intent_play_tear_down);
}
