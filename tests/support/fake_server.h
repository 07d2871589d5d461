/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server in memory that follows a script, with real TLS and real certificates, made on the spot.
 * Aborts on whatever is not the tested code's doing.
 *
 * Lines of a script: "S:..." says a line, "s:..." says it without its end, "C:..." waits for a line
 * that begins so, "B:..." says bytes in hexadecimal, past TLS if there is any, "TLS" does the
 * handshake, "AGAIN" renegotiates (TLS 1.2), "SHUT" ends TLS in order, "FLOOD:..." says 10 MB of
 * lines that begin so, "LONG" says 10 MB without a line end, "EOF" closes, "RST" resets. "?WORD":
 * unless what was read ahead begins so, go on behind the line ":". Behind its end the server is
 * silent.
 *
 * What comes behind a line in the same piece stays on the wire and spoils the handshake. After a
 * "D" it is read as well, and dropped before TLS; after a "K" it is kept, and obeyed inside TLS. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_DAY INT64_C(86400)
#define FAKE_NOW INT64_C(1800000000) /* January 2027 */

#define must(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

struct fake_certificate {
	EVP_PKEY *key;
	X509 *x509;
};

/* @ca NULL: signed by itself. @names: as in "DNS:a,IP:192.0.2.1"; NULL: a CA. */
struct fake_certificate fake_certify(const struct fake_certificate *ca, const char *cn, const char *names, int64_t from,
				     int64_t until);

void fake_certificate_clear(struct fake_certificate *c);

struct fake_server {
	const char *at; /* in the script */
	const struct fake_certificate *certificate;
	int max_version;     /* 0: any */
	int ask_certificate; /* SSL_VERIFY_* */
	int chain_copies;    /* of the certificate, sent behind it */
	SSL_CTX *context;
	SSL *ssl;
	BIO *in;
	BIO *out;
	char pending[2048]; /* heard behind the line that was taken, in plain text */
	size_t n_pending;
	bool reads_ahead;
	bool keeps_pending; /* into TLS */
	bool closed;
	bool reset;
	bool half;  /* "HALF": the sending side is closed */
	bool wrong; /* the client said something else than the script has */
};

void fake_server_init(struct fake_server *s, const char *script, const struct fake_certificate *certificate);

void fake_server_clear(struct fake_server *s);

/* Follows the script as far as it goes without more from the client. */
void fake_server_run(struct fake_server *s);

#endif
