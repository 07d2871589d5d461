// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/declared/compose.h"
#include "intent/declared/compose_port.h"
#include "intent/declared/mailcow.h"
#include "intent/declared/mailu.h"
#include "intent/declared/project.h"
#include "intent/declared/published.h"

static const char *no_variables(const char *name, size_t n, const void *userdata)
{
	static const char *const set[][2] = { { "SUBMISSION_PORT", "192.0.2.1:2587" },
					      { "EMPTY", "" },
					      { "P", "2465" } };

	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		if (strlen(set[i][0]) == n && memcmp(set[i][0], name, n) == 0)
			return set[i][1];
	return NULL;
}

static void variables_are_filled_in(void **state)
{
	static const struct {
		const char *text, *filled; /* NULL: makes no sense */
		const char *unknown;
	} rows[] = {
		{ "plain", "plain", "" },
		{ "", "", "" },
		{ "$P", "2465", "" },
		{ "a${P}b", "a2465b", "" },
		{ "$$P", "$P", "" },
		{ "$", "$", "" },
		{ "a$1", "a$1", "" },
		{ "${P:-1}", "2465", "" },
		{ "${NO:-1}", "1", "" },
		{ "${NO-1}", "1", "" },
		{ "${EMPTY:-1}", "1", "" },
		{ "${EMPTY-1}", "", "" },
		{ "${NO:-}", "", "" },
		{ "${NO:-${P:-1}}", "2465", "" },
		{ "${NO:-a:${NO:-b}:c}", "a:b:c", "" },
		{ "${P:+x}", "x", "" },
		{ "${EMPTY:+x}", "", "" },
		{ "${EMPTY+x}", "x", "" },
		{ "${P:?why}", "2465", "" },
		{ "${NO:?why}", "", "NO" },
		{ "${NO}", "", "NO" },
		{ "$NO.$NOT", ".", "NO" },
		{ "${P", NULL, "" },
		{ "${}", NULL, "" },
		{ "${P:}", NULL, "" },
		{ "${P!x}", NULL, "" },
		{ "${1}", NULL, "" },
		{ "${A:-${B:-${C:-${D:-${E:-${F:-${G:-${H:-${I:-${J:-deep}}}}}}}}}}", NULL, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char filled[64], unknown[INTERPOLATE_NAME_SIZE];
		int r = interpolate(rows[i].text, no_variables, NULL, filled, sizeof(filled), unknown);

		if (r != (rows[i].filled ? 0 : -EINVAL) || (r == 0 && strcmp(filled, rows[i].filled) != 0) ||
		    (r == 0 && strcmp(unknown, rows[i].unknown) != 0))
			fail_msg("%s: %d, \"%s\", unknown \"%s\"", rows[i].text, r, r ? "" : filled, unknown);
	}
}

static void what_is_filled_in_is_bounded(void **state)
{
	char filled[4], unknown[INTERPOLATE_NAME_SIZE];

	assert_int_equal(interpolate("abc", no_variables, NULL, filled, sizeof(filled), unknown), 0);
	assert_int_equal(interpolate("abcd", no_variables, NULL, filled, sizeof(filled), unknown), -E2BIG);
	assert_int_equal(interpolate("$P", no_variables, NULL, filled, sizeof(filled), unknown), -E2BIG);
}

/* "587>587 192.0.2.1": inside, on the host (* where docker chooses), and where. */
static void show_range(const struct compose_range *range, char to[static 64])
{
	char address[ADDRESS_TEXT_SIZE] = "";

	if (range->has_address)
		address_show(&range->address, address);
	(void)text_format(to, 64, "%u", range->first);
	if (range->last != range->first)
		(void)text_append(to, 64, "-%u", range->last);
	if (range->host_first)
		(void)text_append(to, 64, ">%u", range->host_first);
	(void)text_append(to, 64, "%s%s%s", *address ? " " : "", address, range->is_tcp ? "" : " udp");
}

static void the_short_syntax(void **state)
{
	static const struct {
		const char *text, *range; /* NULL: none */
	} rows[] = {
		{ "587", "587" },
		{ "587:587", "587>587" },
		{ "2587:587", "587>2587" },
		{ "587:587/tcp", "587>587" },
		{ "53:53/udp", "53>53 udp" },
		{ "192.0.2.1:587:587", "587>587 192.0.2.1" },
		{ "192.0.2.1::587", "587 192.0.2.1" },
		{ "[::1]:587:587", "587>587 ::1" },
		{ "0.0.0.0:587:587", "587>587 0.0.0.0" },
		{ ":587:587", "587>587" },
		{ "8000-8005:9000-9005", "9000-9005>8000" },
		{ "9000-9005", "9000-9005" },
		{ "8000-8005:9000", "9000" },
		{ "8000-8005:9000-9001", NULL },
		{ "8000:9000-9005", NULL },
		{ "9005-9000", NULL },
		{ "::1:587:587", "587>587 ::1" },
		{ "2001:db8::1:587:587/TCP", "587>587 2001:db8::1" },
		{ "0:587", "587" },
		{ "host:587:587", NULL },
		{ "*:587:587", NULL },
		{ "587:", NULL },
		{ "", NULL },
		{ ":", NULL },
		{ "0", NULL },
		{ "65536", NULL },
		{ "1:2:3:4", NULL },
		{ "587 ", NULL },
		{ "-587", NULL },
		{ "587-", NULL },
		{ "-", NULL },
		{ "1.5:2", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct compose_range range = { 0 };
		char shown[64] = "";
		int r = compose_range_short(rows[i].text, &range);

		if (r == 0)
			show_range(&range, shown);
		if (r != (rows[i].range ? 0 : -EINVAL) || strcmp(shown, rows[i].range ? rows[i].range : "") != 0)
			fail_msg("%s: %d, %s", rows[i].text, r, shown);
	}
}

/* "front:587>2587@192.0.2.1" */
static void show(const struct compose *compose, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < compose->n_ports; i++) {
		const struct compose_port *port = &compose->ports[i];
		char address[ADDRESS_TEXT_SIZE] = "";

		if (port->has_address)
			address_show(&port->address, address);
		(void)text_append(to, size, "%s%s:%u>%u%s%s", i ? " " : "", compose->services[port->service].name,
				  port->port, port->host_port, *address ? "@" : "", address);
	}
}

#define S "services:\n"

static void files_are_read(void **state)
{
	static const struct {
		const char *why, *text, *override;
		int r; /* of the last one */
		const char *ports;
		const char *complaint; /* the beginning of the first one */
	} rows[] = {
		{ "short", S " a:\n  ports:\n   - 25:25\n   - \"587\"\n", NULL, 0, "a:25>25 a:587>0", NULL },
		{ "in one line", S " a: {ports: ['25:25', 465:465]}\n", NULL, 0, "a:25>25 a:465>465", NULL },
		{ "long",
		  S " a:\n  ports:\n   - target: 587\n     published: \"2587\"\n     host_ip: 192.0.2.1\n"
		    "     protocol: tcp\n     mode: host\n",
		  NULL, 0, "a:587>2587@192.0.2.1", NULL },
		{ "long, udp", S " a:\n  ports:\n   - {target: 53, published: 53, protocol: udp}\n", NULL, 0, "",
		  NULL },
		{ "long, without a target", S " a:\n  ports:\n   - published: 587\n", NULL, 0, "",
		  "f:4: ports: \"\" is no port" },
		{ "variables", S " a:\n  ports: ['${SUBMISSION_PORT:-587}:587', '${NO:-993}:993']\n", NULL, 0,
		  "a:587>2587@192.0.2.1 a:993>993", NULL },
		{ "a variable that nobody set", S " a:\n  ports: ['${NO}:587']\n", NULL, 0, "a:587>0",
		  "f:3: ${NO} is neither set nor given a default here" },
		{ "a range", S " a:\n  ports: ['110-111:110-111']\n", NULL, 0, "a:110>110 a:111>111", NULL },
		{ "nonsense among the good", S " a:\n  ports: ['x', '25:25']\n", NULL, 0, "a:25>25",
		  "f:3: ports: \"x\" is no port that compose could publish" },
		{ "an anchor", "x-mail: &m ['25:25']\n" S " a: {ports: *m}\n b: {ports: *m}\n", NULL, 0,
		  "a:25>25 b:25>25", NULL },
		{ "a merge key", "x: &x {ports: ['25:25']}\n" S " a:\n  <<: *x\n  image: i\n", NULL, 0, "a:25>25",
		  NULL },
		{ "a merge list", "x: &x {ports: ['25:25']}\n" S " a:\n  <<: [{image: i}, *x]\n", NULL, 0, "a:25>25",
		  NULL },
		{ "no ports", S " a: {image: i}\n b:\n", NULL, 0, "", NULL },
		{ "ports of nothing", S " a:\n  ports:\n", NULL, 0, "", NULL },
		{ "ports of a word", S " a: {ports: 587}\n", NULL, 0, "", "f:2: ports: is no list" },
		{ "the override adds", S " a: {ports: ['25:25']}\n", S " a: {ports: ['587:587']}\n", 0,
		  "a:25>25 a:587>587", NULL },
		{ "the override narrows", S " a: {ports: ['25:25', '587:587']}\n", S " a: {ports: ['0.0.0.0:25:25']}\n",
		  0, "a:25>25@0.0.0.0 a:587>587", NULL },
		{ "the override replaces", S " a: {ports: ['25:25']}\n b: {ports: ['80:80']}\n",
		  S " a:\n  ports: !override ['587:587']\n", 0, "b:80>80 a:587>587", NULL },
		{ "the override takes away", S " a: {ports: ['25:25']}\n", S " a:\n  ports: !reset []\n", 0, "", NULL },
		{ "include", "include: [other.yml]\n" S " a: {ports: ['25:25']}\n", NULL, 0, "a:25>25",
		  "f: \"include\" is not followed" },
		{ "extends", S " b: {ports: ['587:587']}\n a: {extends: {service: b}, ports: ['25:25']}\n", NULL, 0,
		  "b:587>587 a:587>587 a:25>25", NULL },
		{ "extends, in short", S " a: {extends: b}\n b: {extends: c}\n c: {ports: ['25:25']}\n", NULL, 0,
		  "a:25>25 b:25>25 c:25>25", NULL },
		{ "extends nobody", S " a: {extends: {service: b}, ports: ['25:25']}\n", NULL, 0, "a:25>25",
		  "f: \"extends\": there is no service b in it" },
		{ "extends itself", S " a: {extends: a, ports: ['25:25']}\n", NULL, 0, "a:25>25",
		  "f:2: \"extends\" leads back to itself" },
		{ "extends another file, which nobody reads", S " a: {extends: {service: b, file: c.yml}}\n", NULL, 0,
		  "", "f: \"extends\" is not followed" },
		{ "not compose's", "a: b\n", NULL, -EINVAL, "", "f: has no \"services\"" },
		{ "nothing", "", NULL, -EINVAL, "", "f: has no \"services\"" },
		{ "a list", "- a\n", NULL, -EINVAL, "", "f: has no \"services\"" },
		{ "not YAML", S " a: [\n", NULL, -EINVAL, "", "f:3: did not find expected node content" },
		{ "a tab", S "\ta: b\n", NULL, -EINVAL, "", "f:2: found character that cannot start any token" },
		{ "two values", S " a: 'x' y\n", NULL, -EINVAL, "", "f:2: " },
		{ "a loop", S " a: &a\n  <<: *a\n  image: i\n", NULL, 0, "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(compose_freep) struct compose *compose = calloc(1, sizeof(*compose));
		struct complaints complaints = { 0 };
		char shown[256];
		int r = compose_parse(rows[i].text, strlen(rows[i].text), "f", no_variables, NULL, compose,
				      &complaints);

		if (rows[i].override)
			r = compose_parse(rows[i].override, strlen(rows[i].override), "f", no_variables, NULL, compose,
					  &complaints);
		show(compose, shown, sizeof(shown));
		if (r != rows[i].r || strcmp(shown, rows[i].ports) != 0)
			fail_msg("%s: %d, %s; %s", rows[i].why, r, shown, complaints.list[0].text);
		if (complaints.n != (rows[i].complaint ? 1 : 0) ||
		    (rows[i].complaint && !text_starts_with(complaints.list[0].text, rows[i].complaint)))
			fail_msg("%s: %zu complaints: %s", rows[i].why, complaints.n, complaints.list[0].text);
	}
}

/* ---- beside an env file ---- */

static const char *variable(uint16_t port)
{
	return "PORTS";
}

static void read_env(const char *path, struct envfile *ret)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	size_t size;

	assert_int_equal(file_read(path, 1 << 20, &text, &size), 0);
	assert_int_equal(envfile_parse(text, size, path, ret, &complaints), 0);
}

static void mailu_publishes_more_than_it_opens(void **state)
{
	static const char path[] = "tests/data/mailu/mailu.env";
	cleanup(project_clear) struct project project = { 0 };
	cleanup(envfile_clear) struct envfile file = { 0 };
	const struct compose *compose;
	struct complaints complaints = { 0 };
	struct mailu mailu = { 0 };

	read_env(path, &file);
	assert_int_equal(project_read("", path, NULL, &project, &complaints), 0);
	compose = project.compose;
	assert_non_null(compose);
	assert_int_equal(mailu_decide(&file, path, MAILU_CURRENT, &mailu, &complaints), 0);
	assert_int_equal(complaints.n, 0);
	assert_string_equal(compose_image_tag(compose, "nginx"), "2024.06");
	assert_null(compose_image_tag(compose, "front"));
	published_check(compose, &mailu.services, path, false, variable, &complaints);
	assert_int_equal(complaints.n, 3);
	assert_true(text_starts_with(complaints.list[0].text,
				     "tests/data/mailu/docker-compose.yml:24: port 587 is published for front, and "
				     "nothing listens behind it: it is not in PORTS (tests/data/mailu/mailu.env)"));
	assert_non_null(strstr(complaints.list[1].text, ":25: port 110 is published"));
	assert_non_null(strstr(complaints.list[2].text, ":27: port 143 is published"));
	mailu_clear(&mailu);
}

static void the_other_way_round(void **state)
{
	static const char text[] = S " front:\n  ports: ['25:25', '2465:465', '443:8443']\n";
	cleanup(compose_freep) struct compose *compose = calloc(1, sizeof(*compose));
	struct complaints complaints = { 0 };
	struct mailu mailu = { 0 };

	assert_int_equal(mailu_parse("TLS_FLAVOR=cert\n", 16, "d/mailu.env", &mailu, &complaints), 0);
	assert_int_equal(compose_parse(text, strlen(text), "d/c.yml", no_variables, NULL, compose, &complaints), 0);
	published_check(compose, &mailu.services, "d/mailu.env", false, variable, &complaints);
	assert_int_equal(complaints.n, 4);
	assert_non_null(strstr(complaints.list[0].text, "c.yml:3: port 465 of front is port 2465 on the host"));
	assert_non_null(strstr(complaints.list[1].text, "port 993 listens in the container, and no compose file"));
	assert_non_null(strstr(complaints.list[2].text, "port 995 "));
	assert_non_null(strstr(complaints.list[3].text, "port 4190 "));
	compose->n_ports = 0; /* host network, or another file: nothing is known */
	complaints = (struct complaints){ 0 };
	published_check(compose, &mailu.services, "d/mailu.env", false, variable, &complaints);
	assert_int_equal(complaints.n, 0);
	mailu_clear(&mailu);
}

/* "25 2587@192.0.2.1@::1": with names where the port has none of its own. */
static void show_services(const struct service_set *services, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < services->n; i++) {
		const struct service *service = &services->list[i];
		const struct well_known *known = well_known_port(service->want.port);

		(void)text_append(to, size, "%s%s%s%u", i ? " " : "", known ? "" : service->name, known ? "" : ":",
				  service->want.port);
		for (size_t j = 0; j < service->want.n_addresses; j++) {
			char address[ADDRESS_TEXT_SIZE];

			address_show(&service->want.addresses[j], address);
			(void)text_append(to, size, "@%s", address);
		}
	}
}

