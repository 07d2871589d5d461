// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/merge/conflicts.h"

static const struct source sources[] = {
	{ .kind = SOURCE_MAILU, .path = "/m.env", .state = SOURCE_READ },
	{ .kind = SOURCE_DOCKER_MAILSERVER, .path = "/d.env", .state = SOURCE_READ },
	{ .kind = SOURCE_DOVECOT, .path = "/dovecot.conf", .state = SOURCE_READ },
	{ .kind = SOURCE_POSTFIX, .path = "", .state = SOURCE_READ },
};
enum { MAILU, MAILSERVER, DOVECOT, POSTFIX, NONE = -1 };

struct word {
	enum source_kind kind;
	int source;
	enum tls_mode tls;
	const char *address; /* NULL: none */
	bool proxy_header, off;
};

#define STATEMENT_MAX 4

static void fill(struct statements *statements, const struct word *words)
{
	for (size_t i = 0; i < STATEMENT_MAX; i++) {
		struct service service = { .want.port = 587,
					   .want.tls = words[i].tls,
					   .want.proxy_header = words[i].proxy_header,
					   .expected = !words[i].off };

		if (words[i].tls == TLS_UNSET && !words[i].source && !words[i].off && words[i].kind == SOURCE_CONFIG)
			continue;
		if (words[i].address) {
			assert_int_equal(address_parse(words[i].address, &service.want.addresses[0]), 0);
			service.want.n_addresses = 1;
		}
		assert_int_equal(statements_add(statements, words[i].kind, words[i].source, &service), 0);
	}
}

static void sources_disagree(void **state)
{
	static const struct {
		const char *why;
		enum rendered rendered;
		struct word words[STATEMENT_MAX];
		const char *names; /* of the conflicts */
	} rows[] = {
		{ "nobody else", RENDERED_UNKNOWN, { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false } }, "" },
		{ "all agree",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, NULL, false, false } },
		  "" },
		{ "required and offered are no conflict",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS_OPTIONAL, NULL, false, false } },
		  "" },
		{ "declared STARTTLS, rendered none",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_NONE, NULL, false, false } },
		  "tls" },
		{ "declared none, rendered STARTTLS",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_NONE, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS_OPTIONAL, NULL, false, false } },
		  "tls" },
		{ "declared implicit, rendered STARTTLS",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_IMPLICIT, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, NULL, false, false } },
		  "tls" },
		{ "two declared ones",
		  RENDERED_UNKNOWN,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOCKER_MAILSERVER, MAILSERVER, TLS_NONE, NULL, false, false } },
		  "tls" },
		{ "each with the first",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOCKER_MAILSERVER, MAILSERVER, TLS_NONE, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_NONE, NULL, false, false } },
		  "tls tls" },
		{ "hearken.conf has said it",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_NONE, NULL, false, false },
		    { SOURCE_CONFIG, NONE, TLS_NONE, NULL, false, false } },
		  "" },
		{ "the policy is no witness",
		  RENDERED_YES,
		  { { SOURCE_DOVECOT, DOVECOT, TLS_NONE, NULL, false, false },
		    { SOURCE_POLICY, NONE, TLS_STARTTLS, NULL, false, false } },
		  "" },
		{ "declared, not rendered",
		  RENDERED_NO,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false } },
		  "not-rendered" },
		{ "the policy's, not rendered",
		  RENDERED_NO,
		  { { SOURCE_POLICY, NONE, TLS_STARTTLS, NULL, false, false } },
		  "not-rendered" },
		{ "hearken.conf's, not rendered",
		  RENDERED_NO,
		  { { SOURCE_CONFIG, NONE, TLS_STARTTLS, NULL, false, false } },
		  "not-rendered" },
		{ "rendered, not declared",
		  RENDERED_YES,
		  { { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, NULL, false, false } },
		  "not-declared" },
		{ "rendered, and the policy wants it",
		  RENDERED_YES,
		  { { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_POLICY, NONE, TLS_STARTTLS, NULL, false, false } },
		  "" },
		{ "PROXY: declared alone",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, true, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, NULL, false, false } },
		  "proxy-header" },
		{ "PROXY: rendered alone",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, NULL, true, false } },
		  "proxy-header" },
		{ "PROXY: mailserver.env has no word for it",
		  RENDERED_YES,
		  { { SOURCE_DOCKER_MAILSERVER, MAILSERVER, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, NULL, true, false } },
		  "" },
		{ "address: another family",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, "::", false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, "0.0.0.0", false, false } },
		  "address" },
		{ "address: both, and one",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, "*", false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, "0.0.0.0", false, false } },
		  "address" },
		{ "address: one of all",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, "192.0.2.1", false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, "0.0.0.0", false, false } },
		  "" },
		{ "address: loopback alone",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, "0.0.0.0", false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, "127.0.0.1", false, false } },
		  "address" },
		{ "address: not said",
		  RENDERED_YES,
		  { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		    { SOURCE_DOVECOT, DOVECOT, TLS_STARTTLS, "127.0.0.1", false, false } },
		  "" },
		{ "nobody wants it", RENDERED_NO, { { SOURCE_POLICY, NONE, TLS_UNSET, NULL, false, true } }, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct service service = { .name = "submission",
						 .want.port = 587,
						 .expected = true,
						 .provenance.rendered = rows[i].rendered };
		struct statements statements = { 0 };
		struct conflicts conflicts = { 0 };
		char names[128] = "";

		fill(&statements, rows[i].words);
		conflicts_find(&service, &statements, sources, ARRAY_SIZE(sources), &conflicts);
		for (size_t j = 0; j < conflicts.n; j++)
			(void)text_append(names, sizeof(names), "%s%s", j ? " " : "",
					  conflict_kind_name(conflicts.list[j].kind));
		if (strcmp(names, rows[i].names) != 0)
			fail_msg("%s: %s", rows[i].why, names);
		statements_clear(&statements);
	}
}

