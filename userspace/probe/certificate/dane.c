// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/certificate/dane.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/address.h"

DEFINE_FREEP(SSL_CTX, SSL_CTX_free)
DEFINE_FREEP(SSL, SSL_free)
DEFINE_FREEP(X509_STORE_CTX, X509_STORE_CTX_free)

/* The records live in an SSL, which is never connected. */
static SSL *hold_records(SSL_CTX *context, const struct trust *trust)
{
	SSL *ssl = context && SSL_CTX_dane_enable(context) == 1 ? SSL_new(context) : NULL;

	if (!ssl || SSL_dane_enable(ssl, NULL) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	/* RFC 7672, 3.1.1: DANE-EE says all; names and dates in the certificate do not matter. */
	(void)SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	for (size_t i = 0; i < trust->n_tlsa; i++) {
		const struct tlsa *tlsa = &trust->tlsa[i];

		/* What OpenSSL cannot use can only not match. */
		(void)SSL_dane_tlsa_add(ssl, tlsa->usage, tlsa->selector, tlsa->matching,
					tlsa->data, tlsa->size);
	}
	return ssl;
}

static X509_STORE_CTX *prepare(SSL *ssl, SSL_CTX *context, STACK_OF(X509) * chain,
			       const char *server_name, int64_t now)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	struct address address;
	int done;

	if (!store || X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(context),
					  sk_X509_value(chain, 0), chain) != 1) {
		X509_STORE_CTX_free(store);
		return NULL;
	}
	X509_STORE_CTX_set0_dane(store, SSL_get0_dane(ssl));
	param = X509_STORE_CTX_get0_param(store);
	done = X509_STORE_CTX_set_default(store, "ssl_server");
	X509_VERIFY_PARAM_set_time(param, now);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (done == 1 && server_name[0] && address_parse(server_name, &address) < 0)
		done = X509_VERIFY_PARAM_set1_host(param, server_name, 0);
	if (done == 1)
		return store;
	X509_STORE_CTX_free(store);
	return NULL;
}

int dane_check(const struct trust *trust, STACK_OF(X509) * chain, const char *server_name,
	       int64_t now, bool *ret_no_match, char reason[static DANE_REASON_SIZE])
{
	cleanup(SSL_CTX_freep) SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	cleanup(SSL_freep) SSL *ssl = hold_records(context, trust);
	cleanup(X509_STORE_CTX_freep) X509_STORE_CTX *store = NULL;
	uint8_t usage = 0;
	int error;

	reason[0] = '\0';
	*ret_no_match = false;
	if (!ssl)
		return -ENOMEM;
	store = prepare(ssl, context, chain, server_name, now);
	if (!store)
		return -ENOMEM;
	if (X509_verify_cert(store) == 1 &&
	    SSL_get0_dane_tlsa(ssl, &usage, NULL, NULL, NULL, NULL) >= 0)
		return usage;
	error = X509_STORE_CTX_get_error(store);
	*ret_no_match = error == X509_V_ERR_DANE_NO_MATCH;
	(void)text_format(reason, DANE_REASON_SIZE, "none of %d TLSA record%s matches (%s)",
			  trust->n_tlsa, trust->n_tlsa == 1 ? "" : "s",
			  X509_verify_cert_error_string(error));
	return 0;
}
