// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tls.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"
#include "text.h"

struct tls_store {
	struct {
		char *ca_file;
		SSL_CTX *context;
	} list[TLS_STORE_MAX];
	size_t n;
};

struct tls {
	SSL *ssl;
	BIO *in; /* both belong to ->ssl */
	BIO *out;
	char *server_name;
	int verify_error;		       /* the first; X509_V_OK */
	char verify_subject[ANSWER_NAME_SIZE]; /* the certificate that it is about, unless the
						  server's */
	bool asked_certificate;
	unsigned long failure;		       /* OpenSSL's code; 0 where it has none */
};

DEFINE_FREEP(SSL_CTX, SSL_CTX_free)
DEFINE_FREEP(struct tls, tls_free)

int tls_store_new(struct tls_store **ret)
{
	struct tls_store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	*ret = store;
	return 0;
}

void tls_store_free(struct tls_store *store)
{
	if (!store)
		return;
	while (store->n > 0) {
		store->n--;
		SSL_CTX_free(store->list[store->n].context);
		free(store->list[store->n].ca_file);
	}
	free(store);
}

/* Keeps the first complaint and goes on. */
static int on_verified(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *tls = SSL_get_app_data(ssl);
	X509 *x509 = X509_STORE_CTX_get_current_cert(store);
	struct certificate certificate;

	if (ok || tls->verify_error != X509_V_OK)
		return 1;
	tls->verify_error = X509_STORE_CTX_get_error(store);
	if (X509_STORE_CTX_get_error_depth(store) > 0 && x509 &&
	    certificate_read(x509, &certificate) == 0)
		(void)text_copy(tls->verify_subject, sizeof(tls->verify_subject),
				certificate.subject);
	return 1;
}

static int on_certificate_asked(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
	struct tls *tls = SSL_get_app_data(ssl);

	tls->asked_certificate = true;
	return 0; /* we have none */
}

static int load_error(void)
{
	unsigned long error = ERR_peek_error();

	/* OpenSSL puts errno there where a file cannot be opened. */
	if (ERR_SYSTEM_ERROR(error) && ERR_GET_REASON(error) > 0)
		return -ERR_GET_REASON(error);
	return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE ? -ENOMEM : -EBADMSG;
}

static int context_new(SSL_CTX **ret, const char *ca_file)
{
	cleanup(SSL_CTX_freep) SSL_CTX *context = NULL;

	ERR_clear_error();
	context = SSL_CTX_new(TLS_client_method());
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
		return -ENOMEM;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verified);
	SSL_CTX_set_client_cert_cb(context, on_certificate_asked);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	if (!ca_file[0] && SSL_CTX_set_default_verify_paths(context) != 1)
		return load_error();
	if (ca_file[0] && SSL_CTX_load_verify_file(context, ca_file) != 1)
		return load_error();
	*ret = TAKE_PTR(context);
	return 0;
}

static int context_get(struct tls_store *store, const char *ca_file, SSL_CTX **ret)
{
	cleanup(memory_freep) char *name = NULL;
	int r;

	for (size_t i = 0; i < store->n; i++) {
		if (strcmp(store->list[i].ca_file, ca_file) != 0)
			continue;
		*ret = store->list[i].context;
		return 0;
	}
	if (store->n == TLS_STORE_MAX)
		return -ENOSPC;
	name = strdup(ca_file);
	if (!name)
		return -ENOMEM;
	r = context_new(&store->list[store->n].context, ca_file);
	if (r < 0)
		return r;
	store->list[store->n].ca_file = TAKE_PTR(name);
	*ret = store->list[store->n++].context;
	return 0;
}

int tls_store_load(struct tls_store *store, const char *ca_file)
{
	SSL_CTX *context;

	return context_get(store, ca_file, &context);
}

static int expect_name(SSL *ssl, const char *server_name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	struct address address;
	bool done;

	if (!server_name[0])
		return 0;
	if (strcmp(server_name, "*") != 0 && address_parse(server_name, &address) == 0) {
		char plain[ADDRESS_TEXT_SIZE];

		address_show(&address, plain);
		done = X509_VERIFY_PARAM_set1_ip_asc(param, plain) == 1;
	} else {
		X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		done = X509_VERIFY_PARAM_set1_host(param, server_name, 0) == 1 &&
		       SSL_set_tlsext_host_name(ssl, server_name) == 1;
	}
	return done ? 0 : -ENOMEM;
}

