// SPDX-License-Identifier: LGPL-2.1-or-later
/* Network namespaces that go, come back, and are others: a path to a plain file, whose inode stands for the
 * namespace's, and containers in a /proc of plain files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/daemon/places.h"
#include "base/file.h"
#include "base/text.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char root[64], heard[1024], detail[FACT_DETAIL_SIZE];
static struct core *core;
static struct places *places;
static struct service_set services;

static void note(const char *what)
{
	(void)text_append(heard, sizeof(heard), "%s%s", *heard ? ", " : "", what);
}

static void on_taken(const struct fact *fact, bool news, void *userdata)
{
	static const char *const words[] = { "there", "gone", "moved" };

	if (fact->kind != FACT_PLACE)
		return;
	note(words[fact->place.place]);
	(void)text_copy(detail, sizeof(detail), fact->place.detail);
}

static void on_compare(size_t place, bool seen, void *userdata)
{
	assert_int_equal(place, 0);
	note(seen ? "compare" : "compare first");
}

static void on_made_anew(size_t place, void *userdata)
{
	note("anew");
}

static void on_found(void *userdata)
{
	note("found");
}

static const struct core_callbacks on_core = { .taken = on_taken };
static const struct places_callbacks on_places = {
	.compare = on_compare,
	.made_anew = on_made_anew,
	.found = on_found,
};

static void path_of(const char *name, char to[static 256])
{
	(void)text_format(to, 256, "%s%s", root, name);
}

static void put(const char *name, const char *text)
{
	char path[256], *slash;

	path_of(name, path);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(file_make_directory(path, 0755), 0);
	*slash = '/';
	assert_int_equal(file_replace(path, text, strlen(text), 0644), 0);
}

static void put_process(int pid, const char *cgroup)
{
	char name[128], text[256];

	(void)text_format(name, sizeof(name), "/proc/%d/stat", pid);
	(void)text_format(text, sizeof(text), "%d (init) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 7 1 1 1 1 1",
			  pid);
	put(name, text);
	(void)text_format(name, sizeof(name), "/proc/%d/cgroup", pid);
	put(name, cgroup);
	(void)text_format(name, sizeof(name), "/proc/%d/ns/net", pid);
	put(name, "a namespace");
}

static uint32_t inode_of(const char *name)
{
	char path[256];
	struct stat st;

	path_of(name, path);
	assert_int_equal(stat(path, &st), 0);
	return (uint32_t)st.st_ino;
}

static void drop(const char *name)
{
	char path[256];

	path_of(name, path);
	assert_int_equal(unlink(path), 0);
}

static int begin(void **state)
{
	struct service *service;

	(void)text_copy(root, sizeof(root), "/tmp/hearken-test-places.XXXXXX");
	assert_non_null(mkdtemp(root));
	*heard = *detail = '\0';
	assert_int_equal(core_new(&on_core, NULL, &core), 0);
	assert_int_equal(places_new(core, root, &on_places, NULL, &places), 0);
	service = service_set_add(&services);
	*service = (struct service){ .name = "imap", .expected = true, .want.port = 143 };
	service = service_set_add(&services);
	*service = (struct service){ .name = "other", .expected = true, .place = 1, .want.port = 144 };
	assert_int_equal(core_adopt(core, &policy_default, &services), 0);
	return 0;
}

static int end(void **state)
{
	char command[128];

	places_free(places);
	core_free(core);
	service_set_clear(&services);
	(void)text_format(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void expect(const char *what)
{
	if (strcmp(heard, what) != 0)
		fail_msg("heard \"%s\", not \"%s\"", heard, what);
	*heard = '\0';
}

static const struct service_place *place(void)
{
	return &places_table(places)->list[0];
}

static void configure(const char *container, const char *netns)
{
	static struct config config;

	memset(&config, 0, sizeof(config));
	(void)text_copy(config.container, sizeof(config.container), container);
	if (*netns)
		path_of(netns, config.netns);
	places_configure(places, &config);
}

static void test_our_own(void **state)
{
	configure("", "");
	places_find(places);
	assert_int_equal(place()->netns, places_table(places)->host_netns);
	assert_null(place_path(place()));
	expect("found");
	places_tell(places, false);
	expect("compare first");
	places_look(places);
	expect("");
}

static void test_a_path(void **state)
{
	uint32_t first;

	put("/netns", "one");
	first = inode_of("/netns");
	configure("", "/netns");
	places_find(places);
	assert_int_equal(place()->netns, first);
	places_tell(places, false);
	expect("found, compare first");
	places_look(places);
	expect("");
	put("/netns", "another"); /* takes its place */
	assert_int_not_equal(inode_of("/netns"), first);
	places_look(places);
	expect("found, moved, compare");
	assert_int_equal(place()->netns_before, first);
	assert_non_null(strstr(detail, "made anew"));
	drop("/netns");
	places_look(places);
	expect("found, gone, compare");
	assert_non_null(strstr(detail, "is gone, and with it"));
	assert_int_equal(place()->netns, 0);
	places_look(places);
	expect("");
	places_tell(places, false); /* another set of services: they hear it too */
	expect("gone, compare first");
	put("/netns", "again");
	places_look(places);
	expect("found, moved, compare");
}

