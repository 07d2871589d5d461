// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a product's container is told by the files of its compose project. Each row was shown to docker compose 2.26.1
 * ("docker-compose config"); tests/interop/test_compose.sh does so with many more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/declared/project.h"

#define S     "services:\n"
#define FRONT S " front:\n  image: ghcr.io/mailu/nginx:2024.06\n  env_file: p.env\n"

#define FILES_MAX 5

static char directory[64];

static int make_directory(void **state)
{
	(void)strcpy(directory, "/tmp/hearken-project-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

static void put(const char *name, const char *text)
{
	char path[256], *slash;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	(void)mkdir(path, 0700);
	*slash = '/';
	assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
}

struct row {
	const char *why;
	const char *env; /* p.env */
	const char *files[FILES_MAX][2];
	const char *value;   /* of K; NULL: unset */
	const char *ports;   /* "587>2587 ..." of all */
	const char *said_in; /* the file that says K; NULL: p.env */
	size_t complaints;
};

static const struct row rows[] = {
	{ "no compose file", "K=v\n", { { 0 } }, .value = "v", .ports = "" },
	{ ".env", "K=${A}\n", { { ".env", "A=dot\n" } }, .value = "dot", .ports = "" },
	{ ".env is stronger than the lines above",
	  "A=own\nK=$A\n",
	  { { ".env", "A=dot\n" }, { "compose.yml", FRONT } },
	  .value = "dot",
	  .ports = "" },
	{ "an earlier env file is stronger than .env",
	  "A=own\n",
	  { { ".env", "A=dot\n" },
	    { "compose.yml", S " front: {image: nginx, env_file: [p.env, q.env]}\n" },
	    { "q.env", "K=$A\n" } },
	  .value = "own",
	  .ports = "",
	  .said_in = "q.env" },
	{ "environment is stronger",
	  "K=file\n",
	  { { "compose.yml", FRONT "  environment: {K: map}\n" } },
	  .value = "map",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "as a list",
	  "K=file\n",
	  { { "compose.yml", FRONT "  environment: [A=1, K=list]\n" } },
	  .value = "list",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "with variables",
	  "K=file\n",
	  { { ".env", "A=dot\n" }, { "compose.yml", FRONT "  environment: {K: '${A:-x}y'}\n" } },
	  .value = "doty",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "not of the env file",
	  "A=file\n",
	  { { "compose.yml", FRONT "  environment: {K: '${A:-x}'}\n" } },
	  .value = "x",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "a key alone",
	  "K=file\n",
	  { { ".env", "K=dot\n" }, { "compose.yml", FRONT "  environment: [K]\n" } },
	  .value = "dot",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "a key alone that nobody sets",
	  "K=file\n",
	  { { "compose.yml", FRONT "  environment: {K: }\n" } },
	  .value = NULL,
	  .ports = "" },
	{ "nothing is a value",
	  "K=file\n",
	  { { "compose.yml", FRONT "  environment: {K: ''}\n" } },
	  .value = "",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "a number",
	  "",
	  { { "compose.yml", FRONT "  environment: {K: 1}\n" } },
	  .value = "1",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "a word for yes",
	  "",
	  { { "compose.yml", FRONT "  environment: {K: True}\n" } },
	  .value = "true",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "a dollar",
	  "",
	  { { "compose.yml", FRONT "  environment: {K: a$$b}\n" } },
	  .value = "a$b",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "a variable that nobody sets",
	  "",
	  { { "compose.yml", FRONT "  environment: {K: 'a${B}'}\n" } },
	  .value = "a",
	  .ports = "",
	  .said_in = "compose.yml",
	  .complaints = 1 },
	{ "a merge key",
	  "K=file\n",
	  { { "compose.yml", "x: &x {K: x, A: 1}\n" FRONT "  environment:\n   <<: *x\n   A: 2\n" } },
	  .value = "x",
	  .ports = "",
	  .said_in = "compose.yml" },
	{ "several env files",
	  "K=1\n",
	  { { "compose.yml", S " front:\n  image: nginx\n  env_file: [p.env, q.env]\n" }, { "q.env", "K=2\n" } },
	  .value = "2",
	  .ports = "",
	  .said_in = "q.env" },
	{ "as objects, one that may lack",
	  "K=1\n",
	  { { "compose.yml",
	      S " front:\n  image: nginx\n  env_file:\n   - {path: no.env, required: false}\n   - path: p.env\n" } },
	  .value = "1",
	  .ports = "" },
	{ "one that lacks",
	  "K=1\n",
	  { { "compose.yml", S " front: {image: nginx, env_file: [no.env, p.env]}\n" } },
	  .value = "1",
	  .ports = "",
	  .complaints = 1 },
	{ "not given to anybody",
	  "K=1\n",
	  { { "compose.yml", S " front: {image: nginx, environment: {A: 1}}\n" } },
	  .value = "1",
	  .ports = "" },
	{ "another service's",
	  "K=1\n",
	  { { "compose.yml", FRONT " smtp: {image: mailu/postfix, env_file: p.env, environment: {K: 2}}\n" } },
	  .value = "1",
	  .ports = "" },
	{ "the override",
	  "K=1\n",
	  { { "compose.yml", FRONT "  ports: ['25:25']\n" },
	    { "compose.override.yml", S " front: {environment: {K: 2}, ports: ['587:587']}\n" } },
	  .value = "2",
	  .ports = "25>25 587>587",
	  .said_in = "compose.override.yml" },
	{ "of the older name",
	  "K=1\n",
	  { { "docker-compose.yml", FRONT }, { "docker-compose.override.yaml", S " front: {environment: {K: 2}}\n" } },
	  .value = "2",
	  .ports = "",
	  .said_in = "docker-compose.override.yaml" },
	{ "of the other name",
	  "K=1\n",
	  { { "compose.yaml", FRONT }, { "docker-compose.override.yml", S " front: {environment: {K: 2}}\n" } },
	  .value = "2",
	  .ports = "",
	  .said_in = "docker-compose.override.yml" },
	{ "!override",
	  "K=1\n",
	  { { "compose.yml", FRONT "  ports: ['25:25']\n  environment: {K: 2, A: 1}\n" },
	    { "compose.override.yml", S " front: {environment: !override {A: 3}, ports: !override ['587:587']}\n" } },
	  .value = "1",
	  .ports = "587>587" },
	{ "!reset of one",
	  "K=1\n",
	  { { "compose.yml", FRONT "  environment: {K: 2, A: 1}\n" },
	    { "compose.override.yml", S " front: {environment: {K: !reset null}}\n" } },
	  .value = "1",
	  .ports = "" },
	{ "COMPOSE_FILE",
	  "K=1\n",
	  { { ".env", "COMPOSE_FILE=a.yml:sub/b.yml\n" },
	    { "a.yml", FRONT },
	    { "sub/b.yml", S " front: {env_file: q.env, ports: ['25:25']}\n" },
	    { "q.env", "K=top\n" },
	    { "compose.yml", S " front: {image: nginx, environment: {K: unread}}\n" } },
	  .value = "top",
	  .ports = "25>25",
	  .said_in = "q.env" },
	{ "COMPOSE_PATH_SEPARATOR",
	  "K=1\n",
	  { { ".env", "COMPOSE_FILE=a.yml,b.yml\nCOMPOSE_PATH_SEPARATOR=,\n" },
	    { "a.yml", FRONT },
	    { "b.yml", S " front: {environment: {K: b}}\n" } },
	  .value = "b",
	  .ports = "",
	  .said_in = "b.yml" },
	{ "extends",
	  "K=1\n",
	  { { "compose.yml", S " front: {extends: base, image: nginx, env_file: p.env}\n base: {environment: {K: "
			       "base}, ports: ['25:25']}\n" } },
	  .value = "base",
	  .ports = "25>25 25>25",
	  .said_in = "compose.yml" },
	{ "extends another file",
	  "A=1\n",
	  { { "compose.yml",
	      S " front:\n  extends: {service: base, file: sub/base.yml}\n  image: nginx\n  env_file: p.env\n" },
	    { "sub/base.yml", S " base: {env_file: q.env, ports: ['25:25']}\n" },
	    { "sub/q.env", "K=sub\n" },
	    { "q.env", "K=top\n" } },
	  .value = "sub",
	  .ports = "25>25",
	  .said_in = "sub/q.env" },
	{ "include",
	  "K=1\n",
	  { { "compose.yml", "include: [sub/compose.yml]\n" FRONT },
	    { "sub/compose.yml", S " other: {image: x, ports: ['${P}:25']}\n" },
	    { "sub/.env", "P=2525\n" } },
	  .value = "1",
	  .ports = "25>2525" },
	{ "include, whose variables are weaker",
	  "K=1\n",
	  { { "compose.yml", "include:\n - path: sub/compose.yml\n" FRONT },
	    { "sub/compose.yml", S " other: {image: x, ports: ['${P}:25']}\n" },
	    { "sub/.env", "P=2525\n" },
	    { ".env", "P=26\n" } },
	  .value = "1",
	  .ports = "25>26" },
	{ "include itself",
	  "K=1\n",
	  { { "compose.yml", "include: [compose.yml]\n" FRONT } },
	  .value = "1",
	  .ports = "",
	  .complaints = 1 },
	{ "extends in a circle of files",
	  "K=1\n",
	  { { "compose.yml", FRONT "  extends: {service: front, file: compose.yml}\n" } },
	  .value = "1",
	  .ports = "",
	  .complaints = 1 },
	{ "profiles",
	  "K=1\n",
	  { { ".env", "COMPOSE_PROFILES=a, b\n" },
	    { "compose.yml", FRONT "  ports: ['25:25']\n x: {image: x, profiles: [b], ports: ['465:465']}\n"
				   " y: {image: y, profiles: [c], ports: ['587:587']}\n" } },
	  .value = "1",
	  .ports = "25>25 465>465" },
	{ "the host's network",
	  "K=1\n",
	  { { "compose.yml", FRONT "  network_mode: host\n  ports: ['25:25']\n" } },
	  .value = "1",
	  .ports = "" },
	{ "addresses of two families",
	  "K=1\n",
	  { { ".env", "B=2001:db8::1\n" }, { "compose.yml", FRONT "  ports: ['${B}:587:587', '[::1]:25:25']\n" } },
	  .value = "1",
	  .ports = "587>587 25>25" },
	{ "not YAML", "K=1\n", { { "compose.yml", "a: [\n" } }, .value = "1", .ports = "", .complaints = 1 },
};

static void show_ports(const struct compose *compose, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; compose && i < compose->n_ports; i++)
		(void)text_append(to, size, "%s%u>%u", i ? " " : "", compose->ports[i].port,
				  compose->ports[i].host_port);
}

static void check(const struct row *row, const char *path)
{
	static const struct project_sign sign = { "nginx", "front" };
	cleanup(project_clear) struct project project = { 0 };
	cleanup(envfile_clear) struct envfile file = { 0 };
	struct complaints complaints = { 0 };
	const struct envfile_variable *found;
	char ports[256];

	assert_int_equal(project_read("", path, NULL, &project, &complaints), 0);
	assert_int_equal(project_environment(&project, project_service(&project, path, &sign), path, row->env,
					     strlen(row->env), &file, &complaints),
			 0);
	found = envfile_find(&file, "K");
	show_ports(project.compose, ports, sizeof(ports));
	if (!found != !row->value || (found && strcmp(found->value, row->value) != 0) ||
	    strcmp(ports, row->ports) != 0 || complaints.n != row->complaints)
		fail_msg("%s: K is %s, ports %s, %zu complaints: %s", row->why, found ? found->value : "unset", ports,
			 complaints.n, complaints.list[0].text);
	if (found && strcmp(found->path + strlen(directory) + 1, row->said_in ? row->said_in : "p.env") != 0)
		fail_msg("%s: said in %s", row->why, found->path);
}

static void the_container_is_told(void **state)
{
	char path[128], command[256];

	(void)snprintf(path, sizeof(path), "%s/p.env", directory);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		(void)snprintf(command, sizeof(command), "rm -rf %s/* %s/.env", directory, directory);
		assert_int_equal(system(command), 0);
		put("p.env", rows[i].env);
		for (size_t j = 0; j < FILES_MAX && rows[i].files[j][0]; j++)
			put(rows[i].files[j][0], rows[i].files[j][1]);
		check(&rows[i], path);
	}
}

