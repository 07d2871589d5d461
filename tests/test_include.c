// SPDX-License-Identifier: LGPL-2.1-or-later
/* Configurations of several files, here and below the root of a container. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "intent/rendered/include.h"
#include "intent/rendered/include_glob.h"
#include "intent/rendered/nginx_conf.h"
#include "intent/rendered/smtpd_conf.h"
#include "tests/support/show_rendering.h"

static char directory[64];

static void put(const char *name, const char *text)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (text)
		assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
	else
		(void)unlink(path);
}

static void includes_are_read(void **state)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	cleanup(fd_closep) int root = -1;
	char path[128], shown[256];

	(void)strcpy(directory, "/tmp/hearken-include-XXXXXX");
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/nginx.conf", directory);
	put("nginx.conf", "mail { include mail-*.conf; include gone.conf; } # include nothing.conf;\n");
	put("mail-a.conf", "server { listen 143; }\ninclude nginx.conf;");
	put("mail-b.conf", "server { listen 110; }");
	put("other.conf", "server { listen 25; }");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(include_read(root, path, &text, &complaints), 0);
	assert_int_equal(complaints.n, 1);
	assert_non_null(strstr(complaints.list[0].text, "gone.conf: included, but cannot be read: No such file"));
	assert_null(strstr(text, "listen 25"));
	assert_int_equal(nginx_conf_parse(text, strlen(text), path, &rendering, &complaints), -EINVAL); /* a loop */
	put("mail-a.conf", "server { listen 143; }");
	free(TAKE_PTR(text));
	assert_int_equal(include_read(root, path, &text, &complaints), 0);
	assert_int_equal(nginx_conf_parse(text, strlen(text), path, &rendering, &complaints), 0);
	show_rendering(&rendering, shown, sizeof(shown));
	assert_string_equal(shown, "110-[0.0.0.0] 143-[0.0.0.0]");
	rendering_clear(&rendering);
	free(TAKE_PTR(text));
	put("nginx.conf", NULL);
	assert_int_equal(include_read(root, path, &text, &complaints), -ENOENT);
	put("mail-a.conf", NULL);
	put("mail-b.conf", NULL);
	put("other.conf", NULL);
	assert_int_equal(rmdir(directory), 0);
}

static int note_path(void *userdata, const char *path)
{
	char *to = userdata;

	(void)strcat(strcat(to, *to ? " " : ""), path);
	return 0;
}

/* Below another's root: a link leads nowhere else, a pattern finds what is there. */
static void roots_are_kept(void **state)
{
	static const struct {
		const char *pattern, *found;
	} rows[] = {
		{ "/conf/*.conf", "/conf/a.conf /conf/b.conf /conf/out.conf" },
		{ "/c*/b.con[f]", "/conf/b.conf" },
		{ "/*/?.conf", "/conf/a.conf /conf/b.conf /in.d/a.conf /in.d/b.conf" },
		{ "/conf/.*", "/conf/. /conf/.. /conf/.hidden" },
		{ "/conf/a.conf", "/conf/a.conf" },
		{ "/conf/none.conf", "/conf/none.conf" }, /* its reader complains */
		{ "/conf/*/none", "" },
		{ "/*.d/a.conf", "/in.d/a.conf" },
		{ "/out.d/*", "" }, /* it leads to a directory that is not below */
		{ "/../../*nf/a.conf", "/../../conf/a.conf" },
	};
	cleanup(fd_closep) int root = -1;
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	char path[128], found[512];

	(void)strcpy(directory, "/tmp/hearken-include-XXXXXX");
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/conf", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	put("conf/a.conf", "a");
	put("conf/b.conf", "include /conf/a.conf;include /conf/out.conf;");
	put("conf/.hidden", "");
	(void)snprintf(path, sizeof(path), "%s/conf/out.conf", directory);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	(void)snprintf(path, sizeof(path), "%s/in.d", directory);
	assert_int_equal(symlink("/conf", path), 0);
	(void)snprintf(path, sizeof(path), "%s/out.d", directory);
	assert_int_equal(symlink("../../../../../etc", path), 0);
	root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		*found = '\0';
		assert_int_equal(include_glob(root, rows[i].pattern, note_path, found), 0);
		assert_string_equal(found, rows[i].found);
	}
	assert_int_equal(include_read(root, "/conf/b.conf", &text, &complaints), 0);
	assert_non_null(strstr(text, "# configuration file /conf/a.conf:\na\n"));
	assert_null(strstr(text, "root:"));
	assert_int_equal(complaints.n, 1);
	put("out.d", NULL);
	put("in.d", NULL);
	put("conf/out.conf", NULL);
	put("conf/.hidden", NULL);
	put("conf/b.conf", NULL);
	put("conf/a.conf", NULL);
	(void)snprintf(path, sizeof(path), "%s/conf", directory);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* A large file that a small one includes again and again. */
static void includes_are_bounded(void **state)
{
	static const char head[] = "# configuration file /a:\n", next[] = "# configuration file /b:\n";
	size_t room = RENDERING_TEXT_MAX;
	cleanup(memory_freep) char *text = malloc(room + 1);
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	size_t n = (size_t)sprintf(text, "%s", head);

	assert_non_null(text);
	for (int i = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, "include /b;\n");
	n += (size_t)sprintf(text + n, "%s", next);
	memset(text + n, '\n', room - n);
	text[room] = '\0';
	assert_int_equal(nginx_conf_parse(text, room, "n", &rendering, &complaints), -EINVAL);
	assert_string_equal(complaints.list[0].text, "n: what it includes is more than 16 MiB in all");
	for (char *s = text; (s = strstr(s, ";\n")); s++)
		*s = ' ';
	assert_int_equal(smtpd_conf_parse(text, room, NULL, "s", &rendering, &complaints), -EINVAL);
	assert_string_equal(complaints.list[1].text, "s: what it includes is more than 16 MiB in all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(includes_are_read),
		cmocka_unit_test(roots_are_kept),
		cmocka_unit_test(includes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
