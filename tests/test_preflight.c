// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "judge/preflight.h"

#define NETNS 4026531840U

/* What listens on 587: nobody, the server itself, another unit, one family of two, or the server
 * elsewhere, in another namespace or in a unit that nobody guesses. */
enum there { NOBODY, SELF, OTHER, HALF, ELSEWHERE, ODD_UNIT };

static const char *const dovecot[] = { "dovecot", "imap-login", "submission-", NULL };
static const char *const postfix[] = { "master", "smtpd", NULL };

static size_t listen_as(enum there there, struct listener *listener)
{
	*listener = (struct listener){ .port = 587, .netns = there == ELSEWHERE ? NETNS + 1 : NETNS };
	listener->address.family = there == HALF ? AF_INET : AF_INET6;
	(void)strcpy(listener->unit, there == OTHER ? "exim4.service" : "dovecot.service");
	if (there == ODD_UNIT)
		(void)strcpy(listener->unit, "supervisor.service");
	listener->n_holders = 1;
	listener->holders[0].pid = 12;
	(void)strcpy(listener->holders[0].command, there == OTHER ? "exim4" : "dovecot");
	return there == NOBODY ? 0 : 1;
}

static void outages_are_foretold(void **state)
{
	static const struct {
		const char *why;
		enum rendered rendered;
		enum there there;
		enum preflight_outcome outcome;
		const char *says;
	} rows[] = {
		{ "all is well", RENDERED_YES, SELF, PREFLIGHT_KEEPS, "listens" },
		{ "a port is new", RENDERED_YES, NOBODY, PREFLIGHT_COMES, "opens it" },
		{ "it is elsewhere", RENDERED_YES, ELSEWHERE, PREFLIGHT_COMES, "opens it" },
		{ "a family comes back", RENDERED_YES, HALF, PREFLIGHT_COMES, "in part (v4 works, v6 is lost)" },
		{ "taken by another", RENDERED_YES, OTHER, PREFLIGHT_COLLIDES,
		  "taken: held by exim4 (pid 12) of exim4.service" },
		{ "in another unit, but itself", RENDERED_YES, ODD_UNIT, PREFLIGHT_KEEPS, "listens" },
		{ "this reload drops it", RENDERED_NO, SELF, PREFLIGHT_LOSES, "drops it" },
		{ "half of it, too", RENDERED_NO, HALF, PREFLIGHT_LOSES, "drops it" },
		{ "missing before and after", RENDERED_NO, NOBODY, PREFLIGHT_STAYS_MISSING, "either" },
		{ "another's does not count", RENDERED_NO, OTHER, PREFLIGHT_STAYS_MISSING, "either" },
		{ "nobody can tell", RENDERED_UNKNOWN, SELF, PREFLIGHT_UNTOLD, "no source" },
		{ "nobody can tell, missing", RENDERED_UNKNOWN, NOBODY, PREFLIGHT_UNTOLD, "no source" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct service service = { .name = "submission",
					   .want.port = 587,
					   .expected = true,
					   .server.unit = "dovecot.service",
					   .server.unit_is_guess = true,
					   .want.n_addresses = 1,
					   .provenance.rendered = rows[i].rendered };
		struct listener listener, *list[] = { &listener };
		size_t n = listen_as(rows[i].there, &listener);
		struct preflight result;

		preflight_service(
			&(struct preflight_question){
				.service = &service, .processes = dovecot, .netns = NETNS, .listeners = list, .n = n },
			&result);
		if (result.outcome != rows[i].outcome || !strstr(result.text, rows[i].says))
			fail_msg("%s: %s, %s", rows[i].why, preflight_name(result.outcome), result.text);
	}
}

/* Addresses as words; "*" is a socket for both families. */
static size_t addresses_of(const char *words, struct address *to)
{
	char copy[256], *rest = copy, *word;
	size_t n = 0;

	(void)strcpy(copy, words);
	while (*words && (word = strsep(&rest, " ")))
		assert_int_equal(address_parse(word, &to[n++]), 0);
	return n;
}

static void lost_addresses_are_foretold(void **state)
{
	static const struct {
		const char *why, *there, *opens, *wants, *restart_for;
		enum preflight_outcome outcome;
		const char *says;
	} rows[] = {
		{ "to loopback", "0.0.0.0 ::", "127.0.0.1", "127.0.0.1", NULL, PREFLIGHT_LOSES_CLIENTS,
		  "listens at 0.0.0.0, :: now, and a reload or restart drops that: the configuration on disk opens it "
		  "at "
		  "127.0.0.1" },
		{ "to one family", "0.0.0.0 ::", "0.0.0.0", "0.0.0.0", NULL, PREFLIGHT_NARROWS, "listens at :: now" },
		{ "which somebody wants", "0.0.0.0 ::", "0.0.0.0", "0.0.0.0 ::", NULL, PREFLIGHT_LOSES_CLIENTS,
		  "listens at :: now" },
		{ "to one address", "0.0.0.0", "192.0.2.1", "192.0.2.1", NULL, PREFLIGHT_NARROWS,
		  "listens at 0.0.0.0" },
		{ "a socket for both", "*", "::", "::", NULL, PREFLIGHT_NARROWS, "listens at 0.0.0.0 now" },
		{ "which stays", "*", "0.0.0.0 ::", "0.0.0.0 ::", NULL, PREFLIGHT_KEEPS, "listens" },
		{ "one of two", "192.0.2.1 192.0.2.2", "192.0.2.2", "192.0.2.2", NULL, PREFLIGHT_NARROWS,
		  "at 192.0.2.1 now" },
		{ "loopback was all", "127.0.0.1 ::1", "127.0.0.1", "127.0.0.1", NULL, PREFLIGHT_NARROWS,
		  "at ::1 now" },
		{ "it grows", "127.0.0.1", "0.0.0.0", "0.0.0.0", NULL, PREFLIGHT_COMES, "in part" },
		{ "at a restart", "127.0.0.1", "0.0.0.0", "0.0.0.0", "inet_interfaces", PREFLIGHT_COMES,
		  "at a restart: a reload does not take up inet_interfaces" },
		{ "shrinks at a restart", "0.0.0.0", "127.0.0.1", "127.0.0.1", "inet_interfaces",
		  PREFLIGHT_LOSES_CLIENTS, "and a restart drops that" },
		{ "moves", "192.0.2.1", "192.0.2.2", "192.0.2.2", NULL, PREFLIGHT_NARROWS, "at 192.0.2.1 now" },
		{ "nobody can tell", "0.0.0.0", "", "", NULL, PREFLIGHT_KEEPS, "listens" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct service service = {
			.name = "imap", .want.port = 143, .expected = true, .provenance.rendered = RENDERED_YES
		};
		struct address there[4], opens[4];
		struct listener listeners[4] = { 0 }, *list[4];
		size_t n = addresses_of(rows[i].there, there);
		const struct preflight_question question = { .service = &service,
							     .opens = opens,
							     .n_opens = addresses_of(rows[i].opens, opens),
							     .restart_for = rows[i].restart_for,
							     .netns = NETNS,
							     .listeners = list,
							     .n = n };
		struct preflight result;

		service.want.n_addresses = addresses_of(rows[i].wants, service.want.addresses);
		for (size_t j = 0; j < n; j++) {
			listeners[j] = (struct listener){ .port = 143, .netns = NETNS, .address = there[j] };
			listeners[j].v6only = there[j].family == AF_INET6;
			if (!there[j].family)
				listeners[j].address.family = AF_INET6;
			list[j] = &listeners[j];
		}
		preflight_service(&question, &result);
		if (result.outcome != rows[i].outcome || !strstr(result.text, rows[i].says))
			fail_msg("%s: %s, %s", rows[i].why, preflight_name(result.outcome), result.text);
	}
}

static void a_unit_that_was_said_is_no_guess(void **state)
{
	const struct service service = { .name = "submission",
					 .want.port = 587,
					 .expected = true,
					 .server.unit = "dovecot.service",
					 .provenance.rendered = RENDERED_YES };
	struct listener listener, *list[] = { &listener };
	struct preflight result;

	preflight_service(&(struct preflight_question){ .service = &service,
							.processes = dovecot,
							.netns = NETNS,
							.listeners = list,
							.n = listen_as(ODD_UNIT, &listener) },
			  &result);
	assert_int_equal(result.outcome, PREFLIGHT_COLLIDES);
}

static void a_listener_has_its_server(void **state)
{
	static const struct {
		const char *listener, *command, *unit;
		const char *const *processes;
		bool is_of;
	} rows[] = {
		{ "dovecot.service", "x", "dovecot.service", dovecot, true },
		{ "", "dovecot", "dovecot.service", dovecot, true },
		{ "supervisor.service", "submission-logi", "dovecot.service", dovecot, true },
		{ "", "master", "postfix@-.service", postfix, true },
		{ "", "master", "dovecot.service", dovecot, false },
		{ "init.scope", "systemd", "postfix.service", postfix, false },
		{ "exim4.service", "exim4", "postfix.service", postfix, false },
		{ "", "", "", NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct listener listener = { .n_holders = 1 };

		(void)strcpy(listener.unit, rows[i].listener);
		(void)strcpy(listener.holders[0].command, rows[i].command);
		if (preflight_is_of(rows[i].unit, rows[i].processes, &listener) != rows[i].is_of)
			fail_msg("%s of %s, %s", rows[i].command, rows[i].listener, rows[i].unit);
	}
}

static void severities(void **state)
{
	static const enum severity expected[PREFLIGHT_COUNT] = {
		[PREFLIGHT_LOSES] = SEVERITY_CRITICAL,	  [PREFLIGHT_STAYS_MISSING] = SEVERITY_WARNING,
		[PREFLIGHT_COLLIDES] = SEVERITY_CRITICAL, [PREFLIGHT_DROPS] = SEVERITY_WARNING,
		[PREFLIGHT_NARROWS] = SEVERITY_WARNING,	  [PREFLIGHT_LOSES_CLIENTS] = SEVERITY_CRITICAL,
	};

	for (enum preflight_outcome i = 0; i < PREFLIGHT_COUNT; i++) {
		assert_int_equal(preflight_severity(i), expected[i]);
		assert_true(*preflight_name(i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_addresses_are_foretold),
		cmocka_unit_test(outages_are_foretold),
		cmocka_unit_test(a_unit_that_was_said_is_no_guess),
		cmocka_unit_test(a_listener_has_its_server),
		cmocka_unit_test(severities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
