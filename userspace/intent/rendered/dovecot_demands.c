// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/dovecot_demands.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/own.h"
#include "base/text.h"
#include "intent/rendered/tls_settings.h"
#include "model/source.h"

/* ---- what is demanded ---- */

static const struct {
	const char *key;
	tls_setting_check *check;
} tls_rows[] = {
	{ "ssl_cipher_list", tls_settings_ciphers },
	{ "ssl_cipher_suites", tls_settings_suites },
	{ "ssl_curve_list", tls_settings_curves },
	{ "ssl_min_protocol", tls_settings_version },
	{ "ssl_dh", tls_settings_dh },
	{ "ssl_server_dh_file", tls_settings_dh },
	{ "dh_file", tls_settings_dh }, /* in ssl_server { } */
};

static tls_setting_check *find_check(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(tls_rows); i++)
		if (strcmp(tls_rows[i].key, key) == 0)
			return tls_rows[i].check;
	return NULL;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* The file that "<FILE" of 2.3, or X_file of 2.4, means; NULL: none, or one whose name only Dovecot
 * can tell. */
static const char *file_of(bool is_24, const char *key, const char *value)
{
	bool is_inline = *value == '<';

	if (is_inline)
		value += 1 + strspn(value + 1, " \t");
	else if (!is_24 || !ends_with(key, "_file") || *value != '/')
		return NULL;
	return *value && !strchr(value, '%') ? value : NULL;
}

static bool is_known(const struct dovecot_demands *demands, const struct dovecot_demand *demand)
{
	for (size_t i = 0; i < demands->n; i++)
		if (strcmp(demands->list[i].setting, demand->setting) == 0 &&
		    strcmp(demands->list[i].value, demand->value) == 0)
			return true;
	return false;
}

void dovecot_demands_hear(struct dovecot_demands *demands, const char *key, const char *value)
{
	const char *file = file_of(demands->is_24, key, value);
	struct dovecot_demand *demand;

	if (!*value || (!file && (!find_check(key) || find_check(key) == tls_settings_dh)))
		return;
	if (demands->n == DOVECOT_DEMANDS_MAX)
		return;
	demand = &demands->list[demands->n];
	if (text_copy(demand->setting, sizeof(demand->setting), key) < 0 ||
	    text_copy(demand->value, sizeof(demand->value), file ? file : value) < 0)
		return;
	text_sanitize(demand->setting);
	text_sanitize(demand->value);
	demand->is_file = file != NULL;
	demands->n += !is_known(demands, demand);
}

/* ---- whether it is met ---- */

/* As Dovecot would: it reads all of it. Returns 0 or -errno. */
static int try_file(const char *path)
{
	cleanup(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

/* A relative one starts where the file stands that names it, which doveconf does not tell: that is
 * the configuration's directory, or one in it. */
static int try_relative(const char *path, const char *file, char whole[static SOURCE_PATH_SIZE])
{
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash - path) : 0, r;
	char pattern[SOURCE_PATH_SIZE];
	glob_t paths = { 0 };

	if (text_format(whole, SOURCE_PATH_SIZE, "%.*s/%s", n, path, file) < 0 ||
	    text_format(pattern, sizeof(pattern), "%.*s/*/%s", n, path, file) < 0)
		return 0;
	r = try_file(whole);
	if (r == -ENOENT && glob(pattern, GLOB_NOSORT, NULL, &paths) == 0)
		r = 0;
	globfree(&paths);
	return r;
}

static void check_file(const struct dovecot_demand *demand, const char *path,
		       struct complaints *complaints)
{
	char whole[SOURCE_PATH_SIZE] = "";
	int r;

	if (demand->value[0] == '/')
		r = try_file(demand->value);
	else
		r = try_relative(path, demand->value, whole);
	/* What only its owner may read is Dovecot's, which reads it as root. */
	if (r == 0 || ((r == -EACCES || r == -EPERM) && geteuid() != 0))
		return;
	if (is_own_want(r)) {
		complain_failure(complaints, r, "%s: %s: %s cannot be looked at", path,
				 demand->setting, demand->value);
		return;
	}
	complain_error(complaints, "%s: %s: %s cannot be read (%s); Dovecot cannot start so", path,
		       demand->setting, *whole ? whole : demand->value, strerror(-r));
}

void dovecot_demands_check(const struct dovecot_demands *demands, const char *path, bool speaks_tls,
			   struct complaints *complaints)
{
	for (size_t i = 0; i < demands->n; i++) {
		const struct dovecot_demand *demand = &demands->list[i];
		tls_setting_check *check = find_check(demand->setting);
		char why[TLS_SETTINGS_WHY_SIZE];

		if (demand->is_file)
			check_file(demand, path, complaints);
		if (check && speaks_tls && !check(demand->value, why))
			complain_error(complaints,
				       "%s: %s = %.100s: %s; Dovecot turns every TLS client away",
				       path, demand->setting, demand->value, why);
	}
}
