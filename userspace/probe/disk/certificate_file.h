/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The certificate that a server would load from its files now, beside the one that it serves. Pure:
 * text of files in. Local files alone: what comes from the network is parsed in the prober. */
#ifndef CERTIFICATE_FILE_H
#define CERTIFICATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/disk.h"
#include "probe/certificate/certificate.h"

#define CERTIFICATE_FILE_PRINTS_MAX 16 /* certificates of one file */

struct certificate_file {
	struct certificate first; /* the server's own, by convention */
	uint8_t prints[CERTIFICATE_FILE_PRINTS_MAX][SHA256_SIZE];
	size_t n;
};

/* Reads PEM text: certificates, among whatever else (a key) there is. Returns 0, -ENODATA: there is
 * none, -EBADMSG: the first cannot be read, or -ENOMEM. */
int certificate_file_parse(const char *text, size_t size, struct certificate_file *ret);

/* Makes what another process said of a file well formed: texts printable and ended, or false: it
 * cannot be. */
bool certificate_file_clean(struct certificate_file *file);

/* What a reload would change. @reason (a clause) is written where the result is newer, older or
 * unusable. */
enum disk certificate_file_compare(const struct certificate_file *file, const struct answer *served,
				   int64_t now, char reason[static ANSWER_DETAIL_SIZE]);

#endif
