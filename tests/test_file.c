// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

static char directory[64], path[96];

static int make_directory(void **state)
{
	(void)strcpy(directory, "/tmp/hearken-file-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/file.prom", directory);
	return 0;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

static void replaces_and_reads_back(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	struct stat st;
	struct dirent *entry;
	size_t size = 0, n = 0;
	mode_t before = umask(0077);
	DIR *dir;

	assert_int_equal(file_replace(path, "old", 3, 0644), 0);
	assert_int_equal(file_replace(path, "new\0x", 5, 0644), 0);
	(void)umask(before);
	assert_int_equal(file_read(path, 5, &text, &size), 0);
	assert_int_equal(size, 5);
	assert_memory_equal(text, "new\0x", 6);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	dir = opendir(directory);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	(void)closedir(dir);
	assert_int_equal(n, 1); /* nothing half-written is left */
}

static void the_limit_is_exact(void **state)
{
	cleanup(memory_freep) char *text = NULL;

	assert_int_equal(file_replace(path, "12345", 5, 0644), 0);
	assert_int_equal(file_read(path, 4, &text, NULL), -EFBIG);
	assert_null(text);
	assert_int_equal(file_read(path, 5, &text, NULL), 0);
	assert_string_equal(text, "12345");
}

static void what_is_no_file_is_refused(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	char fifo[128];

	assert_int_equal(file_read(directory, 100, &text, NULL), -EISDIR);
	assert_int_equal(file_read("/nonexistent", 100, &text, NULL), -ENOENT);
	assert_int_equal(file_read("/dev/zero", 100, &text, NULL), -EFBIG);
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_read(fifo, 100, &text, NULL), 0); /* nobody writes: empty, no hang */
	assert_string_equal(text, "");
	(void)unlink(fifo);
	assert_int_equal(file_replace("/nonexistent/x", "", 0, 0644), -ENOENT);
}

static void a_failed_replacement_keeps_the_old(void **state)
{
	char sub[128], inner[160];

	(void)snprintf(sub, sizeof(sub), "%s/a/b", directory);
	assert_int_equal(file_make_directory(sub, 0700), 0);
	assert_int_equal(file_make_directory(sub, 0700), 0);
	(void)snprintf(inner, sizeof(inner), "%s/a", directory);
	assert_int_equal(file_replace(inner, "x", 1, 0644), -EISDIR); /* a directory is in its place */
	assert_int_equal(file_make_directory(path, 0700), -ENOTDIR);
}

/* A tree as a hostile container has it: each row is what it made of "file", and what reading it gives. */
static void reads_only_below(void **state)
{
	static const struct {
		const char *why, *make; /* in the tree, a shell's words */
		int r;
		const char *text;
	} rows[] = {
		{ "a file", "echo in >file", 0, "in\n" },
		{ "a link beside it", "echo in >other; ln -s other file", 0, "in\n" },
		{ "an absolute link is one of its own root", "echo in >secret; ln -s /secret file", 0, "in\n" },
		{ "as many .. as it likes", "echo in >secret; ln -s ../../../../../secret file", 0, "in\n" },
		{ "a file of ours is not there", "ln -s ../outside file", -ENOENT, NULL },
		{ "nor by its whole path", "ln -s $OUTSIDE file", -ENOENT, NULL },
		{ "a magic link", "mkdir -p proc/self; ln -s /proc/self/cwd file; ln -s $PWD proc/self/cwd", -ENOENT,
		  NULL },
		{ "a fifo", "mkfifo file", -EINVAL, NULL },
		{ "a socket",
		  "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"file\", Listen => 1) or die'", -EINVAL,
		  NULL },
		{ "a directory", "mkdir file", -EISDIR, NULL },
		{ "a link to itself", "ln -s file file", -ELOOP, NULL },
		{ "nothing", "true", -ENOENT, NULL },
		{ "too much", "printf 1234567890123456789012345678901234567 >file", -EFBIG, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static const char *const spellings[] = { "file", "/file", "../file", "/../../file" };
		char command[512];
		int root;

		(void)snprintf(command, sizeof(command),
			       "rm -rf '%s'/*; mkdir '%s/tree'; echo out >'%s/outside'; OUTSIDE='%s/outside'; "
			       "cd '%s/tree' && { %s; }",
			       directory, directory, directory, directory, directory, rows[i].make);
		assert_int_equal(system(command), 0);
		(void)snprintf(command, sizeof(command), "%s/tree", directory);
		root = open(command, O_PATH | O_DIRECTORY | O_CLOEXEC);
		for (size_t k = 0; k < ARRAY_SIZE(spellings); k++) {
			cleanup(memory_freep) char *text = NULL;
			int r = file_read_below(root, spellings[k], 36, &text, NULL);

			if (r != rows[i].r || (r == 0 && strcmp(text, rows[i].text) != 0))
				fail_msg("%s: %s: %d, %s", rows[i].why, spellings[k], r, text ? text : "-");
			if (file_exists_below(root, spellings[k]) != (strcmp(rows[i].make, "true") != 0))
				fail_msg("%s: %s: there or not", rows[i].why, spellings[k]);
		}
		(void)close(root);
	}
}

/* /proc has the real ones, and no file system has devices that anybody may make. */
static void opens_no_device_and_no_magic_link(void **state)
{
	static const struct {
		const char *root, *path;
		int r;
	} rows[] = {
		{ "/dev", "null", -EINVAL },	  { "/dev", "/zero", -EINVAL },
		{ "/proc", "self/exe", -ELOOP },  { "/proc", "self/root/etc/passwd", -ELOOP },
		{ "/proc", "self/fd/0", -ELOOP }, { "/", "/proc/self/cwd/x", -ELOOP },
		{ "/proc", "self/stat", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup(memory_freep) char *text = NULL;
		cleanup(fd_closep) int root = open(rows[i].root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		int r = file_read_below(root, rows[i].path, 4096, &text, NULL);

		if (r != rows[i].r)
			fail_msg("%s below %s: %d", rows[i].path, rows[i].root, r);
	}
}

/* A name that leaves no room for a hidden one beside it stands for a disk without room. */
static void news_take_the_place_of_old_words(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	char name[NAME_MAX], file[96 + NAME_MAX], other[128];

	(void)memset(name, 'x', sizeof(name));
	(void)snprintf(file, sizeof(file), "%s/%.*s", directory, (int)sizeof(name) - 1, name);
	(void)snprintf(other, sizeof(other), "%s/other", directory);
	assert_int_equal(file_tell(path, "fresh", 5, 0644), 0);
	assert_int_equal(file_tell(file, "news", 4, 0644), -ENAMETOOLONG);
	assert_int_equal(close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
	assert_int_equal(file_tell(file, "some old words", 14, 0644), 0);
	assert_int_equal(file_tell(file, "news", 4, 0644), 0);
	assert_int_equal(file_read(file, 100, &text, NULL), 0);
	assert_string_equal(text, "news");

	/* Another name of a third file is not written through, and the old words go. */
	assert_int_equal(link(file, other), 0);
	assert_int_equal(file_tell(file, "more", 4, 0644), -ENAMETOOLONG);
	assert_int_equal(access(file, F_OK), -1);
	free(TAKE_PTR(text));
	assert_int_equal(file_read(other, 100, &text, NULL), 0);
	assert_string_equal(text, "news");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_and_reads_back),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(a_failed_replacement_keeps_the_old),
		cmocka_unit_test(reads_only_below),
		cmocka_unit_test(opens_no_device_and_no_magic_link),
		cmocka_unit_test(news_take_the_place_of_old_words),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
