// SPDX-License-Identifier: LGPL-2.1-or-later
/* A host made of a directory: its files, docker's containers, and /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/declared/discover.h"
#include "intent/declared/discover_processes.h"
#include "intent/declared/envfile.h"

static char root[64];

static int make_root(void **state)
{
	(void)strcpy(root, "/tmp/hearken-discover-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int remove_root(void **state)
{
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *path, const char *text, size_t size)
{
	char whole[256], directory[256];

	(void)text_format(whole, sizeof(whole), "%s%s", root, path);
	(void)text_copy(directory, sizeof(directory), whole);
	*strrchr(directory, '/') = '\0';
	assert_int_equal(file_make_directory(directory, 0755), 0);
	assert_int_equal(file_replace(whole, text, size, 0600), 0);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

static void put_container(const char *id, const char *json)
{
	char path[128];

	(void)text_format(path, sizeof(path), "/var/lib/docker/containers/%s/config.v2.json", id);
	put_text(path, json);
}

static void put_process(const char *pid, const char *cgroup, const char *command, const char *variables, size_t size)
{
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/%s/cgroup", pid);
	put_text(path, cgroup);
	(void)text_format(path, sizeof(path), "/proc/%s/comm", pid);
	put_text(path, command);
	(void)text_format(path, sizeof(path), "/proc/%s/environ", pid);
	put(path, variables, size);
}

static const struct candidate *find(const struct discovery *discovery, const char *path)
{
	for (size_t i = 0; i < discovery->n; i++)
		if (strcmp(discovery->list[i].path, path) == 0)
			return &discovery->list[i];
	return NULL;
}

static void expect(const struct discovery *discovery, const char *path, enum source_kind kind, const char *why)
{
	const struct candidate *candidate = find(discovery, path);

	if (!candidate || candidate->kind != kind || strcmp(candidate->why, why) != 0)
		fail_msg("%s: %s", path, candidate ? candidate->why : "not found");
}

static void an_empty_host_has_nothing(void **state)
{
	struct discovery discovery;

	assert_int_equal(discover(root, &discovery), 0);
	assert_int_equal(discovery.n, 0);
	assert_string_equal(discovery.unreadable, "");
}

static void files_lie_where_manuals_put_them(void **state)
{
	struct discovery discovery;

	put_text("/mailu/mailu.env", "TLS_FLAVOR=cert\n");
	put_text("/opt/mailu/mailu.env", "TLS_FLAVOR=cert\n");
	put_text("/opt/mailcow-dockerized/mailcow.conf", "MAILCOW_HOSTNAME=a\n");
	put_text("/srv/mailserver.env", "SSL_TYPE=\n");
	put_text("/opt/mailcow-dockerized/mailu.env", "");
	assert_int_equal(discover(root, &discovery), 0);
	assert_int_equal(discovery.n, 3); /* the second mailu.env is not looked for any more */
	expect(&discovery, "/mailu/mailu.env", SOURCE_MAILU, "it is there");
	expect(&discovery, "/opt/mailcow-dockerized/mailcow.conf", SOURCE_MAILCOW, "it is there");
	expect(&discovery, "/srv/mailserver.env", SOURCE_DOCKER_MAILSERVER, "it is there");
}

static void dockers_labels_tell_where(void **state)
{
	struct discovery discovery;

	put_text("/home/me/post/mailu.env", "TLS_FLAVOR=cert\n");
	put_text("/mailu/mailu.env", "TLS_FLAVOR=cert\n");
	put_text("/data/cow/mailcow.conf", "MAILCOW_HOSTNAME=a\n");
	put_container("1", "{\"Name\": \"/post-front-1\", \"State\": {\"Running\": true}, \"Config\": {\"Labels\": "
			   "{\"com.docker.compose.project\": \"post\", \"com.docker.compose.project.working_dir\": "
			   "\"/home/me/post\"}}}");
	put_container("2", "{\"Name\": \"/cow-1\", \"State\": {\"Running\": false}, \"Config\": {\"Labels\": "
			   "{\"com.docker.compose.project\": \"cow\", \"com.docker.compose.project.working_dir\": "
			   "\"/data/cow\"}}}");
	put_container("3", "{\"Config\": {\"Labels\": {\"com.docker.compose.project.working_dir\": \"data/cow\"}}}");
	put_container("4", "{\"Config\": {\"Labels\": {\"com.docker.compose.project.working_dir\": 7}}}");
	put_container("5", "{\"Config\": null}");
	put_container("6", "[]");
	assert_int_equal(discover(root, &discovery), 0);
	/* What runs counts, and what lies about besides does not. */
	assert_int_equal(discovery.n, 2);
	expect(&discovery, "/home/me/post/mailu.env", SOURCE_MAILU,
	       "directory of compose project post, whose container post-front-1 runs");
	expect(&discovery, "/data/cow/mailcow.conf", SOURCE_MAILCOW,
	       "directory of compose project cow, whose container cow-1 is stopped");
	assert_string_equal(discovery.unreadable, "");
}

static void broken_containers_are_told(void **state)
{
	struct discovery discovery;
	char json[128];

	put_text("/mailu/mailu.env", "");
	put_container("1", "{\"Name\": ");
	assert_int_equal(discover(root, &discovery), 0);
	assert_int_equal(discovery.n, 1);
	(void)text_format(json, sizeof(json), "%s/var/lib/docker/containers/1/config.v2.json: is no JSON", root);
	assert_string_equal(discovery.unreadable, json);
}

#define ENVIRON(text) text, sizeof(text) - 1

