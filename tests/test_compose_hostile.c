// SPDX-License-Identifier: LGPL-2.1-or-later
/* Compose files that are built to take long. */
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
#include "intent/declared/compose.h"
#include "intent/declared/compose_yaml.h"

#define S "services:\n"

static const char *no_variables(const char *name, size_t n, const void *userdata)
{
	return NULL;
}

static int parse_repeated(const char *head, const char *item, size_t n, struct compose *compose,
			  struct complaints *complaints)
{
	cleanup(memory_freep) char *text = malloc(strlen(head) + n * (strlen(item) + 16) + 1);
	char *to = text;

	to += sprintf(to, "%s", head);
	for (size_t i = 0; i < n; i++)
		to += sprintf(to, item, i);
	return compose_parse(text, (size_t)(to - text), "f", no_variables, NULL, compose, complaints);
}

static void hostile_files_are_bounded(void **state)
{
	static const struct {
		const char *why, *head, *item;
		size_t n;
		int r;
		size_t services, ports;
		const char *complaint; /* a part of the first one */
	} rows[] = {
		{ "many ports", S " a:\n  ports:\n", "   - 1%zu:587\n", 5000, 0, 1, COMPOSE_PORTS_MAX,
		  "f:516: more than 512 published ports" },
		{ "a large range", S " a:\n  ports:\n", "   - 1-60000:1-60000 # %zu\n", 3, 0, 1, COMPOSE_PORTS_MAX,
		  "f:4: more than 512 published ports" },
		{ "many services", S, " s%zu: {ports: ['25:25']}\n", 3000, 0, COMPOSE_SERVICES_MAX,
		  COMPOSE_SERVICES_MAX, "f:66: more than 64 services" },
		{ "deep lists", S " a: ", "[ # %zu\n", 8192, -EINVAL, 0, 0, "nested deeper than 64" },
		{ "not quite so deep", S " a: ", "[ # %zu\n", 61, -EINVAL, 0, 0, "this is no YAML" },
		{ "deeper ones", S " a: ", "[ #] %zu\n", 50000, -EINVAL, 0, 0,
		  "f: has more than 4096 \"&\", or more than 8192" },
		{ "many directives", "", "%%TAG !a%zu! x:\n", 20000, -EINVAL, 0, 0,
		  "f: has more than 64 \"%\" directives" },
		{ "many anchors", "x:\n", " - &a%zu b\n", 20000, -EINVAL, 0, 0, "f: has more than 4096" },
		{ "a long line", S " a:\n  ports: ['587", "%zu", 20000, -EINVAL, 0, 0, "this is no YAML" },
		{ "laughs", "x: &x [1,1,1,1]\n", "y%1$zu: [*x,*x,*x,*x,*x,*x,*x,*x]\n", 1000, -EINVAL, 0, 0,
		  "has no \"services\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(compose_freep) struct compose *compose = calloc(1, sizeof(*compose));
		struct complaints complaints = { 0 };
		int r = parse_repeated(rows[i].head, rows[i].item, rows[i].n, compose, &complaints);

		if (r != rows[i].r || compose->n_services != rows[i].services || compose->n_ports != rows[i].ports ||
		    !strstr(complaints.list[0].text, rows[i].complaint))
			fail_msg("%s: %d, %zu services, %zu ports, %s", rows[i].why, r, compose->n_services,
				 compose->n_ports, complaints.list[0].text);
	}
}

/* libyaml looks at every open bracket for each of its tokens; what looks closed may not be. */
static void brackets_are_bounded(void **state)
{
	cleanup(compose_freep) struct compose *compose = calloc(1, sizeof(*compose));
	cleanup(memory_freep) char *text = malloc(COMPOSE_FILE_MAX + 64);
	struct complaints complaints = { 0 };
	char *to = text + sprintf(text, S " a: ");

	for (size_t i = 0; i < COMPOSE_BRACES_MAX; i++)
		to += sprintf(to, "[ # ]\n");
	while (to < text + COMPOSE_FILE_MAX)
		to += sprintf(to, "a,");
	assert_int_equal(compose_parse(text, (size_t)(to - text), "f", no_variables, NULL, compose, &complaints),
			 -EINVAL);
	assert_non_null(strstr(complaints.list[0].text, "nested deeper than 64"));
}

/* Aliases make much of little: the same long mapping, or list, for every service. */
static void aliases_are_bounded(void **state)
{
	static const struct {
		const char *why, *head, *item, *service;
	} rows[] = {
		{ "keys", "x: &x\n", " k%zu: 1\n", " a: *x\n" },
		{ "keys, merged", "x: &x\n", " k%zu: 1\n", " a: {<<: [*x, *x, *x, *x]}\n" },
		{ "ports", "x: &x\n ports:\n", "  - x%zu\n", " a: *x\n" },
	};
	size_t room = COMPOSE_FILE_MAX;
	cleanup(memory_freep) char *text = malloc(room + 64);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(compose_freep) struct compose *compose = calloc(1, sizeof(*compose));
		struct complaints complaints = { 0 };
		char *to = text + sprintf(text, "%s", rows[i].head);
		bool found = false;

		for (size_t j = 0; to < text + room / 2; j++)
			to += sprintf(to, rows[i].item, j);
		to += sprintf(to, S);
		for (size_t j = 0; to < text + room / 2 + 65536 && j < 4000; j++)
			to += sprintf(to, "%s", rows[i].service);
		assert_int_equal(
			compose_parse(text, (size_t)(to - text), "f", no_variables, NULL, compose, &complaints),
			-EINVAL);
		assert_int_equal(complaints.n_errors, 1);
		for (size_t j = 0; j < complaints.n; j++)
			found |= strstr(complaints.list[j].text, "f: repeats its own parts too often") != NULL;
		if (!found)
			fail_msg("%s: %s", rows[i].why, complaints.list[0].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_files_are_bounded),
		cmocka_unit_test(aliases_are_bounded),
		cmocka_unit_test(brackets_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
