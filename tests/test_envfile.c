// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "intent/declared/envfile.h"

static void values_follow_compose(void **state)
{
	static const struct {
		const char *text;
		const char *value; /* of K; NULL: unset */
		size_t warnings;
		unsigned int line;
	} rows[] = {
		{ "K=v", "v", 0, 1 },
		{ "K=", "", 0, 1 },
		{ "", NULL, 0, 0 },
		{ "#K=v", NULL, 0, 0 },
		{ "  # K=v\n\nK=v\n", "v", 0, 3 },
		{ "K", NULL, 1, 0 },
		{ "K=a\nK=b\n", "b", 1, 2 },
		{ "K=a\nK=a\n", "a", 0, 2 },
		{ "K=a\nK=\n", "", 1, 2 },
		{ "\xef\xbb\xbfK=v", "v", 0, 1 },
		{ "K=v\r\n", "v", 0, 1 },
		{ "K=v  ", "v", 0, 1 },
		{ " K = v", "v", 0, 1 },
		{ "export K=v", "v", 0, 1 },
		{ "K=v # comment", "v", 0, 1 },
		{ "K=v#no comment", "v#no comment", 0, 1 },
		{ "K=#no comment either", "#no comment either", 0, 1 },
		{ "K= #nor this", "#nor this", 0, 1 },
		{ "K=v\t#nor this", "v\t#nor this", 0, 1 },
		{ "K: v", "v", 0, 1 },
		{ "K : v", "v", 0, 1 },
		{ "K=x:y", "x:y", 0, 1 },
		{ "export\tK=v", "v", 0, 1 },
		{ "K=\"a\nb\"\nA=1", "a\nb", 0, 1 },
		{ "A=\"a\nb\"\nK=v", "v", 0, 3 },
		{ "K=\"a\nA=\"\nB=1", "a\nA=", 1, 1 },
		{ "K=\"MIIE\nQ==\n\"\n", "MIIE\nQ==\n", 0, 1 },
		{ "K='it\\'s'", "it's", 0, 1 },
		{ "K='a\\n'", "a\\n", 0, 1 },
		{ "K=\"a\\tb\\q\\0101\"", "a\tb\\qA", 0, 1 },
		{ "A=1\nK=\"\\$A $A\"", "$A 1", 0, 2 },
		{ "A=x K=v", NULL, 0, 0 },
		{ "A=\"x\" K=v", "v", 0, 1 },
		{ "K=\"v\"junk\nA=1", "v", 1, 1 },
		{ "K=$5", "$5", 0, 1 },
		{ "K=a$ b", "a$ b", 0, 1 },
		{ "A=1\nK=$A-$$A", "1-$A", 0, 2 },
		{ "A=1\nK=${A:+set}", "set", 0, 2 },
		{ "K=`x`", "`x`", 0, 1 },
		{ "K=a\"b\"", "a\"b\"", 0, 1 },
		{ "A/B=x\nK=v", "v", 1, 2 },
		{ "A B=x\nK=v", "v", 1, 2 },
		{ "=x\nK=v", "v", 1, 2 },
		{ "export \nK=v", "v", 1, 2 },
		{ "A\nK=v", "v", 1, 2 },
		{ "K=a=b", "a=b", 0, 1 },
		{ "K=25, 587", "25, 587", 0, 1 },
		{ "K=\"v\"", "v", 0, 1 },
		{ "K='v'", "v", 0, 1 },
		{ "K=\"a # b\" # c", "a # b", 0, 1 },
		{ "K=\" v \"", " v ", 0, 1 },
		{ "K=\"a\\\"b\\n\"", "a\"b\n", 0, 1 },
		{ "K='a\\n${x}'", "a\\n${x}", 0, 1 },
		{ "K=\"v", NULL, 1, 0 },
		{ "K=\"v\\\"", NULL, 1, 0 },
		{ "K='", NULL, 1, 0 },
		{ "K=\"", NULL, 1, 0 },
		{ "K=v'", "v'", 0, 1 },
		{ "K=${OTHER}", "", 1, 1 },
		{ "A=1\nK=${A}2", "12", 0, 2 },
		{ "A=1\nK=\"${A}2\"", "12", 0, 2 },
		{ "A=1\nK='${A}2'", "${A}2", 0, 2 },
		{ "K=${A:-587}", "587", 0, 1 },
		{ "K=${A", "${A", 1, 1 },
		{ "K=${A}\nA=1", "", 1, 1 },
		{ "k=v", NULL, 0, 0 },
		{ "=v", NULL, 1, 0 },
		{ "K x=v", NULL, 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct complaints complaints = { 0 };
		struct envfile file = { 0 };
		const struct envfile_variable *found;

		assert_int_equal(envfile_parse(rows[i].text, strlen(rows[i].text), "f", &file, &complaints), 0);
		found = envfile_find(&file, "K");
		if (!found != !rows[i].value || complaints.n_warnings != rows[i].warnings ||
		    (found && (strcmp(found->value, rows[i].value) != 0 || found->line != rows[i].line)))
			fail_msg("'%s': %s, %zu warnings", rows[i].text, found ? found->value : "unset",
				 complaints.n_warnings);
		envfile_clear(&file);
	}
}

/* They end in the journal, and an env file is full of passwords. */
static void complaints_tell_no_secrets(void **state)
{
	static const char *const texts[] = {
		"K=\"hunter2\nhunter2 hunter2\n",
		"hunter2 x\n",
		"hunter2!=x\n",
		"K=hunter2${A}\n",
		"K=hun$hunter2\n",
		"K='hunter2\n",
		"K=hunter2\nK=hunter22\n",
		"K=${hunter2!}\n",
		/* A line of a key may look like a name: base64 without "+" and "/". */
		"K=\"-----BEGIN PRIVATE KEY-----\nMIIEhunter2\n",
		"hunter2\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct complaints complaints = { 0 };
		struct envfile file = { 0 };

		assert_int_equal(envfile_parse(texts[i], strlen(texts[i]), "f", &file, &complaints), 0);
		assert_true(complaints.n > 0);
		for (size_t j = 0; j < complaints.n; j++)
			if (strstr(complaints.list[j].text, "hunter2"))
				fail_msg("%s: %s", texts[i], complaints.list[j].text);
		envfile_clear(&file);
	}
}

static void the_list_is_bounded(void **state)
{
	size_t n = ENVFILE_VARIABLES_MAX + 10, size = n * 16;
	cleanup(memory_freep) char *text = calloc(1, size);
	struct complaints complaints = { 0 };
	struct envfile file = { 0 };
	char *to = text;

	for (size_t i = 0; i < n; i++)
		to += sprintf(to, "K%zu=v\n", i);
	assert_int_equal(envfile_parse(text, strlen(text), "f", &file, &complaints), 0);
	assert_int_equal(file.n_list, ENVFILE_VARIABLES_MAX);
	assert_int_equal(complaints.n, 1);
	assert_string_equal(complaints.list[0].text, "f:1025: more than 1024 variables; the rest is ignored");
	envfile_clear(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_follow_compose),
		cmocka_unit_test(complaints_tell_no_secrets),
		cmocka_unit_test(the_list_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