static void containers_tell_what_they_run_with(void **state)
{
	struct discovery discovery;

	put_process("7", "0::/system.slice/sshd.service\n", "sshd\n", ENVIRON("TLS_FLAVOR=cert\0"));
	put_process("100", "0::/system.slice/docker-aa.scope\n", "start.py\n", ENVIRON("PATH=/bin\0TLS_FLAVOR=cert\0"));
	put_process("101", "0::/system.slice/docker-aa.scope\n", "dovecot\n", ENVIRON("TLS_FLAVOR=notls\0"));
	put_process("102", "0::/kubepods.slice/x\n", "redis\n", ENVIRON("HOME=/\0"));
	put_process("103", "0::/machine.slice/libpod-bb.scope\n", "supervisord\n",
		    ENVIRON("ENABLE_FAIL2BAN=0\0SSL_TYPE=manual\0"));
	put_text("/proc/104/comm", "gone\n");
	put_text("/proc/self/cgroup", "docker");
	assert_int_equal(discover(root, &discovery), 0);
	assert_int_equal(discovery.n, 2);
	assert_true(discovery.list[0].is_environ && discovery.list[1].is_environ);
	assert_null(find(&discovery, "/proc/7/environ"));
	/* Directories need not be in the order of their numbers here: either process may stand for its container. */
	if (!find(&discovery, "/proc/101/environ"))
		expect(&discovery, "/proc/100/environ", SOURCE_MAILU,
		       "environment of start.py (pid 100) in a container");
	expect(&discovery, "/proc/103/environ", SOURCE_DOCKER_MAILSERVER,
	       "environment of supervisord (pid 103) in a container");
}

static void one_process_speaks_for_its_container(void **state)
{
	struct discovery discovery;

	put_process("100", "0::/system.slice/docker-aa.scope\n", "a\n", ENVIRON("TLS_FLAVOR=cert\0"));
	put_process("101", "0::/system.slice/docker-aa.scope\n", "b\n", ENVIRON("ENABLE_AMAVIS=1\0"));
	assert_int_equal(discover(root, &discovery), 0);
	assert_int_equal(discovery.n, 1);
}

/* Anybody may make cgroups of these names below his own, as many as he likes, and take no room with them. */
static void a_users_own_are_no_containers(void **state)
{
	struct discovery discovery;

	for (int i = 0; i < DISCOVER_CONTAINERS_MAX + 2; i++) {
		char pid[16], cgroup[160];

		(void)text_format(pid, sizeof(pid), "%d", 1000 + i);
		(void)text_format(cgroup, sizeof(cgroup),
				  "%s/user.slice/user-1000.slice/user@1000.service/docker-%d.scope\n",
				  i % 2 ? "0::" : "1:name=systemd:", i);
		put_process(pid, cgroup, "start.py\n", ENVIRON("TLS_FLAVOR=notls\0"));
	}
	assert_int_equal(discover(root, &discovery), 0);
	assert_int_equal(discovery.n, 0);
	put_process("9000", "12:pids:/docker/aa\n0::/system.slice/docker.service\n", "start.py\n",
		    ENVIRON("TLS_FLAVOR=cert\0"));
	put_process("9001", "0::/system.slice/docker-bb.scope/user.slice/user-5.slice/user@5.service\n", "a\n",
		    ENVIRON("ENABLE_AMAVIS=1\0"));
	assert_int_equal(discover(root, &discovery), 0);
	assert_int_equal(discovery.n, 2);
	assert_non_null(find(&discovery, "/proc/9000/environ"));
	assert_non_null(find(&discovery, "/proc/9001/environ"));
}

static void what_may_not_be_read_is_told(void **state)
{
	struct discovery discovery;
	char path[128];

	if (geteuid() == 0)
		skip(); /* root may read anything */
	put_process("100", "0::/system.slice/docker-aa.scope\n", "start.py\n", ENVIRON("TLS_FLAVOR=cert\0"));
	(void)text_format(path, sizeof(path), "%s/proc/100/environ", root);
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(discover(root, &discovery), 0);
	assert_int_equal(discovery.n, 0);
	assert_string_equal(discovery.unreadable, "the environment of containers' processes (process 100, for one): "
						  "Permission denied");
}

static void an_environment_is_taken_as_it_is(void **state)
{
	static const char text[] = "A=\"1\" # no comment\0B\0=c\0D==\0E=\0F=${A}";
	static const struct {
		const char *key, *value;
	} rows[] = {
		{ "A", "\"1\" # no comment" }, { "B", NULL }, { "", NULL }, { "D", "=" }, { "E", "" }, { "F", "${A}" },
	};
	struct envfile file = { 0 };

	assert_int_equal(envfile_parse_environ(text, sizeof(text) - 1, "f", &file), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct envfile_variable *found = envfile_find(&file, rows[i].key);

		if (!found != !rows[i].value || (found && strcmp(found->value, rows[i].value) != 0))
			fail_msg("%s: %s", rows[i].key, found ? found->value : "unset");
	}
	envfile_clear(&file);
	assert_int_equal(envfile_parse_environ("", 0, "f", &file), 0);
	assert_int_equal(file.n_list, 0);
	envfile_clear(&file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_host_has_nothing),
		TEST(files_lie_where_manuals_put_them),
		TEST(dockers_labels_tell_where),
		TEST(broken_containers_are_told),
		TEST(containers_tell_what_they_run_with),
		TEST(one_process_speaks_for_its_container),
		TEST(a_users_own_are_no_containers),
		TEST(what_may_not_be_read_is_told),
		cmocka_unit_test(an_environment_is_taken_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
