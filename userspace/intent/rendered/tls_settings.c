// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/tls_settings.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/cleanup.h"
#include "base/text.h"

static void free_context(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

/* What it was, in the same words for every version of the library, which keeps none of its own. */
static bool say(char why[static TLS_SETTINGS_WHY_SIZE], const char *reason)
{
	(void)text_copy(why, TLS_SETTINGS_WHY_SIZE, reason);
	ERR_clear_error();
	return false;
}

bool tls_settings_ciphers(const char *value, char why[static TLS_SETTINGS_WHY_SIZE])
{
	cleanup(free_context) SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	return !context || SSL_CTX_set_cipher_list(context, value) == 1 ||
	       say(why, "there is no such cipher");
}

bool tls_settings_suites(const char *value, char why[static TLS_SETTINGS_WHY_SIZE])
{
	cleanup(free_context) SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	return !context || SSL_CTX_set_ciphersuites(context, value) == 1 ||
	       say(why, "there is no such cipher suite");
}

bool tls_settings_curves(const char *value, char why[static TLS_SETTINGS_WHY_SIZE])
{
	cleanup(free_context) SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	return !context || SSL_CTX_set1_groups_list(context, value) == 1 ||
	       say(why, "there is no such curve");
}

bool tls_settings_version(const char *value, char why[static TLS_SETTINGS_WHY_SIZE])
{
	static const char *const known[] = { "ANY",	"LATEST",  "SSLv3",  "TLSv1",
					     "TLSv1.1", "TLSv1.2", "TLSv1.3" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(value, known[i]) == 0)
			return true;
	return say(why, "there is no such version of TLS");
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

bool tls_settings_dh(const char *value, char why[static TLS_SETTINGS_WHY_SIZE])
{
	cleanup(free_context) SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	cleanup(free_bio) BIO *file = BIO_new_file(value, "r");
	cleanup(free_key) EVP_PKEY *parameters = NULL;

	if (!file || !context)
		return true;
	parameters = PEM_read_bio_Parameters(file, NULL);
	if (!parameters)
		return say(why, "there are no DH parameters in it");
	if (SSL_CTX_set0_tmp_dh_pkey(context, parameters) != 1)
		return say(why, "OpenSSL refuses these DH parameters, which may be too short");
	parameters = NULL; /* it is the context's now */
	return true;
}
