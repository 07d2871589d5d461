// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/columns.h"
#include "base/text.h"
#include "report/show.h"

#define NOW INT64_C(1764000000) /* 2025-11-24T16:00:00Z */

/* Eleven services of a mail server as they may be, and a stranger. */
static const char world[] =
	"{'version': 1, 'time': '2025-11-24T15:59:30Z', 'mode': 'events', 'services': ["
	"{'name': 'smtp', 'port': 25, 'verdict': 'up', 'since': '2025-11-12T16:00:00Z', 'repair': 'idle',"
	" 'probes': [{'tls_version': 'TLSv1.3', 'not_after': '2026-02-01T16:00:00Z'}]},"
	"{'name': 'submission', 'port': 587, 'verdict': 'down', 'since': '2025-11-24T15:56:00Z', 'repair': 'planned',"
	" 'findings': [{'name': 'missing', 'cause': 'not-configured', 'detail': 'the configuration does not open it',"
	" 'remedy': 'add 587 to PORTS in mailu.env.'}],"
	" 'listeners': [{'queued': 3}, {'queued': 1}]},"
	"{'name': 'imaps', 'port': 993, 'verdict': 'degraded', 'since': '2025-11-22T12:00:00Z', 'repair': 'idle',"
	" 'findings': [{'name': 'certificate-expiring', 'cause': null, 'detail': 'ends in 6 days.'},"
	" {'name': 'auth-not-offered', 'detail': 'x'}],"
	" 'probes': [{'tls_version': 'TLSv1.2', 'not_after': '2025-11-30T17:00:00Z'}]},"
	"{'name': 'pop3s', 'port': 995, 'verdict': 'unknown', 'reason': 'no answer came in time'},"
	"{'name': 'imap', 'port': 143, 'verdict': 'up'}, {'name': 'pop3', 'port': 110, 'verdict': 'up'},"
	"{'name': 'lmtp', 'port': 24, 'verdict': 'up'}, {'name': 'sieve', 'port': 4190, 'verdict': 'up',"
	" 'notices': [{'name': 'certificate-name-mismatch', 'detail': 'nobody said the name'}]},"
	"{'name': 'submissions', 'port': 465, 'verdict': 'up'}, {'name': 'webmail', 'port': 443, 'verdict': 'up'},"
	"{'name': 'größer', 'port': 10025, 'verdict': 'up'}],"
	"'surplus': [{'port': 2525, 'address': '0.0.0.0', 'command': 'nc', 'opened': '2025-11-24T15:59:55Z'}],"
	"'conflicts': [{'detail': 'submission (587): dovecot says that it is not there, mailu says that it is'}],"
	"'notice': 'one thing that an administrator should know, and that does not fit one line of a terminal'}";

static json_t *parse(const char *text)
{
	cleanup(memory_freep) char *copy = strdup(text);
	json_t *object;

	for (char *p = copy; (p = strchr(p, '\''));)
		*p = '"';
	object = json_loads(copy, 0, NULL);
	assert_non_null(object);
	return object;
}

static int show(const json_t *status, const struct show_style *style, char **ret)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);
	int code = show_status(status, NOW, NULL, out, style);

	assert_int_equal(fclose(out), 0);
	return code;
}

/* Line number @n of @text. */
static const char *line_of(const char *text, size_t n, char to[static 4096])
{
	for (size_t i = 0; i <= n; i++)
		assert_true(text_line(&text, to, 4096));
	return to;
}

static void test_table(void **state)
{
	static const struct show_style wide = { .form = SHOW_TABLE };
	static const char *const lines[] = {
		"CRITICAL - submission (587) missing: not-configured; imaps (993) certificate-expiring; "
		"pop3s (995) unknown: no answer came in time; surplus listener on port 2525; "
		"sources disagree on 1 point | 'up'=8;;;0;11 'degraded'=1;0;;0;11 'down'=1;;0;0;11 "
		"'unknown'=1;;;0;11 'surplus'=1;0;;0",
		"STATE      PORT  SERVICE      SINCE   TLS      CERT    WHAT",
		"down        587  submission   4 min   -        -       missing (not-configured): the configuration "
		"does not open it; what helps: add 587 to PORTS in mailu.env; 4 waiting to be accepted; repair planned",
		"degraded    993  imaps        2 d     TLSv1.2  6 d     certificate-expiring: ends in 6 days; and 1 "
		"more",
		"surplus    2525  -            5 s     -        -       no source expects it; listens on 0.0.0.0 by nc",
		"unknown     995  pop3s        -       -        -       no answer came in time",
		"up           25  smtp         12 d    TLSv1.3  69 d",
		"up          143  imap         -       -        -",
	};
	cleanup(memory_freep) char *text = NULL;
	json_t *status = parse(world);
	char line[4096];

	assert_int_equal(show(status, &wide, &text), PLUGIN_CRITICAL);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_string_equal(line_of(text, i, line), lines[i]);
	assert_non_null(strstr(text, "\nup         4190  sieve        -       -        -       notice: "
				     "certificate-name-mismatch: nobody said the name\n"));
	assert_non_null(strstr(text, "\nnote: one thing"));
	assert_null(strstr(text, "hearken explain")); /* a plugin's output is no place for advice */
	json_decref(status);
}