static void a_container_seen_from_the_host(void **state)
{
	static const struct {
		const char *why, *compose, *services;
	} rows[] = {
		{ "at the same ports", S " f: {ports: ['25:25', '587:587', '465:465']}\n", "25 465 587" },
		{ "what is not published is not there", S " f: {ports: ['25:25']}\n", "25" },
		{ "moved", S " f: {ports: ['2465:465']}\n", "submissions:2465" },
		{ "at addresses", S " f: {ports: ['192.0.2.1:587:587', '[::1]:587:587']}\n", "587@192.0.2.1@::1" },
		{ "twice at one", S " f: {ports: ['192.0.2.1:587:587', '192.0.2.1:587:587']}\n", "587@192.0.2.1" },
		{ "at one, and at all", S " f: {ports: ['192.0.2.1:587:587', '587:587']}\n", "587" },
		{ "twice", S " f: {ports: ['587:587', '2587:587']}\n", "587 submission-2587:2587" },
		{ "docker chooses", S " f: {ports: ['587', '25:25']}\n", "25" },
		{ "no mail port at all", S " f: {ports: ['80:80', '443:443']}\n", "25@0.0.0.0 443 465 587" },
	};
	static const struct well_known *known;
	static const uint16_t inside[] = { 25, 443, 465, 587 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(compose_freep) struct compose *compose = calloc(1, sizeof(*compose));
		cleanup(service_set_clear) struct service_set services = { 0 };
		struct complaints complaints = { 0 };
		char shown[256];

		for (size_t j = 0; j < ARRAY_SIZE(inside); j++) {
			struct service *service = service_set_add(&services);

			known = well_known_port(inside[j]);
			service->want.port = inside[j];
			(void)text_copy(service->name, sizeof(service->name), known->name);
		}
		services.list[0].want.addresses[0].family = AF_INET;
		services.list[0].want.n_addresses = 1;
		assert_int_equal(compose_parse(rows[i].compose, strlen(rows[i].compose), "f", no_variables, NULL,
					       compose, &complaints),
				 0);
		assert_int_equal(published_to_host(compose, &services), 0);
		show_services(&services, shown, sizeof(shown));
		if (strcmp(shown, rows[i].services) != 0)
			fail_msg("%s: %s", rows[i].why, shown);
	}
}

