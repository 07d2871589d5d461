// SPDX-License-Identifier: LGPL-2.1-or-later
/* What containers are called, by the files of docker, podman and the kubelet, and where they live: below a
 * root of our own, with a /proc of plain files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "observe/owner/container.h"
#include "observe/owner/process.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "0123456789abcdff0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID3 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define ID4 "aaaaba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

#define ID5 "bbbbba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static char root[64];

static void put(const char *path, const char *text)
{
	char whole[512], *slash;

	(void)text_format(whole, sizeof(whole), "%s%s", root, path);
	slash = strrchr(whole, '/');
	*slash = '\0';
	assert_int_equal(file_make_directory(whole, 0755), 0);
	*slash = '/';
	assert_int_equal(file_replace(whole, text, strlen(text), 0644), 0);
}

static void put_process(int pid, const char *command, unsigned int start, const char *cgroup, const char *netns)
{
	char path[256], text[512], from[256], to[256];

	(void)text_format(path, sizeof(path), "/proc/%d/stat", pid);
	(void)text_format(text, sizeof(text), "%d (%s) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 %u 1 1 1 1 1", pid,
			  command, start);
	put(path, text);
	(void)text_format(path, sizeof(path), "/proc/%d/cgroup", pid);
	put(path, cgroup);
	if (!netns)
		return;
	/* Two names of one file have one inode, as two links to one namespace do. */
	(void)text_format(path, sizeof(path), "/netns/%s", netns);
	(void)text_format(from, sizeof(from), "%s%s", root, path);
	if (access(from, F_OK) < 0)
		put(path, netns);
	(void)text_format(to, sizeof(to), "%s/proc/%d/ns", root, pid);
	assert_int_equal(file_make_directory(to, 0755), 0);
	(void)text_append(to, sizeof(to), "/net");
	assert_int_equal(link(from, to), 0);
}

static uint32_t inode_of(const char *netns)
{
	char path[256];
	struct stat st;

	(void)text_format(path, sizeof(path), "%s/netns/%s", root, netns);
	assert_int_equal(stat(path, &st), 0);
	return (uint32_t)st.st_ino;
}

