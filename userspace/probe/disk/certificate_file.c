// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/disk/certificate_file.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SHORT_PRINT_SIZE 17 /* 16 digits of a fingerprint tell two certificates apart */
#define DATE_SIZE	 16

DEFINE_FREEP(BIO, BIO_free_all)
DEFINE_FREEP(X509, X509_free)

static int on_password(char *buffer, int size, int writing, void *userdata)
{
	return -1; /* never asked at a terminal */
}

int certificate_file_parse(const char *text, size_t size, struct certificate_file *ret)
{
	cleanup(BIO_free_allp) BIO *bio = BIO_new_mem_buf(text, (int)size);
	struct certificate_file file = { 0 };

	if (!bio)
		return -ENOMEM;
	while (file.n < CERTIFICATE_FILE_PRINTS_MAX) {
		cleanup(X509_freep) X509 *x509 =
			PEM_read_bio_X509_AUX(bio, NULL, on_password, NULL);
		struct certificate certificate;

		if (!x509) {
			bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

			ERR_clear_error();
			if (file.n > 0)
				break; /* a broken one behind it does not change what is served */
			return is_end ? -ENODATA : -EBADMSG;
		}
		if (certificate_read(x509, &certificate) < 0)
			return -EBADMSG;
		if (file.n == 0)
			file.first = certificate;
		memcpy(file.prints[file.n++], certificate.fingerprint, SHA256_SIZE);
	}
	*ret = file;
	return 0;
}

static void clean(char *text, size_t size)
{
	text[size - 1] = '\0';
	text_sanitize(text);
}

bool certificate_file_clean(struct certificate_file *file)
{
	struct certificate *first = &file->first;

	if (file->n == 0 || file->n > CERTIFICATE_FILE_PRINTS_MAX)
		return false;
	clean(first->subject, sizeof(first->subject));
	clean(first->issuer, sizeof(first->issuer));
	clean(first->names, sizeof(first->names));
	clean(first->key, sizeof(first->key));
	clean(first->signature, sizeof(first->signature));
	return true;
}

static void show_date(int64_t date, char to[static DATE_SIZE])
{
	(void)text_show_time(date, "%Y-%m-%d", to, DATE_SIZE);
}

static void show_print(const uint8_t sha256[static SHA256_SIZE], char to[static SHORT_PRINT_SIZE])
{
	for (size_t i = 0; i < SHORT_PRINT_SIZE / 2; i++)
		(void)text_format(to + 2 * i, 3, "%02x", sha256[i]);
}

static void show_both(const struct certificate *certificate, const struct answer *served,
		      const char *how, char reason[static ANSWER_DETAIL_SIZE])
{
	char from[DATE_SIZE], until[DATE_SIZE], served_from[DATE_SIZE], served_until[DATE_SIZE];
	char print[SHORT_PRINT_SIZE], served_print[SHORT_PRINT_SIZE];

	show_date(certificate->not_before, from);
	show_date(certificate->not_after, until);
	show_date(served->not_before, served_from);
	show_date(served->not_after, served_until);
	show_print(certificate->fingerprint, print);
	show_print(served->fingerprint, served_print);
	(void)text_format(reason, ANSWER_DETAIL_SIZE,
			  "has %s certificate, from %s to %s (sha256 %s...), than is served, from "
			  "%s to %s (%s...)",
			  how, from, until, print, served_from, served_until, served_print);
}

enum disk certificate_file_compare(const struct certificate_file *file, const struct answer *served,
				   int64_t now, char reason[static ANSWER_DETAIL_SIZE])
{
	const struct certificate *first = &file->first;
	struct certificate seen = { .not_before = served->not_before };

	reason[0] = '\0';
	for (size_t i = 0; i < file->n; i++)
		if (memcmp(file->prints[i], served->fingerprint, SHA256_SIZE) == 0)
			return DISK_SAME;
	/* A server can have many names, with a certificate each (SNI). Another one is no later one.
	 */
	(void)text_copy(seen.subject, sizeof(seen.subject), served->subject);
	(void)text_copy(seen.names, sizeof(seen.names), served->names);
	if (!certificate_is_akin(first, &seen))
		return DISK_UNKNOWN;
	switch (certificate_judge(first, now, 0)) {
	case FINDING_CERTIFICATE_EXPIRED:
		show_both(first, served, "another, expired", reason);
		return DISK_UNUSABLE;
	case FINDING_CERTIFICATE_NOT_YET_VALID:
		show_both(first, served, "another, not yet valid", reason);
		return DISK_UNUSABLE;
	default:
		break;
	}
	if (first->not_before > served->not_before ||
	    (first->not_before == served->not_before && first->not_after > served->not_after)) {
		show_both(first, served, "a newer", reason);
		return DISK_NEWER;
	}
	show_both(first, served, "an older", reason);
	return DISK_OLDER;
}
