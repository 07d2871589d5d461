// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_and_reads_back),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(a_failed_replacement_keeps_the_old),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