static void the_sentence_names_both(void **state)
{
	static const struct word words[STATEMENT_MAX] = {
		{ SOURCE_MAILU, MAILU, TLS_STARTTLS, "192.0.2.1", false, false },
		{ SOURCE_DOVECOT, DOVECOT, TLS_NONE, "127.0.0.1", false, false },
	};
	const struct service service = { .name = "submission", .want.port = 587, .expected = true };
	struct statements statements = { 0 };
	struct conflicts conflicts = { 0 };

	fill(&statements, words);
	conflicts_find(&service, &statements, sources, ARRAY_SIZE(sources), &conflicts);
	assert_int_equal(conflicts.n, 2);
	assert_string_equal(
		conflicts.list[0].text,
		"submission (587): mailu (/m.env) says starttls, dovecot (/dovecot.conf) says none; the first "
		"counts, unless hearken.conf says which (tls =)");
	assert_string_equal(
		conflicts.list[1].text,
		"submission (587): mailu (/m.env) wants it on 192.0.2.1, and dovecot (/dovecot.conf) does not "
		"open it there");
	statements_clear(&statements);
}

static void what_is_off_has_no_conflict(void **state)
{
	static const struct word words[STATEMENT_MAX] = {
		{ SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false },
		{ SOURCE_DOVECOT, DOVECOT, TLS_NONE, NULL, false, false },
	};
	const struct service service = { .name = "submission", .want.port = 587, .provenance.rendered = RENDERED_NO };
	struct statements statements = { 0 };
	struct conflicts conflicts = { 0 };

	fill(&statements, words);
	conflicts_find(&service, &statements, sources, ARRAY_SIZE(sources), &conflicts);
	assert_int_equal(conflicts.n, 0);
	statements_clear(&statements);
}

static void they_are_bounded(void **state)
{
	static const struct word words[STATEMENT_MAX] = { { SOURCE_MAILU, MAILU, TLS_STARTTLS, NULL, false, false } };
	const struct service service = {
		.name = "submission", .want.port = 587, .expected = true, .provenance.rendered = RENDERED_NO
	};
	struct statements statements = { 0 };
	struct conflicts conflicts = { 0 };

	fill(&statements, words);
	for (size_t i = 0; i < CONFLICTS_MAX + 3; i++)
		conflicts_find(&service, &statements, sources, ARRAY_SIZE(sources), &conflicts);
	assert_int_equal(conflicts.n, CONFLICTS_MAX);
	assert_int_equal(conflicts.n_more, 3);
	statements_clear(&statements);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_disagree),
		cmocka_unit_test(the_sentence_names_both),
		cmocka_unit_test(what_is_off_has_no_conflict),
		cmocka_unit_test(they_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