/* Whatever the terminal: no line is wider, all of it fits 24 lines of 80, and nothing ends within a word. */
static void test_narrow(void **state)
{
	json_t *status = parse(world);

	for (size_t columns = 60; columns <= 140; columns += 10) {
		const struct show_style style = { .form = SHOW_TABLE, .columns = columns };
		cleanup(memory_freep) char *text = NULL;
		const char *rest;
		char line[4096];
		size_t n = 0;

		(void)show(status, &style, &text);
		for (rest = text; text_line(&rest, line, sizeof(line)); n++)
			if (columns_of(line) > columns)
				fail_msg("%zu columns: %s", columns, line);
		if (columns >= 80)
			assert_in_range(n, 15, 23); /* and the prompt */
		assert_null(strstr(text, "'up'="));
		assert_non_null(strstr(text, "\n\"hearken explain 587\" tells the whole story.\n"));
		assert_int_equal(!strstr(text, "CERT"), columns < 110);
		assert_null(strstr(text, "\033"));
		assert_int_equal(!strstr(text, "missing (not-configured); add 587"), columns < 80);
	}
	json_decref(status);
}

static void test_color_and_ascii(void **state)
{
	static const struct show_style color = { .form = SHOW_TABLE, .color = true, .columns = 80 };
	static const struct show_style ascii = { .form = SHOW_TABLE, .ascii = true };
	cleanup(memory_freep) char *colored = NULL, *plain = NULL;
	json_t *status = parse(world);

	(void)show(status, &color, &colored);
	assert_non_null(strstr(colored, "\n\033[31mdown    \033[0m    587  submission"));
	(void)show(status, &ascii, &plain);
	for (const char *p = plain; *p; p++)
		assert_in_range(*p, '\n', 0x7e);
	assert_non_null(strstr(plain, "gr??er"));
	json_decref(status);
}

/* Two hundred sick services with long words about them: what has no room is counted. */
static void test_first_line_is_short(void **state)
{
	for (size_t n = 1; n <= 200; n += 199) {
		cleanup(memory_freep) char *text = NULL;
		json_t *services = json_array(), *status;
		const struct show_style style = { .form = SHOW_TABLE };
		char long_name[800], line[4096];

		memset(long_name, 'w', sizeof(long_name));
		long_name[sizeof(long_name) - 1] = '\0';
		for (size_t i = 0; i < n; i++)
			json_array_append_new(services,
					      json_pack("{s:s, s:i, s:s, s:s}", "name",
							n == 1 ? long_name : "a service", "port", 10000 + (int)i,
							"verdict", "unknown", "reason", "no answer came in time"));
		status = json_pack("{s:i, s:s, s:o}", "version", 1, "time", "2025-11-24T16:00:00Z", "services",
				   services);
		assert_int_equal(show(status, &style, &text), PLUGIN_UNKNOWN);
		assert_in_range(strlen(line_of(text, 0, line)), 100, SHOW_LINE_BYTES);
		assert_int_equal(!strstr(line, " more | 'up'=0;;;0;200 "), n == 1);
		json_decref(status);
	}
}

static void test_thresholds(void **state)
{
	static const struct {
		const char *warning, *critical;
		int code;
	} rows[] = {
		{ NULL, NULL, PLUGIN_CRITICAL }, { NULL, "0", PLUGIN_CRITICAL }, { NULL, "1", PLUGIN_WARNING },
		{ "1", "1", PLUGIN_WARNING },	 { "2", "1", PLUGIN_UNKNOWN },
	};
	json_t *status = parse(world);

	/* These alone are a warning, whatever is said of services. */
	json_object_del(status, "surplus");
	json_object_del(status, "conflicts");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *text = NULL;
		struct show_style style = { .form = SHOW_TABLE };
		char wanted[128];
		int code;

		if (rows[i].warning)
			assert_int_equal(range_parse(rows[i].warning, &style.warning), 0);
		if (rows[i].critical)
			assert_int_equal(range_parse(rows[i].critical, &style.critical), 0);
		code = show(status, &style, &text);
		(void)text_format(wanted, sizeof(wanted), "'degraded'=1;%s;;0;11 'down'=1;;%s;0;11 ",
				  rows[i].warning ? rows[i].warning : "0", rows[i].critical ? rows[i].critical : "0");
		if (code != rows[i].code || !strstr(text, wanted))
			fail_msg("row %zu: %d, %s", i, code, text);
	}
	json_decref(status);
}

static void test_blind_counts_nothing(void **state)
{
	static const struct show_style style = { .form = SHOW_TABLE };
	cleanup(memory_freep) char *text = NULL;
	json_t *status = parse(world);

	json_object_set_new(status, "mode", json_string("none"));
	json_object_set_new(status, "degraded", json_string("no BPF"));
	assert_int_equal(show(status, &style, &text), PLUGIN_UNKNOWN);
	assert_true(text_starts_with(text, "UNKNOWN - listeners cannot be seen: no BPF | 'up'=U 'degraded'=U "));
	json_decref(status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_color_and_ascii), cmocka_unit_test(test_first_line_is_short),
		cmocka_unit_test(test_thresholds),	cmocka_unit_test(test_blind_counts_nothing),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
