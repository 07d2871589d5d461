// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/disk/key_pair.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/own.h"
#include "base/text.h"
#include "probe/certificate/certificate.h"
#include "probe/disk/apart.h"
#include "probe/disk/disk_file.h"

#define DETAIL_SIZE 1024

DEFINE_FREEP(BIO, BIO_free_all)
DEFINE_FREEP(X509, X509_free)
DEFINE_FREEP(EVP_PKEY, EVP_PKEY_free)

struct secret { /* a file that may hold a key: wiped when it is freed */
	char *bytes;
	size_t size;
};

static void secret_clear(struct secret *secret)
{
	if (secret->bytes)
		OPENSSL_cleanse(secret->bytes, secret->size);
	free(secret->bytes);
}

static int read_file(int root, const char *path, struct secret *ret, char *detail, size_t size)
{
	int r = disk_read(root, path, KEY_PAIR_FILE_MAX, &ret->bytes, &ret->size);

	if (r < 0)
		(void)text_format(detail, size, "%s cannot be read: %s", path, strerror(-r));
	return r;
}

/* There is nobody to ask. */
static int no_password(char *to, int size, int writing, void *asked)
{
	*(bool *)asked = true;
	return -1;
}

static int check_key(X509 *x509, const char *path, const struct secret *file, char *detail,
		     size_t size)
{
	cleanup(BIO_free_allp) BIO *bio = BIO_new_mem_buf(file->bytes, (int)file->size);
	cleanup(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	bool asked = false;

	if (!bio)
		return -ENOMEM;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_password, &asked);
	if (asked)
		return KEY_PAIR_UNKNOWN;
	if (!key) {
		(void)text_format(detail, size, "%s has no private key that OpenSSL can read",
				  path);
		return KEY_PAIR_NO_KEY;
	}
	if (X509_check_private_key(x509, key) != 1)
		return KEY_PAIR_MISMATCH;
	return KEY_PAIR_FITS;
}

static int check_dates(X509 *x509, const char *path, int64_t unix_now, char *detail, size_t size)
{
	struct certificate certificate;
	char shown[3 * ANSWER_NAME_SIZE];
	int r = certificate_read(x509, &certificate);

	if (r < 0)
		return r == -ENOMEM ? r : KEY_PAIR_FITS; /* odd dates are for a probe to judge */
	if (certificate_judge(&certificate, unix_now, 0) != FINDING_CERTIFICATE_EXPIRED)
		return KEY_PAIR_FITS;
	certificate_show(&certificate, shown, sizeof(shown));
	(void)text_format(detail, size, "the certificate in %s has expired: %s", path, shown);
	return KEY_PAIR_EXPIRED;
}

struct files {
	const char *certificate_path,
		*key_path;		/* the same where the key is in the certificate's */
	struct secret certificate, key; /* key: empty where it is */
	int64_t unix_now;
};

static void files_clear(struct files *files)
{
	secret_clear(&files->certificate);
	secret_clear(&files->key);
}

static int read_files(int root, struct files *files, char *detail, size_t size)
{
	int r = read_file(root, files->certificate_path, &files->certificate, detail, size);

	if (r < 0)
		return is_own_want(r) ? r : KEY_PAIR_NO_CERTIFICATE;
	if (files->key_path == files->certificate_path)
		return KEY_PAIR_FITS;
	r = read_file(root, files->key_path, &files->key, detail, size);
	if (r < 0)
		return is_own_want(r) ? r : KEY_PAIR_NO_KEY;
	return KEY_PAIR_FITS;
}

static int judge(const struct files *files, char *detail, size_t size)
{
	cleanup(BIO_free_allp) BIO *bio =
		BIO_new_mem_buf(files->certificate.bytes, (int)files->certificate.size);
	cleanup(X509_freep) X509 *x509 = NULL;
	bool asked;
	int r;

	if (!bio)
		return -ENOMEM;
	x509 = PEM_read_bio_X509(bio, NULL, no_password, &asked);
	if (!x509) {
		(void)text_format(detail, size, "%s has no certificate that OpenSSL can read",
				  files->certificate_path);
		return KEY_PAIR_NO_CERTIFICATE;
	}
	r = check_key(x509, files->key_path, files->key.bytes ? &files->key : &files->certificate,
		      detail, size);
	if (r == KEY_PAIR_MISMATCH)
		(void)text_format(detail, size,
				  "the key in %s does not belong to the certificate in %s",
				  files->key_path, files->certificate_path);
	return r == KEY_PAIR_FITS
		       ? check_dates(x509, files->certificate_path, files->unix_now, detail, size)
		       : r;
}

struct heard { /* of the child */
	int32_t pair;
	char detail[DETAIL_SIZE];
};

static void judge_apart(const void *userdata, void *ret)
{
	struct heard *verdict = ret;

	verdict->pair = judge(userdata, verdict->detail, sizeof(verdict->detail));
}

/* What cannot be had from there is not known. */
static int hear_verdict(const struct files *files, char *detail, size_t size)
{
	struct heard verdict = { 0 };
	int r = apart_run(judge_apart, files, &verdict, sizeof(verdict));

	if (r < 0)
		return is_own_want(r) ? r : KEY_PAIR_UNKNOWN;
	if (verdict.pair == -ENOMEM)
		return -ENOMEM;
	if (verdict.pair < KEY_PAIR_FITS || verdict.pair > KEY_PAIR_EXPIRED)
		return KEY_PAIR_UNKNOWN;
	verdict.detail[sizeof(verdict.detail) - 1] = '\0';
	text_sanitize(verdict.detail);
	(void)text_copy(detail, size, verdict.detail);
	return verdict.pair;
}

int key_pair_check(int root, const char *certificate, const char *key, int64_t unix_now,
		   char *detail, size_t size)
{
	bool apart = *key && strcmp(key, certificate) != 0;
	cleanup(files_clear) struct files files = { .certificate_path = certificate,
						    .key_path = apart ? key : certificate,
						    .unix_now = unix_now };
	int r;

	*detail = '\0';
	r = read_files(root, &files, detail, size);
	if (r == KEY_PAIR_FITS)
		r = root == DISK_HERE ? judge(&files, detail, size)
				      : hear_verdict(&files, detail, size);
	ERR_clear_error(); /* or the next TLS error would be explained with ours */
	return r;
}