int tls_new(struct tls **ret, struct tls_store *store, const char *ca_file, const char *server_name,
	    int64_t now)
{
	cleanup(tls_freep) struct tls *tls = calloc(1, sizeof(*tls));
	SSL_CTX *context;
	int r;

	if (!tls)
		return -ENOMEM;
	r = context_get(store, ca_file, &context);
	if (r < 0)
		return r;
	tls->server_name = strdup(server_name);
	tls->ssl = SSL_new(context);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	if (!tls->server_name || !tls->ssl || !tls->in || !tls->out) {
		BIO_free(tls->in);
		BIO_free(tls->out);
		return -ENOMEM;
	}
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_connect_state(tls->ssl);
	SSL_set_app_data(tls->ssl, tls);
	X509_VERIFY_PARAM_set_time(SSL_get0_param(tls->ssl), now);
	r = expect_name(tls->ssl, server_name);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(tls);
	return 0;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	free(tls->server_name);
	free(tls);
	ERR_clear_error();
}

int tls_push(struct tls *tls, const void *bytes, size_t n)
{
	assert(n <= INT_MAX);
	return n == 0 || BIO_write(tls->in, bytes, n) == (int)n ? 0 : -ENOMEM;
}

size_t tls_pull(struct tls *tls, void *bytes, size_t size)
{
	int n = BIO_read(tls->out, bytes, size < INT_MAX ? size : INT_MAX);

	return n > 0 ? n : 0;
}

/* Why @r came back: 0 for want of bytes, -ENODATA or -EPROTO. */
static int why(struct tls *tls, int r)
{
	switch (SSL_get_error(tls->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return -ENODATA;
	}
	tls->failure = ERR_peek_error();
	return -EPROTO;
}

enum tls_progress tls_handshake(struct tls *tls)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(tls->ssl);
	if (r == 1)
		return TLS_DONE;
	return why(tls, r) == 0 ? TLS_MORE : TLS_FAILED;
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t size)
{
	int r;

	ERR_clear_error();
	r = SSL_read(tls->ssl, bytes, size < INT_MAX ? size : INT_MAX);
	return r > 0 ? r : why(tls, r);
}

int tls_write(struct tls *tls, const void *bytes, size_t n)
{
	assert(n > 0 && n <= INT_MAX);
	ERR_clear_error();
	/* Memory takes all, so there is no partial write. */
	if (SSL_write(tls->ssl, bytes, n) == (int)n)
		return 0;
	tls->failure = ERR_peek_error();
	return -EPROTO;
}

void tls_close(struct tls *tls)
{
	ERR_clear_error();
	if (SSL_is_init_finished(tls->ssl))
		(void)SSL_shutdown(tls->ssl);
}

enum finding tls_failure(const struct tls *tls, char detail[static TLS_DETAIL_SIZE])
{
	const char *reason = ERR_reason_error_string(tls->failure);

	(void)text_copy(detail, TLS_DETAIL_SIZE, reason ? reason : "no reason given");
	if (ERR_GET_LIB(tls->failure) != ERR_LIB_SSL)
		return FINDING_TLS_HANDSHAKE_FAILED;
	switch (ERR_GET_REASON(tls->failure)) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_UNKNOWN_SSL_VERSION:
		return FINDING_TLS_TOO_OLD;
	}
	return FINDING_TLS_HANDSHAKE_FAILED;
}

const char *tls_version(const struct tls *tls)
{
	return SSL_get_version(tls->ssl);
}

const char *tls_cipher(const struct tls *tls)
{
	return SSL_get_cipher_name(tls->ssl);
}

int tls_certificate(const struct tls *tls, struct certificate *ret)
{
	X509 *x509 = SSL_get0_peer_certificate(tls->ssl);

	return x509 ? certificate_read(x509, ret) : -ENODATA;
}

bool tls_wants_certificate(const struct tls *tls)
{
	return tls->asked_certificate;
}

enum finding tls_verdict(const struct tls *tls, char detail[static TLS_DETAIL_SIZE])
{
	detail[0] = '\0';
	if (tls->verify_error == X509_V_OK)
		return FINDING_NONE;
	(void)text_format(detail, TLS_DETAIL_SIZE, "%s%s%s",
			  X509_verify_cert_error_string(tls->verify_error),
			  tls->verify_subject[0] ? ": " : "", tls->verify_subject);
	switch (tls->verify_error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return FINDING_CERTIFICATE_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return FINDING_CERTIFICATE_NOT_YET_VALID;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		(void)text_format(detail, TLS_DETAIL_SIZE, "not for %s", tls->server_name);
		return FINDING_CERTIFICATE_NAME_MISMATCH;
	}
	return FINDING_CERTIFICATE_UNTRUSTED;
}
