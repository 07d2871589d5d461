// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/service.h"

static void words_go_there_and_back(void **state)
{
	for (int i = 1; i < PROTOCOL_COUNT; i++) {
		enum protocol protocol = PROTOCOL_UNSET;

		assert_int_equal(protocol_parse(protocol_name((enum protocol)i), &protocol), 0);
		assert_int_equal(protocol, i);
	}
	for (int i = 1; i < TLS_MODE_COUNT; i++) {
		enum tls_mode tls = TLS_UNSET;

		assert_int_equal(tls_mode_parse(tls_mode_name((enum tls_mode)i), &tls), 0);
		assert_int_equal(tls, i);
	}
	for (int i = 0; i < SOURCE_KIND_COUNT; i++)
		assert_true(*source_name((enum source_kind)i));
}

static void unknown_words_are_refused(void **state)
{
	enum protocol protocol = PROTOCOL_IMAP;
	enum tls_mode tls = TLS_NONE;

	assert_int_equal(protocol_parse("", &protocol), -EINVAL);
	assert_int_equal(protocol_parse("IMAP", &protocol), -EINVAL);
	assert_int_equal(tls_mode_parse("", &tls), -EINVAL);
	assert_int_equal(tls_mode_parse("start", &tls), -EINVAL);
	assert_int_equal(protocol, PROTOCOL_IMAP);
	assert_int_equal(tls, TLS_NONE);
}

static void well_known_ports_mean_what_the_rfcs_say(void **state)
{
	static const struct {
		uint16_t port;
		const char *name;
		enum protocol protocol;
		enum tls_mode tls;
	} rows[] = {
		{ 25, "smtp", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL },
		{ 587, "submission", PROTOCOL_SUBMISSION, TLS_STARTTLS },
		{ 465, "submissions", PROTOCOL_SUBMISSION, TLS_IMPLICIT },
		{ 143, "imap", PROTOCOL_IMAP, TLS_STARTTLS },
		{ 993, "imaps", PROTOCOL_IMAP, TLS_IMPLICIT },
		{ 110, "pop3", PROTOCOL_POP3, TLS_STARTTLS },
		{ 995, "pop3s", PROTOCOL_POP3, TLS_IMPLICIT },
		{ 4190, "sieve", PROTOCOL_SIEVE, TLS_STARTTLS },
		{ 443, "https", PROTOCOL_HTTPS, TLS_IMPLICIT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct well_known *known = well_known_port(rows[i].port);

		assert_non_null(known);
		assert_string_equal(known->name, rows[i].name);
		assert_int_equal(known->protocol, rows[i].protocol);
		assert_int_equal(known->tls, rows[i].tls);
	}
	assert_null(well_known_port(80));
	assert_null(well_known_port(0));
}

static void a_set_is_bounded_and_sorted(void **state)
{
	struct service_set set = { 0 };

	for (uint16_t i = 0; i < SERVICES_MAX; i++) {
		struct service *service = service_set_add(&set);

		assert_non_null(service);
		assert_int_equal(service->provenance.sources, 0);
		service->want.port = (uint16_t)(SERVICES_MAX - i);
		(void)text_format(service->name, sizeof(service->name), "s%u", service->want.port);
	}
	assert_null(service_set_add(&set));
	service_set_sort(&set);
	assert_int_equal(set.list[0].want.port, 1);
	assert_int_equal(set.list[SERVICES_MAX - 1].want.port, SERVICES_MAX);
	assert_ptr_equal(service_set_find(&set, 587), &set.list[586]);
	assert_ptr_equal(service_set_find_name(&set, "s587"), &set.list[586]);
	assert_null(service_set_find(&set, 4190));
	assert_null(service_set_find_name(&set, "s"));
	service_set_clear(&set);
	service_set_clear(&set);
	service_set_sort(&set);
	assert_null(service_set_find(&set, 1));
}

static void the_same_service_has_the_same_port_and_name(void **state)
{
	struct service list[] = {
		{ .want.port = 143, .name = "imap" },
		{ .want.port = 587, .name = "ours" },
		{ .want.port = 587, .name = "theirs" },
	};
	const struct service_set set = { .list = list, .n = ARRAY_SIZE(list) }, empty = { 0 };
	static const struct {
		const char *why;
		struct service service;
		ssize_t i; /* -1: none */
	} rows[] = {
		{ "both", { .want.port = 143, .name = "imap" }, 0 },
		{ "one of two at a port", { .want.port = 587, .name = "theirs" }, 2 },
		{ "whatever else is said",
		  { .want.port = 587, .name = "ours", .want.tls = TLS_NONE, .expected = true },
		  1 },
		{ "another name", { .want.port = 143, .name = "imap2" }, -1 },
		{ "another port", { .want.port = 993, .name = "imap" }, -1 },
		{ "each of another", { .want.port = 143, .name = "ours" }, -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct service *found = service_set_find_same(&set, &rows[i].service);

		if (found != (rows[i].i < 0 ? NULL : &list[rows[i].i]))
			fail_msg("%s: %s", rows[i].why, found ? found->name : "none");
		assert_null(service_set_find_same(&empty, &rows[i].service));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_go_there_and_back),
		cmocka_unit_test(unknown_words_are_refused),
		cmocka_unit_test(well_known_ports_mean_what_the_rfcs_say),
		cmocka_unit_test(a_set_is_bounded_and_sorted),
		cmocka_unit_test(the_same_service_has_the_same_port_and_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
