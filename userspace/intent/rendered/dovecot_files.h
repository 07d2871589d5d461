/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which certificates Dovecot's configuration names, for everybody or inside "protocol imap { }" and
 * "local_name mail.example.org { }". Private to intent/. Pure. */
#ifndef DOVECOT_FILES_H
#define DOVECOT_FILES_H

#include "intent/rendered/rendering.h"

#define DOVECOT_VALUE_SIZE 512

enum dovecot_file {
	DOVECOT_CERT,
	DOVECOT_KEY,
	DOVECOT_ALT_CERT,
	DOVECOT_ALT_KEY,
	DOVECOT_FILE_COUNT,
};

struct dovecot_files { /* zeroed: of everybody, none named */
	char name[SERVICE_NAME_SIZE];
	enum protocol protocol; /* PROTOCOL_COUNT: of none that we know */
	char paths[DOVECOT_FILE_COUNT][DOVECOT_VALUE_SIZE];
};

/* Takes a setting, if it is one that names a file. */
void dovecot_files_read(struct dovecot_files *files, const char *key, const char *value);

/* Hands the named ones over to @rendering. */
void dovecot_files_keep(struct rendering *rendering, const struct dovecot_files *files);

#endif
