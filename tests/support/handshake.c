// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
	int ca; /* -1: itself */
	struct pki_spec spec;
} specs[WHICH_COUNT] = {
	[ROOT] = { -1, { "Root", NULL, true, -100, 900, 0, false, false, false } },
	[INTER] = { ROOT, { "Intermediate", NULL, true, -3, 900, 0, false, false, false } },
	[GOOD] = { INTER, { HOST, "DNS:" HOST, false, -1, 90, 0, false, false, false } },
	[BY_RSA] = { INTER, { HOST, "DNS:" HOST, false, -1, 90, 2048, false, false, false } },
	[ED25519] = { INTER, { HOST, "DNS:" HOST, false, -1, 90, 0, true, false, false } },
	[WEAK] = { INTER, { HOST, "DNS:" HOST, false, -1, 90, 1024, false, false, false } },
	[BY_SHA1] = { INTER, { HOST, "DNS:" HOST, false, -1, 90, 2048, false, true, false } },
	[CN_ONLY] = { INTER, { HOST, NULL, false, -1, 90, 0, false, false, false } },
	[STAR] = { INTER, { "star", "DNS:*.example.test", false, -1, 90, 0, false, false, false } },
	[STAR_STAR] = { INTER, { "star", "DNS:*.*.test", false, -1, 90, 0, false, false, false } },
	[PARTIAL_STAR] = { INTER, { "star", "DNS:m*.example.test", false, -1, 90, 0, false, false, false } },
	[TOP_STAR] = { INTER, { "star", "DNS:*.test", false, -1, 90, 0, false, false, false } },
	[BY_IP] = { INTER,
		    { "192.0.2.9", "IP:192.0.2.1,IP:2001:db8::1,DNS:192.0.2.2", false, -1, 90, 0, false, false,
		      false } },
	[EXPIRED] = { INTER, { HOST, "DNS:" HOST, false, -90, -1, 0, false, false, false } },
	[NOT_YET] = { INTER, { HOST, "DNS:" HOST, false, 10, 90, 0, false, false, false } },
	[WRONG] = { INTER, { HOST, "DNS:other.example.test", false, -1, 90, 0, false, false, false } },
	[SELF] = { -1, { HOST, "DNS:" HOST, false, -1, 90, 0, false, false, false } },
	[SELF_EXPIRED] = { -1, { HOST, "DNS:" HOST, false, -90, -1, 0, false, false, false } },
	[SELF_WRONG] = { -1, { "x", "DNS:other.example.test", false, -1, 90, 0, false, false, false } },
	[STAPLED] = { INTER, { HOST, "DNS:" HOST, false, -1, 90, 0, false, false, true } },
	[SOON] = { INTER, { HOST, "DNS:" HOST, false, -80, 3, 0, false, false, false } },
	[OLD_INTER] = { ROOT, { "Old intermediate", NULL, true, -100, 5, 0, false, false, false } },
	[BEHIND_OLD] = { OLD_INTER, { HOST, "DNS:" HOST, false, -1, 90, 0, false, false, false } },
	[OTHER_ROOT] = { -1, { "Other root", NULL, true, -100, 900, 0, false, false, false } },
	[STRANGER] = { OTHER_ROOT, { HOST, "DNS:" HOST, false, -1, 90, 0, false, false, false } },
};

struct pki_certificate handshake_certificates[WHICH_COUNT];
char handshake_ca_file[] = "/tmp/test-inspect.XXXXXX";
struct tls_store *handshake_store;

static int on_staple_wanted(SSL *ssl, void *arg)
{
	const struct tls_server *server = arg;
	unsigned char *copy = OPENSSL_memdup(server->staple, (size_t)server->staple_n);

	SSL_set_tlsext_status_ocsp_resp(ssl, copy, server->staple_n);
	return SSL_TLSEXT_ERR_OK;
}

static int accept_any(int ok, X509_STORE_CTX *context)
{
	return 1;
}

