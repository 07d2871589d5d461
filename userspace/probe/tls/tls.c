// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/tls/tls.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/address.h"
#include "probe/tls/trouble.h"

#define SECURITY_LEVEL 2
#define LEVEL_2_BITS   112
#define SHA1_BITS      60 /* by OpenSSL's count it has 63 or 64; MD5 has 39 */

#define UNSENT_SIZE 1024

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
	uint16_t minimum;	/* the oldest version that we offer */
	uint16_t chosen;	/* by the server, in its hello; 0: it said none */
	bool wants_certificate; /* the server asked for one of ours */
	struct tls_complaint complaints[TLS_COMPLAINTS_MAX];
	size_t n_complaints;
	unsigned long failure;	  /* OpenSSL's code; 0 where it has none */
	char unsent[UNSENT_SIZE]; /* written in the middle of a renegotiation, which must end first
				   */
	size_t n_unsent;
};

DEFINE_FREEP(SSL_CTX, SSL_CTX_free)
DEFINE_FREEP(EVP_PKEY, EVP_PKEY_free)
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

static enum finding finding_of(int verify_error)
{
	switch (verify_error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return FINDING_CERTIFICATE_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return FINDING_CERTIFICATE_NOT_YET_VALID;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return FINDING_CERTIFICATE_NAME_MISMATCH;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return FINDING_CERTIFICATE_WEAK;
	}
	return FINDING_CERTIFICATE_UNTRUSTED;
}

/* One of each finding is enough: an incomplete chain alone makes three complaints. */
static void complain(struct tls *tls, int error, int depth, X509 *x509)
{
	struct tls_complaint *complaint = &tls->complaints[tls->n_complaints];
	struct certificate certificate;

	for (size_t i = 0; i < tls->n_complaints; i++)
		if (tls->complaints[i].finding == finding_of(error))
			return;
	if (tls->n_complaints == TLS_COMPLAINTS_MAX)
		return;
	tls->n_complaints++;
	complaint->finding = finding_of(error);
	complaint->depth = depth;
	if (complaint->finding == FINDING_CERTIFICATE_NAME_MISMATCH)
		(void)text_format(complaint->reason, sizeof(complaint->reason), "not for %s",
				  tls->server_name);
	else
		(void)text_copy(complaint->reason, sizeof(complaint->reason),
				X509_verify_cert_error_string(error));
	if (depth > 0 && x509 && certificate_read(x509, &certificate) == 0)
		(void)text_append(complaint->reason, sizeof(complaint->reason), ": %s",
				  certificate.subject);
}

/* Keeps the complaint and goes on. */
static int on_verified(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

	if (!ok)
		complain(SSL_get_app_data(ssl), X509_STORE_CTX_get_error(store),
			 X509_STORE_CTX_get_error_depth(store),
			 X509_STORE_CTX_get_current_cert(store));
	return 1;
}

/* The server asks for a certificate, and we have none. */
static int on_certificate_wanted(SSL *ssl, X509 **ret_x509, EVP_PKEY **ret_key)
{
	struct tls *tls = SSL_get_app_data(ssl);

	tls->wants_certificate = true;
	return 0;
}

/* The version in the server's hello, which OpenSSL does not tell where it refuses it. TLS 1.3
 * has 1.2 there (RFC 8446, 4.1.3), but is never refused. */
static void on_message(int sent, int version, int type, const void *bytes, size_t n, SSL *ssl,
		       void *arg)
{
	const unsigned char *at = bytes;
	struct tls *tls = arg;

	if (!sent && type == SSL3_RT_HANDSHAKE && n >= 6 && at[0] == SSL3_MT_SERVER_HELLO)
		tls->chosen = (uint16_t)(at[4] << 8 | at[5]);
}

/* Where old versions are wanted: these, and SHA-1 in the handshake which they cannot do without,
 * and nothing else below security level 2. */
static int allow_old(const SSL *ssl, const SSL_CTX *context, int operation, int bits, int nid,
		     void *other, void *ex)
{
	switch (operation) {
	case SSL_SECOP_VERSION:
		return 1;
	case SSL_SECOP_SIGALG_SUPPORTED:
	case SSL_SECOP_SIGALG_SHARED:
	case SSL_SECOP_SIGALG_CHECK:
	case SSL_SECOP_SIGALG_MASK:
		return bits >= SHA1_BITS;
	}
	return bits >= LEVEL_2_BITS;
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
	if (!context || SSL_CTX_set_max_proto_version(context, 0) != 1 ||
	    SSL_CTX_set_cipher_list(context, "DEFAULT:!aNULL:!eNULL") != 1)
		return -ENOMEM;
	SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verified);
	SSL_CTX_set_client_cert_cb(context, on_certificate_wanted);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(context,
			       SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
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
	/* Of several CAs some may be missing now, and nobody would say so. */
	if (r == 0 && trouble_has_lost_memory()) {
		SSL_CTX_free(store->list[store->n].context);
		r = -ENOMEM;
	}
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
		/* RFC 9525: no partial wildcards, and the common name is not a host name. */
		X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
							       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
		done = X509_VERIFY_PARAM_set1_host(param, server_name, 0) == 1 &&
		       SSL_set_tlsext_host_name(ssl, server_name) == 1;
	}
	return done ? 0 : -ENOMEM;
}

