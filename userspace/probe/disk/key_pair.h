/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a certificate and its key on disk are such that a server could start with them: what
 * keeps a server from coming back is best found before it is restarted. */
#ifndef KEY_PAIR_H
#define KEY_PAIR_H

#include <stddef.h>
#include <stdint.h>

#define KEY_PAIR_FILE_MAX (1024 * 1024) /* bytes of one file */

enum key_pair {
	KEY_PAIR_FITS,
	KEY_PAIR_UNKNOWN,	 /* the key needs a password, or nobody could look */
	KEY_PAIR_NO_CERTIFICATE, /* its file cannot be read, or has none in it */
	KEY_PAIR_NO_KEY,
	KEY_PAIR_MISMATCH, /* the key is another's */
	KEY_PAIR_EXPIRED,  /* it fits, and clients will refuse it */
};

/* Looks at the first certificate of file @certificate and the private key of file @key (empty: in
 * the certificate's file), both below @root (disk_file.h). @unix_now: seconds. @detail says what is
 * wrong, with the file's name, and is empty when it fits. Returns the finding, or -ENOMEM. */
int key_pair_check(int root, const char *certificate, const char *key, int64_t unix_now,
		   char *detail, size_t size);

#endif