static void test_never_there(void **state)
{
	configure("", "/netns");
	places_find(places);
	places_tell(places, false);
	expect("gone, compare first");
	assert_non_null(strstr(detail, "is not there"));
}

/* A connection finds that its way leads nowhere. */
static void test_another_way(void **state)
{
	put("/netns", "one");
	configure("", "/netns");
	places_find(places);
	places_tell(places, false);
	*heard = '\0';
	assert_true(places_find_way(places, 0)); /* the same, after all */
	expect("");
	put("/netns", "another");
	assert_false(places_find_way(places, 0));
	expect("found");
	assert_true(timers_when(core_timers(core), TIMER_PLACE) != USEC_NEVER);
	timers_run(core_timers(core), USEC_NEVER - 1); /* what nobody was told, is told soon */
	expect("moved, compare");
	assert_false(places_find_way(places, 3));
}

static void test_a_container(void **state)
{
	static const char cgroup[] = "0::/system.slice/docker-" ID ".scope\n";
	struct config config = { .container = "front" };

	put("/var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/front\"}");
	put_process(100, cgroup);
	configure("front", "");
	places_find(places);
	assert_int_equal(place()->netns, inode_of("/proc/100/ns/net"));
	assert_int_equal(place()->pid, 100);
	assert_int_equal(places_process(places, &config), 100);
	places_tell(places, false);
	expect("found, compare first");
	drop("/proc/100/cgroup");
	drop("/proc/100/stat");
	places_look(places);
	expect("found, gone, compare");
	assert_non_null(strstr(detail, "container front (0123456789ab) is gone"));
	assert_int_equal(places_process(places, &config), 0);
	put_process(200, cgroup);
	places_look(places);
	expect("found, anew, moved, compare");
	assert_int_equal(places_process(places, &config), 200);
	(void)text_copy(config.container, sizeof(config.container), "0123456789ab");
	assert_int_equal(places_process(places, &config), 200); /* another word, as after a reload */
}

static void change(enum listener_change_kind kind, uint32_t netns, bool exiting, const char *name)
{
	struct listener listener = { .netns = netns };
	struct listener_change change = { .kind = kind, .listener = &listener, .end.exiting = exiting };

	timers_set(core_timers(core), TIMER_PLACE, USEC_NEVER);
	(void)text_copy(listener.container, sizeof(listener.container), *name ? ID : "");
	(void)text_copy(listener.container_name, sizeof(listener.container_name), name);
	places_on_change(places, &change);
}

static const struct {
	const char *why;
	enum listener_change_kind kind;
	bool here, exiting;
	const char *name; /* of its container */
	bool looked_for;
} changes[] = {
	{ "its process ended", LISTENER_CLOSED, true, true, "", true },
	{ "let go by who lives", LISTENER_CLOSED, true, false, "", false },
	{ "nobody knows why", LISTENER_GONE, true, false, "", true },
	{ "elsewhere", LISTENER_CLOSED, false, true, "", false },
	{ "opened in a container of its name", LISTENER_OPENED, false, false, "front", true },
	{ "opened in another", LISTENER_OPENED, false, false, "back", false },
	{ "opened here", LISTENER_OPENED, true, false, "front", false },
};

static void test_when_it_is_looked_for(void **state)
{
	put("/var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/front\"}");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bool looked_for;

		put_process(100, "0::/system.slice/docker-" ID ".scope\n");
		configure("", "");
		configure("front", ""); /* as new */
		places_find(places);
		change(changes[i].kind, changes[i].here ? place()->netns : 7, changes[i].exiting, changes[i].name);
		looked_for = timers_when(core_timers(core), TIMER_PLACE) != USEC_NEVER;
		if (looked_for != changes[i].looked_for)
			fail_msg("%s: %s", changes[i].why, looked_for ? "looked for" : "not looked for");
	}
	configure("", ""); /* the host's is always there */
	places_find(places);
	change(LISTENER_CLOSED, place()->netns, true, "");
	assert_true(timers_when(core_timers(core), TIMER_PLACE) == USEC_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_our_own, begin, end),
		cmocka_unit_test_setup_teardown(test_a_path, begin, end),
		cmocka_unit_test_setup_teardown(test_never_there, begin, end),
		cmocka_unit_test_setup_teardown(test_another_way, begin, end),
		cmocka_unit_test_setup_teardown(test_a_container, begin, end),
		cmocka_unit_test_setup_teardown(test_when_it_is_looked_for, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