static int prepare(struct tls *tls, SSL_CTX *context, int64_t now)
{
	size_t n = strlen(tls->server_name);

	tls->ssl = SSL_new(context);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	if (!tls->ssl || !tls->in || !tls->out) {
		BIO_free(tls->in);
		BIO_free(tls->out);
		return -ENOMEM;
	}
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_connect_state(tls->ssl);
	SSL_set_app_data(tls->ssl, tls);
	SSL_set_msg_callback(tls->ssl, on_message);
	SSL_set_msg_callback_arg(tls->ssl, tls);
	if (tls->minimum < TLS1_2_VERSION) {
		SSL_set_security_level(tls->ssl, 0);
		SSL_set_security_callback(tls->ssl, allow_old);
	}
	if (SSL_set_min_proto_version(tls->ssl, tls->minimum) != 1 ||
	    SSL_set_tlsext_status_type(tls->ssl, TLSEXT_STATUSTYPE_ocsp) != 1)
		return -ENOMEM;
	X509_VERIFY_PARAM_set_time(SSL_get0_param(tls->ssl), now);
	/* Absolute or not, a name in TLS has no final dot (RFC 6066, 3). */
	if (n > 1 && tls->server_name[n - 1] == '.')
		tls->server_name[n - 1] = '\0';
	return expect_name(tls->ssl, tls->server_name);
}

int tls_new(struct tls **ret, struct tls_store *store, const char *ca_file, const char *server_name,
	    const struct trust *trust, int64_t now)
{
	cleanup(tls_freep) struct tls *tls = calloc(1, sizeof(*tls));
	SSL_CTX *context;
	int r;

	if (!tls)
		return -ENOMEM;
	r = context_get(store, ca_file, &context);
	if (r < 0)
		return r;
	tls->minimum = trust->tls_minimum ? trust->tls_minimum : TLS1_2_VERSION;
	tls->server_name = strdup(server_name);
	if (!tls->server_name)
		return -ENOMEM;
	r = prepare(tls, context, now);
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

/* Writes what waits. */
static int flush(struct tls *tls)
{
	int r;

	if (tls->n_unsent == 0)
		return 0;
	ERR_clear_error();
	/* Memory takes all, so there is no partial write. */
	r = SSL_write(tls->ssl, tls->unsent, (int)tls->n_unsent);
	if (r <= 0)
		return why(tls, r) == 0 ? 0 : -EPROTO;
	tls->n_unsent = 0;
	return 0;
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t size)
{
	int r;

	ERR_clear_error();
	r = SSL_read(tls->ssl, bytes, size < INT_MAX ? size : INT_MAX);
	if (r > 0)
		return r;
	r = why(tls, r);
	return r == 0 ? flush(tls) : r;
}

int tls_write(struct tls *tls, const void *bytes, size_t n)
{
	if (n > sizeof(tls->unsent) - tls->n_unsent)
		return -ENOBUFS;
	memcpy(tls->unsent + tls->n_unsent, bytes, n);
	tls->n_unsent += n;
	return flush(tls);
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
	if (tls->wants_certificate)
		(void)text_append(detail, TLS_DETAIL_SIZE,
				  "; the server had asked for a client certificate");
	if (ERR_GET_LIB(tls->failure) != ERR_LIB_SSL)
		return FINDING_TLS_HANDSHAKE_FAILED;
	switch (ERR_GET_REASON(tls->failure)) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_UNKNOWN_SSL_VERSION:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		break;
	default:
		return FINDING_TLS_HANDSHAKE_FAILED;
	}
	if (tls->chosen)
		(void)text_append(detail, TLS_DETAIL_SIZE,
				  "; the server chose %s, we take %s and later",
				  tls_version_name(tls->chosen), tls_version_name(tls->minimum));
	else
		(void)text_append(detail, TLS_DETAIL_SIZE,
				  "; the server takes neither %s nor later",
				  tls_version_name(tls->minimum));
	return FINDING_TLS_TOO_OLD;
}

bool tls_wants_certificate(const struct tls *tls)
{
	return tls->wants_certificate;
}

const char *tls_version(const struct tls *tls)
{
	return SSL_get_version(tls->ssl);
}

const char *tls_cipher(const struct tls *tls)
{
	return SSL_get_cipher_name(tls->ssl);
}

void tls_group(const struct tls *tls, char *to, size_t size)
{
	cleanup(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	long id = SSL_get_negotiated_group(tls->ssl);
	const char *name = id > 0 ? SSL_group_to_name(tls->ssl, (int)id) : NULL;

	to[0] = '\0';
	if (SSL_get_peer_tmp_key(tls->ssl, &key) == 1)
		certificate_show_key(key, to, size);
	if (text_starts_with(to, "EC "))
		memmove(to, to + 3, strlen(to + 3) + 1);
	/* A hybrid group, as X25519MLKEM768, has no such key: one side encapsulates. */
	if (!to[0] && name)
		(void)text_copy(to, size, name);
}

X509 *tls_peer(const struct tls *tls)
{
	return SSL_get0_peer_certificate(tls->ssl);
}

STACK_OF(X509) * tls_chain(const struct tls *tls)
{
	return SSL_get_peer_cert_chain(tls->ssl);
}

STACK_OF(X509) * tls_verified_chain(const struct tls *tls)
{
	return SSL_get0_verified_chain(tls->ssl);
}

X509_STORE *tls_roots(const struct tls *tls)
{
	return SSL_CTX_get_cert_store(SSL_get_SSL_CTX(tls->ssl));
}

long tls_staple(const struct tls *tls, const unsigned char **ret)
{
	return SSL_get_tlsext_status_ocsp_resp(tls->ssl, ret);
}

size_t tls_complaints(const struct tls *tls, const struct tls_complaint **ret)
{
	*ret = tls->complaints;
	return tls->n_complaints;
}