static SSL *server_new(struct tls_server *server)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	const struct pki_certificate *own = &handshake_certificates[server->which];
	int ca = specs[server->which].ca;
	SSL *ssl;

	pki_must(context);
	/* Rows that want a server of yesterday say so with its versions or its key. */
	SSL_CTX_set_security_level(context, 0);
	pki_must(SSL_CTX_set_min_proto_version(context, server->min_version) == 1);
	pki_must(SSL_CTX_set_max_proto_version(context, server->max_version) == 1);
	pki_must(SSL_CTX_set_cipher_list(context, server->ciphers ? server->ciphers : "ALL") == 1);
	if (server->groups)
		pki_must(SSL_CTX_set1_groups_list(context, server->groups) == 1);
	if (!server->ciphers || !strstr(server->ciphers, "aNULL")) {
		pki_must(SSL_CTX_use_certificate(context, own->x509) == 1);
		pki_must(SSL_CTX_use_PrivateKey(context, own->key) == 1);
		for (; ca >= 0 && ca != ROOT && !server->alone; ca = specs[ca].ca)
			pki_must(SSL_CTX_add1_chain_cert(context, handshake_certificates[ca].x509) == 1);
	}
	SSL_CTX_set_dh_auto(context, 1);
	SSL_CTX_set_verify(context, server->verify, accept_any);
	if (server->staple) {
		SSL_CTX_set_tlsext_status_cb(context, on_staple_wanted);
		SSL_CTX_set_tlsext_status_arg(context, server);
	}
	ssl = SSL_new(context);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(ssl);
	SSL_CTX_free(context);
	return ssl;
}

static void carry(struct tls *tls, SSL *ssl)
{
	char bytes[4096];
	size_t n;
	int r;

	while ((n = tls_pull(tls, bytes, sizeof(bytes))) > 0)
		pki_must(BIO_write(SSL_get_rbio(ssl), bytes, (int)n) == (int)n);
	(void)SSL_do_handshake(ssl);
	while ((r = BIO_read(SSL_get_wbio(ssl), bytes, sizeof(bytes))) > 0)
		pki_must(tls_push(tls, bytes, (size_t)r) == 0);
}

void shake_hands(struct tls_server *server, const struct probe_plan *plan, struct outcome *ret)
{
	SSL *ssl = server_new(server);
	enum tls_progress progress = TLS_MORE;
	struct tls *tls;
	char bytes[16];

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(tls_new(&tls, handshake_store, handshake_ca_file, plan->server_name, &plan->trust, PKI_NOW),
			 0);
	for (int i = 0; i < 10 && progress == TLS_MORE; i++) {
		progress = tls_handshake(tls);
		carry(tls, ssl);
	}
	ret->done = progress == TLS_DONE;
	if (ret->done) {
		inspect_handshake(tls, &ret->answer);
		inspect_certificate(tls, plan, PKI_NOW, &ret->answer);
		carry(tls, ssl);
		ret->read = tls_read(tls, bytes, sizeof(bytes));
	}
	if (!ret->done || ret->read < 0)
		ret->failure = tls_failure(tls, ret->reason);
	ret->wants_certificate = tls_wants_certificate(tls);
	tls_free(tls);
	SSL_free(ssl);
}

struct probe_plan handshake_plan(const char *server_name, enum protocol protocol)
{
	struct probe_plan plan = { .protocol = protocol,
				   .certificate_warn_usec = 14 * (uint64_t)PKI_DAY * USEC_PER_SEC };

	(void)text_copy(plan.server_name, sizeof(plan.server_name), server_name);
	return plan;
}

void handshake_expect(const char *why, const struct outcome *outcome, enum finding finding, const char *detail)
{
	if (!outcome->done)
		fail_msg("%s: no handshake: %s", why, outcome->reason);
	if (outcome->answer.finding != finding || !strstr(outcome->answer.detail, detail))
		fail_msg("%s: %s (%s)", why, finding_name(outcome->answer.finding), outcome->answer.detail);
}

int handshake_set_up(void **state)
{
	FILE *file = fdopen(mkstemp(handshake_ca_file), "w");

	pki_must(file);
	for (int i = 0; i < WHICH_COUNT; i++)
		handshake_certificates[i] =
			pki_certify(specs[i].ca < 0 ? NULL : &handshake_certificates[specs[i].ca], &specs[i].spec);
	pki_must(PEM_write_X509(file, handshake_certificates[ROOT].x509) == 1);
	fclose(file);
	return tls_store_new(&handshake_store);
}

int handshake_tear_down(void **state)
{
	tls_store_free(handshake_store);
	for (int i = 0; i < WHICH_COUNT; i++)
		pki_clear(&handshake_certificates[i]);
	unlink(handshake_ca_file);
	return 0;
}