/* The project may lie above its env file, and is another one when it does not name it. */
static void it_is_looked_for_above(void **state)
{
	static const struct row above = { .env = "A=1\n", .value = "up", .ports = "25>25", .said_in = "compose.yml" };
	static const struct row other = { .env = "A=1\n", .value = NULL, .ports = "" };
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/conf/p.env", directory);
	put("conf/p.env", above.env);
	put("compose.yml", S " front: {image: nginx, env_file: conf/p.env, environment: {K: up}, ports: ['25:25']}\n");
	check(&above, path);
	put("compose.yml", S " front: {image: nginx, env_file: conf/q.env, environment: {K: up}, ports: ['25:25']}\n");
	check(&other, path);
}

/* What docker keeps of a container tells with which files it was started. */
static void labels_tell_the_files(void **state)
{
	char root[128], path[128], text[1024];
	cleanup(project_clear) struct project project = { 0 };
	struct complaints complaints = { 0 };

	(void)snprintf(root, sizeof(root), "%s/root", directory);
	(void)snprintf(path, sizeof(path), "%s/m/p.env", directory);
	for (const char *s = "root/var/lib/docker/containers/c/x"; (s = strchr(s, '/')); s++) {
		char part[128];

		(void)snprintf(part, sizeof(part), "%s/%.*s", directory,
			       (int)(s - "root/var/lib/docker/containers/c/x"), "root/var/lib/docker/containers/c/x");
		(void)mkdir(part, 0700);
	}
	(void)snprintf(text, sizeof(text),
		       "{\"State\":{\"Running\":true},\"Name\":\"/f\",\"Config\":{\"Labels\":{"
		       "\"com.docker.compose.project.working_dir\":\"%1$s/m\","
		       "\"com.docker.compose.project.config_files\":\"%1$s/m/base.yml,%1$s/m/prod.yml\"}}}",
		       directory);
	put("root/var/lib/docker/containers/c/config.v2.json", text);
	put("m/p.env", "K=1\n");
	put("m/base.yml", FRONT "  ports: ['25:25']\n");
	put("m/prod.yml", S " front: {ports: ['587:587']}\n");
	put("m/compose.yml", S " front: {ports: ['465:465']}\n");
	assert_int_equal(project_read(root, path, NULL, &project, &complaints), 0);
	show_ports(project.compose, text, sizeof(text));
	assert_string_equal(text, "25>25 587>587");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_container_is_told),
		cmocka_unit_test(it_is_looked_for_above),
		cmocka_unit_test(labels_tell_the_files),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
