// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file_watch.h"

static char directory[64];

static void run(const char *commands)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "cd '%s' && { %s; } >/dev/null 2>&1", directory, commands);
	if (system(line) != 0)
		fail_msg("cannot run: %s", commands);
}

static int make_directory(void **state)
{
	(void)strcpy(directory, "/tmp/hearken-watch-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

/* Everything that is to be told is there at once: inotify queues before the system call returns. */
static int look(struct file_watch *watch)
{
	struct pollfd pfd = { .fd = file_watch_fd(watch), .events = POLLIN };
	int changed = 0;

	while (poll(&pfd, 1, 0) > 0) {
		int r = file_watch_read(watch);

		if (r < 0)
			return r;
		changed |= r;
	}
	return changed;
}

static const struct {
	const char *why;
	const char *before; /* shell commands in the test's directory */
	const char *path;   /* below it */
	const char *change;
	int expected;
} rows[] = {
	{ "nothing", "echo a >f", "f", "true", 0 },
	{ "written in place", "echo a >f", "f", "echo b >f", 1 },
	{ "the same again", "echo a >f", "f", "echo a >f", 1 },
	{ "renamed over", "echo a >f; echo b >g", "f", "mv g f", 1 },
	{ "made readable", "echo a >f; chmod 0 f", "f", "chmod 644 f", 1 },
	{ "removed", "echo a >f", "f", "rm f", 1 },
	{ "created", "true", "f", "echo a >f", 1 },
	{ "created, its directory too", "true", "x/y/f", "mkdir -p x/y; echo a >x/y/f", 1 },
	{ "its directory renamed away", "mkdir x; echo a >x/f", "x/f", "mv x z", 1 },
	{ "its directory renamed there", "mkdir z; echo a >z/f", "x/f", "mv z x", 1 },
	{ "a neighbour", "echo a >f; echo b >g", "f", "echo c >g; rm g; touch h; mv h i", 0 },
	{ "only read", "echo a >f", "f", "cat f", 0 },
	{ "a link swapped", "echo a >a; echo b >b; ln -s a f", "f", "ln -s b n; mv -T n f", 1 },
	{ "behind a link, written", "mkdir x; echo a >x/a; ln -s x/a f", "f", "echo b >x/a", 1 },
	{ "a link's target created", "ln -s x/a f", "f", "mkdir x; echo a >x/a", 1 },
	{ "as Kubernetes does it",
	  "mkdir v ..1 ..2; mv ..1 ..2 v; echo a >v/..1/f; echo b >v/..2/f; ln -s ..1 v/..data; ln -s ..data/f v/f",
	  "v/f", "ln -s ..2 v/n; mv -T v/n v/..data", 1 },
	{ "as certbot does it", "mkdir -p live/x archive/x; echo 1 >archive/x/c1; ln -s ../../archive/x/c1 live/x/c",
	  "live/x/c", "echo 2 >archive/x/c2; ln -sf ../../archive/x/c2 live/x/c", 1 },
	{ "an absolute link", "mkdir x; echo a >x/a; ln -s \"$PWD/x/a\" f", "f", "echo b >x/a", 1 },
	{ "links in a circle", "ln -s b a; ln -s a b", "a", "rm b; echo x >b", 1 },
	{ "conf.d: a new file", "mkdir d", "d", "echo a >d/10.conf", 1 },
	{ "conf.d: a file written", "mkdir d; echo a >d/10.conf", "d", "echo b >d/10.conf", 1 },
	{ "conf.d: an editor's own", "mkdir d", "d", "touch d/.10.conf.swp d/10.conf~ d/.hidden.conf d/.conf", 0 },
	{ "conf.d: made", "true", "d", "mkdir d", 1 },
};

static void changes_are_told(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup(file_watch_freep) struct file_watch *watch = NULL;
		char path[256];
		const char *paths[] = { path };
		int r;

		run("find . -mindepth 1 -delete");
		run(rows[i].before);
		(void)snprintf(path, sizeof(path), "%s/%s", directory, rows[i].path);
		assert_int_equal(file_watch_new(&watch), 0);
		assert_int_equal(file_watch_set(watch, paths, 1), 0);
		assert_int_equal(look(watch), 0);
		run(rows[i].change);
		r = look(watch);
		if (r != rows[i].expected)
			fail_msg("%s: %d", rows[i].why, r);
		if (look(watch) != 0)
			fail_msg("%s: told twice", rows[i].why);
	}
}

/* The watch must hold on after whatever it told of. */
static void and_the_next_one_too(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup(file_watch_freep) struct file_watch *watch = NULL;
		char path[256], again[512];
		const char *paths[] = { path };

		if (!rows[i].expected || strcmp(rows[i].why, "its directory renamed away") == 0)
			continue;
		run("find . -mindepth 1 -delete");
		run(rows[i].before);
		(void)snprintf(path, sizeof(path), "%s/%s", directory, rows[i].path);
		assert_int_equal(file_watch_new(&watch), 0);
		assert_int_equal(file_watch_set(watch, paths, 1), 0);
		run(rows[i].change);
		assert_int_equal(look(watch), 1);
		(void)snprintf(again, sizeof(again), "if [ -d %s ]; then echo a >%s/99.conf; else echo more >>%s; fi",
			       rows[i].path, rows[i].path, rows[i].path);
		run(again);
		if (look(watch) != 1)
			fail_msg("%s: what came after is not told", rows[i].why);
	}
}

/* Who has read the files sets the watch anew: what changed in between must not be lost. */
static void and_what_came_before_it_was_set_again(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup(file_watch_freep) struct file_watch *watch = NULL;
		char path[256], other[256];
		const char *paths[] = { path, other };

		run("find . -mindepth 1 -delete");
		run(rows[i].before);
		(void)snprintf(path, sizeof(path), "%s/%s", directory, rows[i].path);
		(void)snprintf(other, sizeof(other), "%s/other", directory);
		assert_int_equal(file_watch_new(&watch), 0);
		assert_int_equal(file_watch_set(watch, paths, 1), 0);
		run(rows[i].change);
		assert_int_equal(file_watch_set(watch, paths, 2), 0);
		if (look(watch) != rows[i].expected)
			fail_msg("%s: lost", rows[i].why);
	}
}

static void what_cannot_be_watched_is_said(void **state)
{
	cleanup(file_watch_freep) struct file_watch *watch = NULL;
	const char *relative[] = { "f" };
	const char *many[FILE_WATCH_PATHS_MAX + 1];
	char first[256];

	(void)snprintf(first, sizeof(first), "%s/f", directory);
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = first;
	assert_int_equal(file_watch_new(&watch), 0);
	assert_int_equal(file_watch_set(watch, relative, 1), -EINVAL);
	assert_int_equal(file_watch_set(watch, many, FILE_WATCH_PATHS_MAX + 1), -E2BIG);
	run("echo a >f");
	assert_int_equal(look(watch), 1); /* the others are watched */
	assert_int_equal(file_watch_set(watch, NULL, 0), 0);
	run("echo b >f");
	assert_int_equal(look(watch), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changes_are_told, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(and_the_next_one_too, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(and_what_came_before_it_was_set_again, make_directory,
						remove_directory),
		cmocka_unit_test_setup_teardown(what_cannot_be_watched_is_said, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
