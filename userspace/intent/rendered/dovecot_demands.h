/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Dovecot's configuration needs beside itself: files, without which it does not start, and
 * words that OpenSSL has to know, or every TLS client is turned away. doveconf takes all of it.
 *
 * 2.3 reads every "<FILE" at its start, wherever it stands, and 2.4 every setting *_file; the TLS
 * settings are used at the first client. */
#ifndef DOVECOT_DEMANDS_H
#define DOVECOT_DEMANDS_H

#include <stddef.h>

#include "base/complaints.h"
#include "intent/rendered/dovecot_files.h"

#define DOVECOT_DEMANDS_MAX  128
#define DOVECOT_SETTING_SIZE 48

struct dovecot_demands { /* zeroed is empty */
	struct dovecot_demand {
		char setting[DOVECOT_SETTING_SIZE];
		char value[DOVECOT_VALUE_SIZE];
		bool is_file;
	} list[DOVECOT_DEMANDS_MAX];
	size_t n;   /* one too many is not kept */
	bool is_24; /* X_file = PATH demands one, too */
};

/* Takes a setting, if it demands something. Pure. */
void dovecot_demands_hear(struct dovecot_demands *demands, const char *key, const char *value);

/* Complains of each that is not met, as an error. @path: of the configuration, for relative files.
 * @speaks_tls: else nobody uses the TLS settings. */
void dovecot_demands_check(const struct dovecot_demands *demands, const char *path, bool speaks_tls,
			   struct complaints *complaints);

#endif