static void mailcow_is_what_compose_publishes(void **state)
{
	static const struct {
		const char *why, *conf, *compose, *services;
		size_t complaints;
	} rows[] = {
		{ "as it comes", "", NULL, "25 110 143 443 465 587 993 995 4190", 0 },
		{ "another project's", "", S " web: {ports: ['80:80']}\n", "25 110 143 443 465 587 993 995 4190", 0 },
		{ "the override adds", "", S " postfix-mailcow:\n  ports: ['2525:25', '192.0.2.1:2587:587']\n",
		  "25 110 143 443 465 587 993 995 4190 smtp-2525:2525 submission-2587:2587@192.0.2.1", 0 },
		{ "the override takes away", "", S " postfix-mailcow:\n  ports: !override ['25:25']\n",
		  "25 110 143 443 993 995 4190", 2 },
		{ "the override moves", "",
		  S " postfix-mailcow:\n  ports: !override ['25:25', '465:465', '2587:587']\n",
		  "25 110 143 443 465 993 995 4190 submission:2587", 1 },
		{ "two addresses", "SUBMISSION_PORT=192.0.2.1:587\n",
		  S " postfix-mailcow:\n  ports: ['192.0.2.2:587:587']\n",
		  "25 110 143 443 465 587@192.0.2.1@192.0.2.2 993 995 4190", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char conf[] = "/tmp/hearken-compose-XXXXXX/mailcow.conf", other[96], shown[512] = "", text[512];
		cleanup(project_clear) struct project project = { 0 };
		cleanup(memory_freep) char *yaml = NULL;
		cleanup(envfile_clear) struct envfile file = { 0 };
		struct complaints complaints = { 0 };
		struct mailcow mailcow = { 0 };
		size_t size;

		conf[27] = '\0';
		assert_non_null(mkdtemp(conf));
		assert_int_equal(file_read("tests/data/mailcow/docker-compose.yml", 1 << 20, &yaml, &size), 0);
		(void)text_format(other, sizeof(other), "%s/docker-compose.yml", conf);
		assert_int_equal(file_replace(other, yaml, size, 0600), 0);
		conf[27] = '/';
		(void)text_format(text, sizeof(text), "MAILCOW_HOSTNAME=a\n%s", rows[i].conf);
		assert_int_equal(envfile_parse(text, strlen(text), conf, &file, &complaints), 0);
		conf[27] = '\0';
		(void)text_format(text, sizeof(text), "%s/docker-compose.override.yml", conf);
		if (rows[i].compose)
			assert_int_equal(file_replace(text, rows[i].compose, strlen(rows[i].compose), 0600), 0);
		conf[27] = '/';
		assert_int_equal(project_read("", conf, &file, &project, &complaints), 0);
		assert_int_equal(mailcow_decide(&file, conf, &mailcow, &complaints), 0);
		assert_int_equal(published_apply(project.compose, &mailcow.services, &complaints), 0);
		show_services(&mailcow.services, shown, sizeof(shown));
		if (strcmp(shown, rows[i].services) != 0 || complaints.n != rows[i].complaints)
			fail_msg("%s: %s, %zu complaints: %s", rows[i].why, shown, complaints.n,
				 complaints.list[0].text);
		mailcow_clear(&mailcow);
		(void)unlink(text);
		(void)unlink(other);
		conf[27] = '\0';
		(void)rmdir(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_filled_in),
		cmocka_unit_test(what_is_filled_in_is_bounded),
		cmocka_unit_test(the_short_syntax),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(mailu_publishes_more_than_it_opens),
		cmocka_unit_test(the_other_way_round),
		cmocka_unit_test(a_container_seen_from_the_host),
		cmocka_unit_test(mailcow_is_what_compose_publishes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
