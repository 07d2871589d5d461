// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/certificate/key_pair.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/own.h"
#include "base/text.h"
#include "probe/certificate/certificate.h"

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

static int read_file(const char *path, struct secret *ret, char *detail, size_t size)
{
	int r = file_read(path, KEY_PAIR_FILE_MAX, &ret->bytes, &ret->size);

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

static int check(const char *certificate_path, const char *key_path, int64_t unix_now, char *detail,
		 size_t size)
{
	cleanup(secret_clear) struct secret certificate = { 0 }, key = { 0 };
	cleanup(BIO_free_allp) BIO *bio = NULL;
	cleanup(X509_freep) X509 *x509 = NULL;
	bool apart = *key_path && strcmp(key_path, certificate_path) != 0, asked;
	int r = read_file(certificate_path, &certificate, detail, size);

	if (r < 0)
		return is_own_want(r) ? r : KEY_PAIR_NO_CERTIFICATE;
	bio = BIO_new_mem_buf(certificate.bytes, (int)certificate.size);
	if (!bio)
		return -ENOMEM;
	x509 = PEM_read_bio_X509(bio, NULL, no_password, &asked);
	if (!x509) {
		(void)text_format(detail, size, "%s has no certificate that OpenSSL can read",
				  certificate_path);
		return KEY_PAIR_NO_CERTIFICATE;
	}
	if (apart) {
		r = read_file(key_path, &key, detail, size);
		if (r < 0)
			return is_own_want(r) ? r : KEY_PAIR_NO_KEY;
	}
	r = check_key(x509, apart ? key_path : certificate_path, apart ? &key : &certificate,
		      detail, size);
	if (r == KEY_PAIR_MISMATCH)
		(void)text_format(detail, size,
				  "the key in %s does not belong to the certificate in %s",
				  apart ? key_path : certificate_path, certificate_path);
	if (r != KEY_PAIR_FITS)
		return r;
	return check_dates(x509, certificate_path, unix_now, detail, size);
}

int key_pair_check(const char *certificate, const char *key, int64_t unix_now, char *detail,
		   size_t size)
{
	int r;

	*detail = '\0';
	r = check(certificate, key, unix_now, detail, size);
	ERR_clear_error(); /* or the next TLS error would be explained with ours */
	return r;
}
