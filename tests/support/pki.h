/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of every kind, made on the spot. Aborts on whatever is not the tested code's doing.
 */
#ifndef PKI_H
#define PKI_H

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PKI_DAY INT64_C(86400)
#define PKI_NOW INT64_C(1800000000) /* January 2027 */

#define pki_must(condition)                                                             \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

struct pki_certificate {
	EVP_PKEY *key;
	X509 *x509;
};

struct pki_spec {
	const char *cn;
	const char *names; /* as in "DNS:a,IP:192.0.2.1"; NULL: no subjectAltName */
	bool is_ca;
	int from_days, until_days; /* from PKI_NOW */
	int rsa_bits;		   /* 0: EC P-256 */
	bool ed25519;
	bool sha1;
	bool must_staple;
};

/* @ca NULL: signed by itself. */
struct pki_certificate pki_certify(const struct pki_certificate *ca, const struct pki_spec *spec);

void pki_clear(struct pki_certificate *c);

/* An OCSP response about @about, signed by @by: its status, and its days from PKI_NOW. *@ret_der is
 * OpenSSL's to free. */
int pki_staple(const struct pki_certificate *about, const struct pki_certificate *issuer,
	       const struct pki_certificate *by, int status, int from_days, int until_days, unsigned char **ret_der);

#endif
