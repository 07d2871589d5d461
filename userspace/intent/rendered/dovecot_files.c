// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/dovecot_files.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* 2.3: ssl_cert = </file, where a value without "<" is the certificate itself. 2.4 names the file.
 */
static const struct {
	const char *key;
	enum dovecot_file file;
	bool is_inline;
} rows[] = {
	{ "ssl_cert", DOVECOT_CERT, true },
	{ "ssl_key", DOVECOT_KEY, true },
	{ "ssl_alt_cert", DOVECOT_ALT_CERT, true },
	{ "ssl_alt_key", DOVECOT_ALT_KEY, true },
	{ "ssl_server_cert_file", DOVECOT_CERT, false },
	{ "ssl_server_key_file", DOVECOT_KEY, false },
	{ "ssl_server_alt_cert_file", DOVECOT_ALT_CERT, false },
	{ "ssl_server_alt_key_file", DOVECOT_ALT_KEY, false },
};

void dovecot_files_read(struct dovecot_files *files, const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *to = files->paths[rows[i].file];

		if (strcmp(key, rows[i].key) != 0)
			continue;
		if (rows[i].is_inline && *value++ != '<')
			return;
		if (*value == '/' && text_copy(to, DOVECOT_VALUE_SIZE, value) < 0)
			to[0] = '\0';
		return;
	}
}

void dovecot_files_keep(struct rendering *rendering, const struct dovecot_files *files)
{
	struct certificate_files pair = { .protocol = files->protocol };

	if (files->protocol == PROTOCOL_COUNT)
		return;
	memcpy(pair.name, files->name, sizeof(pair.name));
	rendering_add_files(pair.certificate, pair.key, files->paths[DOVECOT_CERT],
			    files->paths[DOVECOT_KEY]);
	rendering_add_files(pair.certificate, pair.key, files->paths[DOVECOT_ALT_CERT],
			    files->paths[DOVECOT_ALT_KEY]);
	rendering_add_certificate(rendering, &pair);
}
