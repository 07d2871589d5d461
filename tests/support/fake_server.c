// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/fake_server.h"

static void fake_extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	must(extension && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

struct fake_certificate fake_certify(const struct fake_certificate *ca, const char *cn, const char *names, int64_t from,
				     int64_t until)
{
	struct fake_certificate c = { EVP_EC_gen("P-256"), X509_new() };
	static long serial = 1;
	X509_NAME *name;
	time_t t;

	must(c.key && c.x509);
	X509_set_version(c.x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++);
	t = from;
	must(ASN1_TIME_set(X509_getm_notBefore(c.x509), t));
	t = until;
	must(ASN1_TIME_set(X509_getm_notAfter(c.x509), t));
	name = X509_get_subject_name(c.x509);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0));
	X509_set_issuer_name(c.x509, ca ? X509_get_subject_name(ca->x509) : name);
	X509_set_pubkey(c.x509, c.key);
	fake_extend(c.x509, ca ? ca->x509 : c.x509, NID_basic_constraints,
		    names ? "critical,CA:FALSE" : "critical,CA:TRUE");
	if (names)
		fake_extend(c.x509, ca ? ca->x509 : c.x509, NID_subject_alt_name, names);
	must(X509_sign(c.x509, ca ? ca->key : c.key, EVP_sha256()) > 0);
	return c;
}

void fake_certificate_clear(struct fake_certificate *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
}

void fake_server_init(struct fake_server *s, const char *script, const struct fake_certificate *certificate)
{
	*s = (struct fake_server){ .at = script, .certificate = certificate };
	s->in = BIO_new(BIO_s_mem());
	s->out = BIO_new(BIO_s_mem());
}

void fake_server_clear(struct fake_server *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->context);
	BIO_free(s->in);
	BIO_free(s->out);
}

static void fake_say(struct fake_server *s, const char *text, size_t n)
{
	if (n > 0)
		must((s->ssl ? SSL_write(s->ssl, text, n) : BIO_write(s->out, text, n)) == (int)n);
}

static SSL_CTX *fake_context(const struct fake_server *s)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	must(context && SSL_CTX_use_certificate(context, s->certificate->x509) == 1 &&
	     SSL_CTX_use_PrivateKey(context, s->certificate->key) == 1);
	for (int i = 0; i < s->chain_copies; i++)
		must(SSL_CTX_add1_chain_cert(context, s->certificate->x509) == 1);
	SSL_CTX_set_verify(context, s->ask_certificate, NULL);
	if (s->max_version) {
		SSL_CTX_set_security_level(context, 0);
		must(SSL_CTX_set_min_proto_version(context, 0) == 1 &&
		     SSL_CTX_set_max_proto_version(context, s->max_version) == 1);
	}
	return context;
}

static bool fake_handshake(struct fake_server *s)
{
	if (!s->ssl) {
		s->context = fake_context(s);
		s->ssl = SSL_new(s->context);
		BIO_up_ref(s->in);
		BIO_up_ref(s->out);
		SSL_set_bio(s->ssl, s->in, s->out);
		SSL_set_accept_state(s->ssl);
		if (!s->keeps_pending)
			s->n_pending = 0; /* it is what the RFCs ask for */
	}
	return SSL_do_handshake(s->ssl) == 1;
}

/* Asks for it; what the client says next begins with its part of the handshake. */
static void fake_renegotiate(struct fake_server *s)
{
	must(SSL_renegotiate(s->ssl) == 1 && SSL_do_handshake(s->ssl) == 1);
}

static int fake_read(struct fake_server *s, char *to, int room)
{
	if (s->ssl)
		return SSL_read(s->ssl, to, room);
	return s->reads_ahead ? BIO_read(s->in, to, room) : BIO_gets(s->in, to, room);
}

static bool fake_hear(struct fake_server *s, const char *expected, size_t n)
{
	char *end;

	while (!(end = memchr(s->pending, '\n', s->n_pending))) {
		int r = fake_read(s, s->pending + s->n_pending, (int)(sizeof(s->pending) - s->n_pending));

		if (r <= 0)
			return false;
		s->n_pending += (size_t)r;
	}
	s->wrong |= (size_t)(end - s->pending) < n || memcmp(s->pending, expected, n) != 0;
	s->n_pending -= (size_t)(end + 1 - s->pending);
	memmove(s->pending, end + 1, s->n_pending);
	return true;
}

static void fake_bytes(struct fake_server *s, const char *hex, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		unsigned int byte;

		must(sscanf(hex + i, "%2x", &byte) == 1);
		must(BIO_write(s->out, &(unsigned char){ (unsigned char)byte }, 1) == 1);
	}
}

static void fake_flood(struct fake_server *s, const char *prefix, size_t n)
{
	char block[1000];

	memset(block, 'x', sizeof(block));
	if (n > 0) {
		memcpy(block, prefix, n);
		memcpy(block + sizeof(block) - 2, "\r\n", 2);
	}
	for (int i = 0; i < 10 * 1000 * 1000 / (int)sizeof(block); i++)
		fake_say(s, block, sizeof(block));
}

/* One line of the script, of @n bytes; false: it has to wait. */
static bool fake_step(struct fake_server *s, const char *line, size_t n)
{
#define IS(WORD) (strncmp(line, WORD, strlen(WORD)) == 0)
	if (IS("S:") || IS("s:")) {
		fake_say(s, line + 2, n - 2);
		if (line[0] == 'S')
			fake_say(s, "\r\n", 2);
		return true;
	}
	if (IS("TLS"))
		return fake_handshake(s);
	if (IS("AGAIN"))
		fake_renegotiate(s);
	else if (IS("SHUT"))
		(void)SSL_shutdown(s->ssl);
	else if (IS("FLOOD:"))
		fake_flood(s, line + 6, n - 6);
	else if (IS("LONG"))
		fake_flood(s, "", 0);
	else if (IS("B:"))
		fake_bytes(s, line + 2, n - 2);
	else if (IS("K") || IS("D"))
		s->reads_ahead = true;
	else if (IS("HALF"))
		s->half = true;
	else if (IS("EOF") || IS("RST"))
		s->closed = true;
	else if (IS("C:"))
		return fake_hear(s, line + 2, n - 2);
	else
		must(!"a word of the script");
	s->keeps_pending |= IS("K");
	s->reset |= IS("RST");
	return true;
#undef IS
}

void fake_server_run(struct fake_server *s)
{
	while (*s->at && !s->closed) {
		size_t n = strcspn(s->at, "\n");

		if (s->at[0] == '?' && (s->n_pending < n - 1 || memcmp(s->pending, s->at + 1, n - 1) != 0)) {
			s->at = strstr(s->at, "\n:\n");
			must(s->at);
			s->at += strlen("\n:\n");
			continue;
		}
		if (s->at[0] != '?' && !fake_step(s, s->at, n))
			return;
		s->at += n + (s->at[n] == '\n');
	}
}