static int begin(void **state)
{
	(void)text_copy(root, sizeof(root), "/tmp/hearken-test-container.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];

	(void)text_format(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void test_names(void **state)
{
	static const char docker[] = "/var/lib/docker/containers/",
			  podman[] = "/var/lib/containers/storage/overlay-containers/";
	struct container_names names = { 0 };
	char path[512], name[CONTAINER_NAME_SIZE];

	(void)text_format(path, sizeof(path), "%s%s/config.v2.json", docker, ID);
	put(path, "{\"StreamConfig\":{},\"State\":{\"Pid\":7},\"ID\":\"" ID "\",\"Name\":\"/mailu-front-1\"}");
	(void)text_format(path, sizeof(path), "%s%s/config.v2.json", docker, ID2);
	put(path, "{\"Name\":"); /* cut off */
	(void)text_format(path, sizeof(path), "%scontainers.json", podman);
	put(path, "[{\"id\":\"x\",\"names\":[\"wrong\"]},{\"id\":7},[],{\"id\":\"" ID3
		  "\",\"names\":[\"front\",\"other\"]}]");
	put("/var/log/containers/mail-0_default_front-" ID4 ".log", "");
	container_name(&names, root, ID, name);
	assert_string_equal(name, "mailu-front-1");
	container_name(&names, root, ID2, name);
	assert_string_equal(name, "");
	container_name(&names, root, ID3, name);
	assert_string_equal(name, "front");
	container_name(&names, root, ID4, name);
	assert_string_equal(name, "mail-0_default_front");
	(void)text_format(path, sizeof(path), "%s%s/config.v2.json", docker, ID2);
	put(path, "{\"Name\":\"/late\"}");
	container_name(&names, root, ID2, name);
	assert_string_equal(name, "late");
	put("/etc/config.v2.json", "{\"Name\":\"/wrong\"}");
	container_name(&names, root, "../../../../etc", name); /* no id, so no path */
	assert_string_equal(name, "");
	/* An id is looked up once; afterwards its files need not be there. */
	(void)text_format(path, sizeof(path), "%s%s%s/config.v2.json", root, docker, ID);
	assert_int_equal(unlink(path), 0);
	container_name(&names, root, ID, name);
	assert_string_equal(name, "mailu-front-1");
	memset(&names, 0, sizeof(names));
	container_name(&names, root, ID, name);
	assert_string_equal(name, "");
}

static void test_odd_names(void **state)
{
	struct container_names names = { 0 };
	char name[CONTAINER_NAME_SIZE], longer[4096] = "{\"Name\":\"/";

	put("/var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/a\\nb\\u0007\\\"c\"}");
	container_name(&names, root, ID, name);
	assert_string_equal(name, "a?b?\"c");
	memset(longer + strlen(longer), 'x', 1000);
	(void)text_append(longer, sizeof(longer), "\"}");
	put("/var/lib/docker/containers/" ID3 "/config.v2.json", longer);
	container_name(&names, root, ID3, name);
	assert_int_equal(strlen(name), CONTAINER_NAME_SIZE - 1);
	/* More containers than are remembered. */
	for (int i = 0; i < CONTAINER_NAMES_MAX + 2; i++) {
		char id[CONTAINER_ID_SIZE], path[256];

		(void)text_format(id, sizeof(id), "%064x", i);
		(void)text_format(path, sizeof(path), "/var/lib/docker/containers/%s/config.v2.json", id);
		put(path, "{\"Name\":\"/one\"}");
		container_name(&names, root, id, name);
		assert_string_equal(name, "one");
	}
	container_name(&names, root, ID, name);
	assert_string_equal(name, "a?b?\"c");
}

static void test_find(void **state)
{
	struct container_names names = { 0 };
	struct container_place place;
	char ns[128];

	put("/var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/front\"}");
	put("/var/lib/docker/containers/" ID2 "/config.v2.json", "{\"Name\":\"/0123\"}");
	put_process(1, "systemd", 1, "0::/init.scope\n", "host");
	put_process(20, "dockerd", 5, "0::/system.slice/docker.service\n", "host");
	/* Pids say nothing of age. */
	put_process(30, "login", 90, "0::/system.slice/docker-" ID ".scope\n", "other");
	put_process(31, "a) b (c", 70, "0::/system.slice/docker-" ID ".scope\n", "front");
	put_process(32, "dovecot", 80, "4:memory:/docker/" ID "\n0::/\n", "front");
	put_process(40, "init", 60, "0::/docker/" ID2 "\n", "second");
	put("/var/lib/docker/containers/" ID5 "/config.v2.json", "{\"Name\":\"/aaaa\"}");
	put_process(33, "init", 60, "0::/docker/" ID5 "\n", "second");
	put_process(41, "init", 60, "0::/docker/" ID4 "\n", "second");
	put_process(50, "init", 60, "0::/lxc.payload.mail/init.scope\n", "lxc");
	put_process(51, "lxc-start", 50, "0::/lxc.monitor.mail\n", "host");
	put_process(60, "zombie", 60, "0::/docker/" ID3 "\n", NULL); /* has left its namespace */
	put("/proc/99/comm", "gone while it was read");
	put("/proc/version", "");

	assert_int_equal(container_find(&names, root, "front", &place), 0);
	assert_int_equal(place.pid, 31);
	assert_int_equal(place.netns, inode_of("front"));
	assert_string_equal(place.id, ID);
	assert_string_equal(place.name, "front");
	assert_string_equal(place.path, "/proc/31/ns/net");
	assert_int_equal(container_find(&names, root, ID, &place), 0);
	assert_int_equal(container_find(&names, root, "0123456789abcd", &place), -ENOTUNIQ);
	assert_int_equal(container_find(&names, root, "0123456789abcde", &place), 0);
	assert_int_equal(place.pid, 31);
	/* A name says more than the beginning of an id. */
	assert_int_equal(container_find(&names, root, "0123", &place), 0);
	assert_int_equal(place.pid, 40);
	assert_int_equal(container_find(&names, root, "aaaa", &place), 0);
	assert_int_equal(place.pid, 33);
	assert_int_equal(container_find(&names, root, "mail", &place), 0);
	assert_int_equal(place.pid, 50);
	assert_int_equal(container_find(&names, root, "mai", &place), -ESRCH);
	assert_int_equal(container_find(&names, root, "012", &place), -ESRCH); /* too short to stand for it */
	assert_int_equal(container_find(&names, root, ID3, &place), -ESRCH);
	assert_int_equal(container_find(&names, "/nonexistent", "front", &place), -ENOENT);
	assert_int_equal(container_find(&names, "", "no-such-container", &place), -ESRCH); /* the real /proc */
	/* Whose processes we may not look at is not gone. Root may look at all. */
	(void)text_format(ns, sizeof(ns), "%s/proc/50/ns", root);
	assert_int_equal(chmod(ns, 0), 0);
	assert_int_equal(container_find(&names, root, "mail", &place), geteuid() == 0 ? 0 : -EACCES);
	assert_int_equal(chmod(ns, 0755), 0);
	/* Renamed: not at once, since names are remembered, but once it was not to be found. */
	assert_int_equal(container_find(&names, root, "front", &place), 0);
	put("/var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/back\"}");
	assert_int_equal(container_find(&names, root, "back", &place), -ESRCH);
	assert_int_equal(container_find(&names, root, "back", &place), 0);
	assert_int_equal(place.pid, 31);
}

static void test_start_times(void **state)
{
	static const struct {
		const char *stat;
		int r;
		uint64_t ticks;
	} rows[] = {
		{ "7 (cat) R 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 1", 0, 12345 },
		{ "7 () ) S ((\n) R 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 42", 0, 42 },
		{ "7 (cat) R 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0", -EINVAL, 0 },
		{ "7 (cat) R 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 -5 1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ ")", -EINVAL, 0 },
	};
	struct timespec now;
	uint64_t ticks, now_ns;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ticks = 0;
		assert_int_equal(process_parse_start(rows[i].stat, &ticks), rows[i].r);
		assert_int_equal(ticks, rows[i].ticks);
	}
	/* Ourselves: not started an hour ago, and not in an hour. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	assert_int_equal(process_start("/proc", getpid(), &ticks), 0);
	assert_true(process_is(getpid(), ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK))));
	assert_false(process_is(getpid(), now_ns + UINT64_C(3600000000000)));
	assert_false(process_is(getpid(), 0));
	assert_false(process_is(-1, now_ns));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, begin, end),
		cmocka_unit_test_setup_teardown(test_odd_names, begin, end),
		cmocka_unit_test_setup_teardown(test_find, begin, end),
		cmocka_unit_test(test_start_times),
	};

	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
