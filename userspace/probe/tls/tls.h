/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's side of TLS over memory: encrypted bytes in and out, plain ones out and in, no
 * socket.
 *
 * What an ordinary mail client of today offers, whatever this machine's openssl.cnf says: TLS 1.2
 * and later (or what the trust says), security level 2, never a cipher without a certificate. A bad
 * certificate does not end the handshake, so that its details can be told; tls_complaints() has
 * what was wrong with it. Never send secrets over it. */
#ifndef TLS_H
#define TLS_H

#include <openssl/types.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/finding.h"
#include "model/trust.h"
#include "probe/certificate/certificate.h"

#define TLS_STORE_MAX	   8 /* CA files in use at once */
#define TLS_DETAIL_SIZE	   256
#define TLS_COMPLAINTS_MAX 8

/* Trusted CAs, loaded once per file: a bundle takes milliseconds and megabytes. */
struct tls_store;
int tls_store_new(struct tls_store **ret);
void tls_store_free(struct tls_store *store);

/* Loads @ca_file unless it is loaded already; empty: OpenSSL's default places, looked at when
 * needed. Returns 0, -ENOENT and the like, -EBADMSG: there is no certificate in it, -ENOSPC:
 * TLS_STORE_MAX. */
int tls_store_load(struct tls_store *store, const char *ca_file);

enum tls_progress { TLS_MORE, TLS_DONE, TLS_FAILED };

struct tls;

/* @server_name: for SNI and the check; an IP address is checked only; empty: neither. @trust: its
 * oldest version alone is looked at here. @now: Unix time that certificates are checked against.
 * Loads @ca_file if need be; returns as tls_store_load(). */
int tls_new(struct tls **ret, struct tls_store *store, const char *ca_file, const char *server_name,
	    const struct trust *trust, int64_t now);
void tls_free(struct tls *tls);

int tls_push(struct tls *tls, const void *bytes, size_t n); /* from the wire; 0 or -ENOMEM */
size_t tls_pull(struct tls *tls, void *bytes, size_t size); /* for the wire; 0: nothing pending */

/* To be called at first, and again after each tls_push() until it does not say TLS_MORE. */
enum tls_progress tls_handshake(struct tls *tls);

/* Plain bytes from the server. Returns how many, 0 when more must be pushed first, -ENODATA: the
 * server closed TLS in order, -EPROTO: see tls_failure(). */
ssize_t tls_read(struct tls *tls, void *bytes, size_t size);
/* Returns 0, also when the server has to say something first, -EPROTO, or -ENOBUFS: too much waits.
 */
int tls_write(struct tls *tls, const void *bytes, size_t n);
void tls_close(struct tls *tls); /* says goodbye; what follows can still be pulled */

/* After TLS_FAILED or -EPROTO: tls-handshake-failed or tls-too-old, with OpenSSL's reason. */
enum finding tls_failure(const struct tls *tls, char detail[static TLS_DETAIL_SIZE]);

/* Whether the server wanted a certificate of ours, which it did not get. */
bool tls_wants_certificate(const struct tls *tls);

/* After TLS_DONE. */
const char *tls_version(const struct tls *tls); /* "TLSv1.3" */
const char *tls_cipher(const struct tls *tls);
void tls_group(const struct tls *tls, char *to, size_t size); /* "X25519"; "" for plain RSA */
X509 *tls_peer(const struct tls *tls);			      /* NULL: there is none */
STACK_OF(X509) * tls_chain(const struct tls *tls);	      /* as sent, the server's own first */
STACK_OF(X509) * tls_verified_chain(const struct tls *tls);   /* up to a root, as far as it goes */
X509_STORE *tls_roots(const struct tls *tls);
long tls_staple(const struct tls *tls,
		const unsigned char **ret); /* its size; <= 0: there is none */

/* What is wrong with the certificates sent: expired, not-yet-valid, name-mismatch, untrusted, weak,
 * each once, in the order found. */
struct tls_complaint {
	enum finding finding;
	int depth; /* 0: the server's own certificate is meant */
	char reason[TLS_DETAIL_SIZE];
};
size_t tls_complaints(const struct tls *tls, const struct tls_complaint **ret);

#endif
